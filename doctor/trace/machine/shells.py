"""Shells inside: text that another shell reads, scripts that are run, jobs that are submitted."""

from __future__ import annotations

import re
from dataclasses import replace

from doctor.base.bounds import MAX_NESTED_SHELLS
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.shell.header import read_header
from doctor.shell.tree import Simple
from doctor.slurm.options import combine, read_components
from doctor.trace.domain.environment import BASES
from doctor.trace.domain.fields import spaced
from doctor.trace.domain.frame import FileFrame, ForeignFrame, NestedFrame, ScriptFrame, nested
from doctor.trace.domain.results import assuming
from doctor.trace.domain.state import Content, State, Variable
from doctor.trace.machine import traps
from doctor.trace.machine.shell import Shell
from doctor.trace.programs import containers
from doctor.trace.programs.batch import from_environment, given_by, told
from doctor.trace.programs.invocation import Start
from doctor.trace.programs.options import Unwrapped, after_dashes, read_options
from doctor.trace.programs.slurm import SBATCH, exported
from doctor.trace.programs.terminals import typed
from doctor.values.assumption import NO_GUARD, Guard, consistent
from doctor.values.value import Origin, Unknown, Value

#: A line of ``--multi-prog``: tasks (``0-3,5``, ``*``) and a program, up to the end of the line.
_TASK_LINE = regex(r"^([ \t]*(?:\*|\d[\d,-]*)[ \t]+)([^\s#][^\n]*)\n", re.MULTILINE)
#: Shells that leave functions in the environment alone.
_WITHOUT_FUNCTIONS = frozenset({"sh", "dash", "zsh", "ksh"})


def _program(start: Start) -> str:
    return start.arguments[0].display.rpartition("/")[2] if start.arguments else ""


def nested_frame(shell: Shell, text: Value, command: Simple) -> NestedFrame:
    """The frame of text that this shell reads itself (``eval``, ``trap``)."""
    return nested(text, shell.frame.origin(command.span), shell.walk.number())


def _sub_shell(shell: Shell, start: Start, state: State) -> tuple[Shell, State]:
    """A new shell with only the environment of its parent, in which functions may be, too."""
    same_branch = start.context.threads == shell.context.threads
    inner = shell.inside() if same_branch else shell.apart()
    inner.context = start.context
    fresh = state.fork()
    inherits = not start.context.remote and _program(start) not in _WITHOUT_FUNCTIONS
    fresh.functions = {
        name: alternatives
        for name, alternatives in state.functions.items()
        if inherits and all(defined.exported for defined in alternatives)
    }
    fresh.variables = {
        name: Variable(alternatives, exported=True)
        for name, alternatives in start.environment.items()
    }
    fresh.positional = None
    fresh.references = {}
    fresh.input = start.input
    fresh.directory = start.directory
    return inner, assuming(fresh, start.assumes) or fresh


def _run(shell: Shell, inner: Shell, frame: ScriptFrame, text: str, state: State) -> None:
    """Walk the text of another shell."""
    shell.walk.depth += 4
    try:
        traps.run(inner, inner.script(frame, text, state))
    finally:
        shell.walk.depth -= 4


def run_shell(shell: Shell, start: Start, state: State) -> tuple[Value, ...]:
    """``bash -c TEXT``, ``bash FILE`` or a shell that reads a here-document.

    What is left are the words of a script that can't be found.
    """
    options, rest = read_options(start.arguments[1:], "oO", frozenset({"rcfile", "init-file"}))
    rest = list(after_dashes(rest))
    letters = "".join(name for name, _ in options if not name.startswith("--"))
    if "c" in letters and rest:
        first = 1 if rest[1:2] and rest[1].many else 2  # of several words the first is `$0`
        _walk_text(shell, start, rest[0], state, tuple(rest[first:]), tuple(rest[1:2]))
    elif rest and "s" not in letters:
        return () if run_file(shell, start, tuple(rest), state) else tuple(rest)
    elif start.input is not None:
        _walk_text(shell, replace(start, input=None), start.input, state, tuple(rest))
    return ()


def run_text(shell: Shell, unwrapped: Unwrapped, start: Start, state: State) -> None:
    """Words that a shell elsewhere reads as one line: ``ssh HOST …``, ``tmux send-keys …``."""
    words = typed(start.arguments) if unwrapped.typed else start.arguments
    text = spaced(words)
    if text.pieces:
        _walk_text(shell, start, text, state, ())
    elif start.input is not None:
        _walk_text(shell, replace(start, input=None), start.input, state, ())


def _walk_text(
    shell: Shell,
    start: Start,
    text: Value,
    state: State,
    positional: tuple[Value, ...],
    name: tuple[Value, ...] = (),
) -> None:
    """``name`` is what the shell is called, its ``$0``."""
    if shell.walk.depth > MAX_NESTED_SHELLS:
        return
    inner, fresh = _sub_shell(shell, start, state)
    fresh.positional = positional
    if name:
        fresh.set("0", name)
    frame = nested(text, start.origin, shell.walk.number())
    _run(shell, inner, frame, frame.text, fresh)


