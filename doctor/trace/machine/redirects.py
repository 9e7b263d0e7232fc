"""Where a command's standard output and standard error go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from doctor.base.numbers import is_digits, whole_number
from doctor.shell.tree import Command, HereDocument, Literal, Redirect, Simple, Substitution, Word
from doctor.trace.domain.frame import ScriptFrame
from doctor.trace.programs.invocation import Output
from doctor.trace.words.expand import Expander
from doctor.values.value import Origin, Value, known

_FILES = {">", ">>", ">|", "<>"}


def outputs(
    found: Sequence[Redirect], expander: Expander, before: Mapping[int, Output]
) -> dict[int, Output]:
    """The outputs by descriptor after the redirections, applied from left to right."""
    after = dict(before)
    for redirect in found:
        if isinstance(redirect.target, HereDocument) or redirect.operator in ("<", "<<<", "<&"):
            continue
        target = expander.scalar(redirect.target)[0]
        origin = expander.frame.origin(redirect.span)
        if redirect.operator in ("&>", "&>>") or _is_both(redirect, target):
            append = redirect.operator == "&>>"
            after[1] = after[2] = _file(target, append, origin)
        elif redirect.operator == ">&":
            _duplicate(after, _number(redirect, 1), target)
        elif redirect.operator in _FILES:
            append = redirect.operator == ">>"
            after[_number(redirect, 1)] = _file(target, append, origin)
    return after


def _is_both(redirect: Redirect, target: Value) -> bool:
    """``>& file`` without a number: both outputs."""
    text = target.text
    plain = redirect.operator == ">&" and redirect.descriptor is None
    return plain and not (text is not None and (is_digits(text) or text in ("-", "")))


def _number(redirect: Redirect, default: int) -> int:
    given = redirect.descriptor
    number = whole_number(given)
    return number if number is not None else default if not given else -1


def _file(path: Value, append: bool, origin: object) -> Output:
    kind = "null" if path.text == "/dev/null" else "file"
    return Output(kind, path, origin, append)  # type: ignore[arg-type]


def _duplicate(after: dict[int, Output], descriptor: int, target: Value) -> None:
    text = target.text
    number = whole_number(text)
    if number is not None and number in after:
        after[descriptor] = after[number]
    elif is_digits(text):
        after.pop(descriptor, None)


def piped(
    following: Sequence[Command], both: bool, expander: Expander, before: Mapping[int, Output]
) -> dict[int, Output]:
    """The outputs of a command whose standard output the ``following`` ones read.

    Where one of them is ``tee`` (or writes into a file itself), that is the file.
    """
    output = Output("pipe")
    for command in following:
        if not isinstance(command, Simple):
            break
        name = command.words[0].literal if command.words else None
        if name == "tee":
            arguments = expander.likeliest(command.words)[1:]
            files = [v for v in arguments if not v.display.startswith("-")]
            append = any(v.text in ("-a", "--append") for v in arguments)
            if files:
                origin = expander.frame.origin(command.span)
                own = outputs(command.redirects, expander, {}).get(1)
                shown = own is None or own.kind != "null"
                output = replace(_file(files[0], append, origin), kind="tee", shown=shown)
                break
        written = outputs(command.redirects, expander, {}).get(1)
        if written is not None:
            output = written
            break
    after = dict(before)
    after[1] = output
    if both:
        after[2] = output
    return after


def may_fail(found: Sequence[Redirect]) -> bool:
    """Whether some file may not open, as ``/dev/tcp/HOST/PORT`` where nobody listens."""
    return any(
        isinstance(redirect.target, Word)
        and redirect.operator not in (">&", "<&", "<<<")
        and redirect.target.literal != "/dev/null"
        for redirect in found
    )


def reads(found: Sequence[Redirect]) -> bool:
    """Whether the standard input is redirected."""
    return any(_is_input(redirect) for redirect in found)


def _is_input(redirect: Redirect) -> bool:
    return redirect.operator.startswith("<") and redirect.descriptor in (None, "0")


def feed(found: Sequence[Redirect], frame: ScriptFrame, before: Origin | None) -> Origin | None:
    """Where the commands stand whose output is read, after ``< <(…)`` or ``<<< "$(…)"``."""
    for redirect in reversed(found):
        if not _is_input(redirect):
            continue
        target = redirect.target
        parts = target.parts if isinstance(target, Word) else ()
        parts = tuple(p for p in parts if not isinstance(p, Literal) or p.text)  # quotes: ""
        made = len(parts) == 1 and isinstance(parts[0], Substitution)
        return frame.origin(parts[0].span) if made else None
    return before


def standard_input(
    found: Sequence[Redirect], expander: Expander, before: Value | None
) -> Value | None:
    """The text of the standard input after the redirections, where it can be just one."""
    texts = standard_inputs(found, expander, before)
    return texts[0] if len(texts) == 1 else None


def standard_inputs(
    found: Sequence[Redirect], expander: Expander, before: Value | None
) -> tuple[Value, ...]:
    """The texts that the standard input may be after the redirections; none if unknown."""
    for redirect in reversed(found):
        if not _is_input(redirect):
            continue
        if isinstance(redirect.target, HereDocument):
            return expander.scalar(redirect.target.body)
        if redirect.operator == "<<<":
            return tuple(text + known("\n") for text in expander.scalar(redirect.target))
        paths = expander.scalar(redirect.target) if redirect.operator == "<" else ()
        if len(paths) == 1 and (texts := expander.state.written(paths[0])):
            return texts
        return _process(redirect.target, expander)
    return () if before is None else (before,)


def _process(target: Word, expander: Expander) -> tuple[Value, ...]:
    """What the commands of ``< <(…)`` print, if they surely print that."""
    part = target.parts[0] if len(target.parts) == 1 else None
    if not isinstance(part, Substitution) or part.opener != "<(":
        return ()
    texts = expander.substitute(replace(part, opener="$("))
    sure = all(text.text is not None for text in texts)
    return tuple(text + known("\n") for text in texts) if sure else ()
