"""What a command prints, for the few commands of which that can be known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctor.trace import parameters
from doctor.trace.environment import BASES, SCRIPT, SCRIPT_FOLDER
from doctor.trace.values import Text, Unknown, Value, known

_MAX_SEQUENCE = 128
#: Of how many arguments printf's output is worked out.
_MOST_ARGUMENTS = 64


def printed(name: str, arguments: Sequence[Value]) -> Value | None:
    """What a program prints, without the line ends at its end; None if that isn't known."""
    if name == "echo":
        return _joined([v for v in arguments if v.text not in ("-n", "-e", "-ne")])
    if name == "printf" and arguments:
        return without_line_ends(formatted(arguments[0], tuple(arguments[1:])))
    if name == "seq":
        return _sequence([v.text for v in arguments])
    if name == "basename" and len(arguments) == 1:
        return _base_name(arguments[0])
    if name == "dirname" and arguments:
        return _folder(arguments[-1])
    if name in ("realpath", "readlink") and arguments:
        path = arguments[-1]
        return path if path.display.startswith("/") or is_based(path) else None
    return None


def printed_whole(name: str, arguments: Sequence[Value]) -> Value | None:
    """What a program prints, the line ends at its end included."""
    if name == "printf" and arguments:
        return formatted(arguments[0], tuple(arguments[1:]))
    found = printed(name, arguments)
    option = arguments[0].text if name == "echo" and arguments else None
    if found is None or option in ("-e", "-ne", "-en"):
        return None
    return found if option == "-n" else found + known("\n")


def without_line_ends(value: Value) -> Value:
    """What a command substitution leaves of an output."""
    end = len(value.shadow.rstrip("\n"))
    return value if end == len(value.shadow) else value.slice(0, end)


def _base_name(path: Value) -> Value:
    end = len(path.display)
    while end > 1 and path.shadow[end - 1] == "/":
        end -= 1
    return parameters.base_name(path.slice(0, end))


def _folder(path: Value) -> Value | None:
    if parameters.is_script(path):
        return Value((Unknown(SCRIPT_FOLDER),), path.assumes)
    if path.text is None:
        return None
    return known(path.text.rpartition("/")[0] or ".", path.origin)


def formatted(template: Value, arguments: tuple[Value, ...]) -> Value:
    """What printf makes of known text with ``%s`` and ``%d``; else an unknown."""
    text = template.text
    names = template.display
    varies = template.varies.union(*(a.varies for a in arguments))
    assumes = template.assumes.union(*(a.assumes for a in arguments))
    if text is None or any(a.text is None for a in arguments):
        several = "%q" in names  # a list, quoted to be read again
        return Value((Unknown(f"printf {names}", varies, several),), assumes)
    specifiers = len(re.findall(r"%0?\d*[sd]", text))
    if specifiers and len(arguments) % specifiers == 0 and len(arguments) <= _MOST_ARGUMENTS:
        text *= max(
            1, len(arguments) // specifiers
        )  # the template is used again for further arguments
    pieces = re.split(r"%(0?\d*)([sd])", text)
    if "%" in "".join(pieces[::3]) or len(arguments) != len(pieces) // 3:
        return Value((Unknown(f"printf {names}", varies),), assumes)
    made = pieces[0]
    for index, argument in enumerate(arguments):
        width, kind, after = pieces[3 * index + 1 : 3 * index + 4]
        shown = argument.text or ""
        if width:
            fill = "0" if width.startswith("0") and kind == "d" else " "
            shown = shown.rjust(min(int(width), 64), fill)
        made += shown + after
    made = made.replace("\\n", "\n")
    return Value((Text(made, template.origin),), assumes) if made else Value((), assumes)


def is_based(path: Value) -> bool:
    """Whether a path begins with a folder that is known by its name, such as the script's own."""
    first = path.pieces[0] if path.pieces else None
    return isinstance(first, Unknown) and (first.name in BASES or first.name == SCRIPT)


def _joined(values: Sequence[Value]) -> Value:
    result = Value()
    for index, value in enumerate(values):
        result = result + Value((Text(" "),)) + value if index else value
    return result


def _sequence(texts: list[str | None]) -> Value | None:
    if not texts or any(t is None or not t.lstrip("-").isdigit() or len(t) > 9 for t in texts):
        return None
    numbers = [int(t) for t in texts if t is not None]
    first, step, last = {1: (1, 1, numbers[-1]), 2: (numbers[0], 1, numbers[-1])}.get(
        len(numbers), (numbers[0], numbers[1] if len(numbers) > 1 else 1, numbers[-1])
    )
    if step == 0 or len(numbers) > 3 or abs(last - first) // abs(step) > _MAX_SEQUENCE:
        return None
    return known("\n".join(str(n) for n in range(first, last + (1 if step > 0 else -1), step)))