class Text(Record):
    """What a shell reads from a file, and what that rests on."""

    frame: ScriptFrame
    text: str
    assumes: Guard = NO_GUARD


def load(shell: Shell, path: Value, origin: Origin, state: State) -> list[Text]:
    """The script at a path: one that this script wrote, or a file that can be found.

    There are several if it wrote one or the other. ``origin`` is the command that names it.
    """
    for name in (path.display, path.display.removeprefix("./")):
        if name in state.files:
            written = state.files[name]
            frames = [nested(text, origin, shell.walk.number()) for text in written]
            pairs = zip(frames, written, strict=True)
            return [Text(frame, frame.text, text.assumes) for frame, text in pairs]
    text = relative(path)
    source = shell.walk.load(text, shell.frame.file) if text is not None else None
    if source is None:
        return []
    shell.walk.scripts[source.filename] = source
    frame = FileFrame(source) if source.included else ForeignFrame(source, origin)
    return [Text(frame, source.text)]


def relative(path: Value) -> str | None:
    """A path as text; one that begins with the script's own folder is relative to it."""
    first = path.pieces[0] if path.pieces else None
    if isinstance(first, Unknown) and first.name in BASES:
        rest = path.slice(len(first.name)).text
        return f".{rest}" if rest is not None and rest.startswith("/") else None
    return path.text


def run_file(shell: Shell, start: Start, arguments: tuple[Value, ...], state: State) -> bool:
    """Walk a script that is run with arguments; false if it can't be found."""
    found = load(shell, arguments[0], start.origin, state)
    if not found:
        shell.walk.unread.append((arguments[0], start.origin))
    if shell.walk.depth > MAX_NESTED_SHELLS:
        return bool(found)
    for text in found:
        if consistent(start.assumes | state.guard, text.assumes):
            one = replace(start, assumes=start.assumes | text.assumes)
            inner, fresh = _sub_shell(shell, one, state)
            fresh.positional = arguments[1:]
            _run(shell, inner, text.frame, text.text, fresh)
    return bool(found)


def run_tasks(shell: Shell, start: Start, state: State) -> None:
    """``srun --multi-prog FILE``: each line is a program for some of the tasks.

    Each is taken for one task. What stands in the file keeps its place.
    """
    start = replace(start, context=replace(start.context, copies=frozenset()))
    if shell.walk.depth > MAX_NESTED_SHELLS:
        return
    for text in load(shell, start.arguments[0], start.origin, state):
        if consistent(start.assumes | state.guard, text.assumes):
            one = replace(start, assumes=start.assumes | text.assumes)
            inner, fresh = _sub_shell(shell, one, state)
            lines = _TASK_LINE.sub(lambda line: " " * len(line[1]) + line[2] + "\n", text.text)
            _run(shell, inner, text.frame, lines, fresh)


def submit(shell: Shell, start: Start, state: State) -> None:
    """``sbatch``: the text of ``--wrap``, a here-document or a file runs as a job of its own.

    The sbatch itself is the last program that was started.
    """
    options, rest = read_options(start.arguments[1:], SBATCH.short, SBATCH.long)
    thread = shell.in_background().context.threads[-1]
    submitted = Unwrapped(("sbatch",), SBATCH, tuple(options), (), tuple(rest))
    context = replace(
        start.context,
        container=containers.pyxis_of(submitted),
        threads=(*start.context.threads, thread),
        wrappers=(*start.context.wrappers, submitted),
        batch_job=shell.walk.invocations[-1].order,
        outputs={},
    )
    environment = exported(submitted, start.environment)
    environment = {n: v for n, v in environment.items() if not n.startswith("SLURM_")}
    job = replace(
        start,
        context=context,
        environment=environment | _told(shell, submitted, start, state),
        input=None,
        nesting=start.nesting + 1,
    )
    wrapped = [value for name, value in options if name == "--wrap" and value is not None]
    if wrapped:
        _walk_text(shell, job, wrapped[-1], state, ())
    elif rest:
        run_file(shell, job, tuple(rest), state)
    elif start.input is not None:
        _walk_text(shell, job, start.input, state, ())


def _told(
    shell: Shell, submitted: Unwrapped, start: Start, state: State
) -> dict[str, tuple[Content, ...]]:
    """What Slurm tells a job in variables, as far as its header and the command line say so."""
    texts: list[Text] = []
    if submitted.inner and not submitted.given("--wrap"):
        texts = load(shell, submitted.inner[0], start.origin, state)
    elif start.input is not None and not submitted.given("--wrap"):
        frame = nested(start.input, start.origin, shell.walk.number())
        texts = [Text(frame, frame.text)]
    header = given_by(texts[0].frame, read_header(texts[0].text)) if len(texts) == 1 else []
    around = from_environment(start.environment, "sbatch")
    line = combine(script=around, line=read_components(start.arguments[1:], "sbatch"))
    components = combine(script=header, line=line)
    if len(components) > 1:
        return {}
    return {name: (content,) for name, content in told(components[0], surely=True).items()}
