"""The output of command substitutions, for the few commands whose output can be known."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.shell.tree import AndOr, Command, Simple, Substitution
from doctor.trace import builtins, parameters, redirects
from doctor.trace.environment import BASES, SCRIPT, SCRIPT_FOLDER
from doctor.trace.expand import Expander
from doctor.trace.state import NO_GUARD
from doctor.trace.values import HOST, RANDOM, USER, Text, Unknown, Value, known

_MAX_SEQUENCE = 128
_VARIES = {
    "hostname": frozenset({HOST}),
    "whoami": frozenset({USER}),
    "mktemp": frozenset({RANDOM, USER}),
    "uuidgen": frozenset({RANDOM, USER}),
}


def outputs(part: Substitution, expander: Expander, written: str) -> tuple[Value, ...]:
    """What the substitution may stand for, without the newlines at its end."""
    if part.opener in ("<(", ">("):
        return (Value((Unknown(written),)),)
    command = part.body[0].command if len(part.body) == 1 else None
    if isinstance(command, Simple) and command.words and not command.redirects:
        found = [_output([*fields.values], written) for fields in expander.arguments(command.words)]
        if found:
            return tuple(found)
    entered = _entered(part, expander)
    return (entered or Value((Unknown(written, _varies(written)),)),)


def written(command: Command, expander: Expander) -> Value | None:
    """What a command of a pipeline writes to the next one, where that can be known."""
    if not isinstance(command, Simple) or not command.words:
        return None
    alternatives = expander.arguments(command.words)
    if len(alternatives) != 1 or not alternatives[0].values:
        return None
    name, *arguments = alternatives[0].values
    if name.text == "cat" and not arguments:
        return redirects.standard_input(command.redirects, expander, expander.state.input)
    made = None if command.redirects else _made(name.text or "", arguments)
    return None if made is None or parameters.single(made) else made + known("\n")


def _output(values: list[Value], written: str) -> Value:
    name, arguments = values[0].text or "", values[1:]
    assumes = NO_GUARD.union(*(v.assumes for v in values))
    made = _made(name, arguments)
    if made is not None:
        return Value(made.pieces, made.assumes | assumes)
    return Value((Unknown(written, _varies(written, name, values)),), assumes)


def _made(name: str, arguments: Sequence[Value]) -> Value | None:
    if name == "echo":
        shown = [v for v in arguments if v.text not in ("-n", "-e", "-ne")]
        return _joined(shown)
    if name == "printf" and arguments:
        return builtins.formatted(arguments[0], tuple(arguments[1:]))
    if name == "seq":
        return _sequence([v.text for v in arguments])
    if name == "basename" and len(arguments) == 1:
        return _base_name(arguments[0])
    if name == "dirname" and arguments:
        return _folder(arguments[-1])
    if name in ("realpath", "readlink") and arguments:
        path = arguments[-1]
        return path if path.display.startswith("/") or _is_based(path) else None
    return None


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


def _is_based(path: Value) -> bool:
    first = path.pieces[0] if path.pieces else None
    return isinstance(first, Unknown) and (first.name in BASES or first.name == SCRIPT)


def _entered(part: Substitution, expander: Expander) -> Value | None:
    """The folder of ``$(cd FOLDER && pwd)``."""
    command = part.body[0].command if len(part.body) == 1 else None
    if not isinstance(command, AndOr) or len(command.commands) != 2:
        return None
    texts = []
    for each in command.commands:
        if not isinstance(each, Simple) or not each.words:
            return None
        texts.append(expander.arguments(each.words)[0].values)
    (cd, *folders), (pwd, *_) = texts
    goes = cd.text in ("cd", "pushd") and pwd.text == "pwd" and bool(folders)
    return folders[-1] if goes and _is_based(folders[-1]) else None


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


def _varies(written: str, name: str = "", values: Sequence[Value] = ()) -> frozenset[str]:
    """Between what an output that can't be known surely differs."""
    varies = frozenset[str]().union(*(value.varies for value in values))
    if name == "id":
        return varies | {USER}
    if name in _VARIES:
        return varies | _VARIES[name]
    return varies | frozenset().union(*(kinds for n, kinds in _VARIES.items() if n in written))
