"""The output of command substitutions, for the few commands whose output can be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from doctor.base.regex import regex
from doctor.shell.tree import AndOr, Command, Simple, Substitution
from doctor.trace.domain.state import State
from doctor.trace.machine import redirects
from doctor.trace.programs.options import read_options
from doctor.trace.programs.printed import is_based, printed, printed_whole, without_line_ends
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.words import parameters
from doctor.trace.words.expand import Expander
from doctor.values.assumption import NO_GUARD
from doctor.values.value import HOST, RANDOM, USER, Unknown, Value, Vary, derived, known, moment

#: What ``mktemp`` replaces in its template.
_PLACEHOLDER = regex(r"X{3,}")
_VARIES: Mapping[str, frozenset[Vary]] = {
    "hostname": frozenset({HOST}),
    "whoami": frozenset({USER}),
    "mktemp": frozenset({RANDOM, USER}),
    "uuidgen": frozenset({RANDOM, USER}),
}


def outputs(
    part: Substitution,
    expander: Expander,
    written: str,
    collected: Sequence[Value] | None,
    number: int,
) -> tuple[Value, ...]:
    """What the substitution may stand for, without the newlines at its end.

    ``collected`` is what its commands surely print, if that is known; ``number`` is the moment at
    which they run.
    """
    if part.opener in ("<(", ">("):
        return (Value((moment(written, number),)),)
    command = part.body[0].command if len(part.body) == 1 else None
    if collected is not None and not _is_program(command, expander):
        return tuple(collected)
    if isinstance(command, Simple) and not command.words and not command.assignments:
        read = redirects.standard_input(command.redirects, expander, None)  # $(< FILE)
        if read is not None:
            return (without_line_ends(read),)
    if isinstance(command, Simple) and command.words and not command.redirects:
        found = [
            _output([*fields.values], written, number, expander.state)
            for fields in expander.arguments(command.words)
            if fields.values
        ]
        if found:
            return tuple(found)
    entered = _entered(part, expander)
    return (entered or Value((moment(written, number, _varies(written)),)),)


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
    made = None if command.redirects else printed_whole(name.text or "", arguments)
    return None if made is None or parameters.single(made) else made


def _output(values: list[Value], written: str, number: int, state: State) -> Value:
    name, arguments = values[0].text or "", values[1:]
    assumes = NO_GUARD.union(*(v.assumes for v in values))
    made = _file(arguments, state) if name == "cat" else printed(name, arguments)
    if made is None and name == "mktemp":
        made = _temporary(arguments, moment("$(mktemp …)", number, _VARIES[name]))
    if made is not None:
        return Value(made.pieces, made.assumes | assumes)
    if is_a(name, Trait.STEADY):
        where = [state.directory] if state.directory is not None else []
        found = derived(written, *arguments, *where)
        return Value((replace(found, varies=_varies(written, name, values)),), assumes)
    return Value((moment(written, number, _varies(written, name, values)),), assumes)


def _temporary(arguments: Sequence[Value], unknown: Unknown) -> Value | None:
    """The path that ``mktemp`` makes of a template; None where it chooses the folder itself."""
    options, rest = read_options(arguments, "p", frozenset({"suffix"}))
    given = dict(options)
    template = rest[0] if rest else known("tmp.XXXXXXXXXX")
    folder = given.get("-p") or given.get("--tmpdir")
    chooses = given.keys() & {"-t", "-p", "--tmpdir"} or not rest
    ends = [found.span() for found in _PLACEHOLDER.finditer(template.shadow)]
    if not ends or (chooses and folder is None):
        return None
    start, end = ends[-1]
    made = template.slice(0, start) + Value((unknown,)) + template.slice(end)
    return made if folder is None else folder + known("/") + made


def _file(arguments: Sequence[Value], state: State) -> Value | None:
    """What ``cat FILE`` prints of a file that the script wrote before."""
    if len(arguments) != 1:
        return None
    written = state.written(arguments[0])
    return without_line_ends(written[0]) if len(written) == 1 else None


def _is_program(command: Command | None, expander: Expander) -> bool:
    """Whether it is one plain program; more may be known of that than what it prints."""
    if not isinstance(command, Simple) or not command.words or command.redirects:
        return False
    return command.words[0].literal not in expander.state.functions


def _entered(part: Substitution, expander: Expander) -> Value | None:
    """The folder of ``$(cd FOLDER && pwd)``."""
    command = part.body[0].command if len(part.body) == 1 else None
    if not isinstance(command, AndOr) or len(command.commands) != 2:
        return None
    texts = []
    for each in command.commands:
        if not isinstance(each, Simple) or not each.words:
            return None
        texts.append(expander.likeliest(each.words) or (Value(),))
    (cd, *folders), (pwd, *_) = texts
    goes = cd.text in ("cd", "pushd") and pwd.text == "pwd" and bool(folders)
    return folders[-1] if goes and is_based(folders[-1]) else None


def _varies(written: str, name: str = "", values: Sequence[Value] = ()) -> frozenset[Vary]:
    """Between what an output that can't be known surely differs."""
    varies = frozenset[Vary]().union(*(value.varies for value in values))
    if name == "id":
        return varies | {USER}
    if name in _VARIES:
        return varies | _VARIES[name]
    return varies | frozenset().union(*(kinds for n, kinds in _VARIES.items() if n in written))
