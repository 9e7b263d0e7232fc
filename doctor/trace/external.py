"""Programs: what is taken off around them, the shells inside, and the scripts that are run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from doctor.shell.tree import Simple
from doctor.trace import commands, containers, redirects, wrappers
from doctor.trace.context import Context, Invocation, Output
from doctor.trace.environment import BASES
from doctor.trace.expand import Fields
from doctor.trace.frame import FileFrame, ForeignFrame, NestedFrame, ScriptFrame, nested
from doctor.trace.results import assuming
from doctor.trace.state import Content, Guard, State, Variable
from doctor.trace.values import Origin, Unknown, Value, known
from doctor.trace.wrappers import Unwrapped

if TYPE_CHECKING:
    from doctor.trace.interpreter import Interpreter

_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ksh"})
_SHELL_FILE = re.compile(r"\.(sh|bash|sbatch|slurm|job|ksh)$")
MAX_NESTING = 8
_KILLERS = frozenset({"kill", "pkill", "killall", "fuser", "scancel"})
_STOPS = frozenset(
    (program, verb)
    for program in ("docker", "podman", "apptainer", "singularity", "tmux", "ray", "vllm")
    for verb in ("stop", "kill", "rm", "kill-session", "kill-server", "instance")
)


@dataclass(frozen=True)
class Start:
    """A program about to be started, while its wrappers are taken off one by one."""

    arguments: tuple[Value, ...]
    environment: Mapping[str, tuple[Content, ...]]
    context: Context
    origin: Origin
    outer: tuple[Value, ...]
    outer_environment: Mapping[str, tuple[Content, ...]]
    assumes: Guard
    heredoc: Value | None = None
    nesting: int = 0


def run(shell: Interpreter, command: Simple, fields: Fields, state: State) -> None:
    """Start what a simple command names, which is neither a function nor a builtin."""
    expander = shell.expander(state)
    outputs = redirects.outputs(command.redirects, expander, shell.context.outputs)
    heredoc = redirects.here_document(command.redirects, expander)
    _remember_file(fields, outputs, heredoc, state)
    origin = shell.frame.origin(command.span)
    if origin is None:
        return
    environment = commands.overlay(shell, command, state)
    context = replace(shell.context, outputs=outputs)
    start = Start(
        arguments=fields.values,
        environment=environment,
        context=context,
        origin=origin,
        outer=fields.values,
        outer_environment=environment,
        assumes=fields.assumes,
        heredoc=heredoc,
    )
    _start(shell, start, state)


def _remember_file(
    fields: Fields, outputs: Mapping[int, Output], heredoc: Value | None, state: State
) -> None:
    """A here-document that ``cat`` or ``tee`` writes to a file may be run later."""
    name = fields.values[0].text
    if heredoc is None or name not in ("cat", "tee"):
        return
    path = outputs[1].path if name == "cat" and 1 in outputs else None
    if name == "tee" and len(fields.values) > 1:
        path = fields.values[-1]
    if path is not None:
        state.files[path.display] = heredoc


def _start(shell: Interpreter, start: Start, state: State) -> None:
    _emit(shell, start, state)
    shell.walk.kills += _kills(start)
    if start.nesting > MAX_NESTING or not start.arguments or not shell.walk.step():
        return
    name = start.arguments[0].display.rpartition("/")[2]
    if name in _SHELLS:
        _run_shell(shell, start, state)
        return
    if name == "sbatch":
        _submit(shell, start, state)
        return
    unwrapped = wrappers.unwrap(start.arguments)
    if unwrapped is None:
        if _is_script(start.arguments[0], state):
            _run_file(shell, start, start.arguments, state)
        return
    inner = _inside(shell, unwrapped, start)
    if unwrapped.wrapper.text:
        _run_text(shell, unwrapped, inner, state)
    elif inner.arguments:
        if inner.arguments[0].text in state.functions and unwrapped.words[0] == "command":
            return
        _start(shell, inner, state)


def _is_script(program: Value, state: State) -> bool:
    """Whether a program is a shell script: by its name, or because this script wrote it."""
    name = program.display
    return bool(program.text and _SHELL_FILE.search(name)) or (
        name.removeprefix("./") in state.files or name in state.files
    )


def _kills(start: Start) -> bool:
    """Whether a program ends others, perhaps a server."""
    words = [word.display for word in start.arguments[:2]]
    return words[0].rpartition("/")[2] in _KILLERS or tuple(words) in _STOPS


def _emit(shell: Interpreter, start: Start, state: State) -> None:
    shell.walk.invocations.append(
        Invocation(
            arguments=start.arguments,
            environment=start.environment,
            environment_open=state.login_file_unread,
            context=start.context,
            origin=start.origin,
            outer=start.outer,
            outer_environment=start.outer_environment,
            order=shell.walk.number(),
            waited=shell.waits,
            settled=shell.settled,
            assumes=start.assumes | state.guard,
            directory=state.directory,
            heredoc=start.heredoc,
        )
    )


def _inside(shell: Interpreter, unwrapped: Unwrapped, start: Start) -> Start:
    """The command within a wrapper, with what the wrapper changes for it."""
    context = replace(start.context, wrappers=(*start.context.wrappers, unwrapped))
    inner = replace(start, arguments=unwrapped.inner, context=context, nesting=start.nesting + 1)
    if unwrapped.detached:
        thread = shell.in_background().context.threads[-1]
        inner = replace(
            inner, context=replace(context, threads=(*context.threads, thread), outputs={})
        )
    match unwrapped.words[0]:
        case "env":
            return _env(unwrapped, inner)
        case "srun":
            return _srun(unwrapped, inner)
        case "ssh":
            return replace(inner, context=replace(inner.context, remote=True), environment={})
        case "xargs":
            more = Value((Unknown("…", many=True),))
            return replace(inner, arguments=(*inner.arguments, more))
        case _:
            return containers.enter(unwrapped, inner)


def _env(unwrapped: Unwrapped, start: Start) -> Start:
    environment = {} if unwrapped.given("-i", "--ignore-environment") else dict(start.environment)
    for value in unwrapped.values("-u", "--unset"):
        environment.pop(value.display, None)
    arguments = list(start.arguments)
    while arguments:
        name, equals, _ = arguments[0].display.partition("=")
        if not equals or not name.isidentifier():
            break
        environment[name] = (arguments.pop(0).slice(len(name) + 1),)
    return replace(start, arguments=tuple(arguments), environment=environment)


def _srun(unwrapped: Unwrapped, start: Start) -> Start:
    """A step: how many tasks it has, and what of the environment they see."""
    environment = dict(start.environment)
    for export in unwrapped.values("--export"):
        items = (export.text or "ALL").split(",")
        if "ALL" not in items:
            kept = {item.partition("=")[0] for item in items}
            environment = {n: v for n, v in environment.items() if n in kept}
        for item in items:
            name, equals, text = item.partition("=")
            if equals:
                environment[name] = (known(text),)
    context = replace(start.context, in_step=True)
    return replace(start, environment=environment, context=containers.step(unwrapped, context))


# --- shells and scripts inside --------------------------------------------------------


def nested_frame(shell: Interpreter, text: Value, command: Simple) -> NestedFrame:
    """The frame of text that this shell reads itself (``eval``, ``trap``)."""
    origin = shell.frame.origin(command.span)
    assert origin is not None
    return nested(text, origin, shell.walk.number())


def _sub_shell(shell: Interpreter, start: Start, state: State) -> tuple[Interpreter, State]:
    """A new shell with only the environment of its parent."""
    inner = shell.inside()
    inner.context = start.context
    inner.waited, inner.settled = shell.waited, shell.settled
    fresh = state.copy()
    fresh.functions = {}
    fresh.variables = {
        name: Variable(alternatives, exported=True)
        for name, alternatives in start.environment.items()
    }
    fresh.positional = None
    return inner, assuming(fresh, start.assumes) or fresh


def _run_shell(shell: Interpreter, start: Start, state: State) -> None:
    """``bash -c TEXT``, ``bash FILE`` or a shell that reads a here-document."""
    options, rest = wrappers.read_options(
        start.arguments[1:], "oO", frozenset({"rcfile", "init-file"})
    )
    letters = "".join(name for name, _ in options if not name.startswith("--"))
    if "c" in letters and rest:
        _walk_text(shell, start, rest[0], state, tuple(rest[2:]))
    elif rest and "s" not in letters:
        _run_file(shell, start, tuple(rest), state)
    elif start.heredoc is not None:
        _walk_text(shell, start, start.heredoc, state, tuple(rest))


def _run_text(shell: Interpreter, unwrapped: Unwrapped, start: Start, state: State) -> None:
    """Words that a shell elsewhere reads as one line: ``ssh HOST …``, ``tmux send-keys …``."""
    words = list(start.arguments)
    if unwrapped.words[-1] in ("send-keys", "send"):
        while words and words[-1].text in ("Enter", "C-m", "KPEnter", "ENTER"):
            words.pop()
    text = Value()
    for index, word in enumerate(words):
        text = text + known(" ") + word if index else word
    if text.pieces:
        _walk_text(shell, start, text, state, ())
    elif start.heredoc is not None:
        _walk_text(shell, start, start.heredoc, state, ())


def _walk_text(
    shell: Interpreter, start: Start, text: Value, state: State, positional: tuple[Value, ...]
) -> None:
    if start.nesting > MAX_NESTING or shell.walk.depth > 30:
        return
    inner, fresh = _sub_shell(shell, start, state)
    fresh.positional = positional
    frame = nested(text, start.origin, shell.walk.number())
    shell.walk.depth += 4
    inner.script(frame, frame.text, fresh)
    shell.walk.depth -= 4


def load(
    shell: Interpreter, path: Value, origin: Origin, state: State
) -> tuple[ScriptFrame, str] | None:
    """The script at a path: one that a here-document wrote, or a file that can be found.

    ``origin`` is the command that names it.
    """
    for name in (path.display, path.display.removeprefix("./")):
        if name in state.files:
            frame = nested(state.files[name], origin, shell.walk.number())
            return frame, frame.text
    text = _relative(path)
    source = shell.walk.load(text, shell.frame.file) if text is not None else None
    if source is None:
        return None
    return (FileFrame(source) if source.included else ForeignFrame(source, origin)), source.text


def _relative(path: Value) -> str | None:
    """A path as text; one that begins with the script's own folder is relative to it."""
    first = path.pieces[0] if path.pieces else None
    if isinstance(first, Unknown) and first.name in BASES:
        rest = path.slice(len(first.name)).text
        return f".{rest}" if rest is not None and rest.startswith("/") else None
    return path.text


def _run_file(shell: Interpreter, start: Start, arguments: tuple[Value, ...], state: State) -> None:
    found = load(shell, arguments[0], start.origin, state)
    if found is None:
        shell.walk.unread.append((arguments[0], start.origin))
    if found is None or shell.walk.depth > 30:
        return
    inner, fresh = _sub_shell(shell, start, state)
    fresh.positional = arguments[1:]
    shell.walk.depth += 4
    inner.script(*found, fresh)
    shell.walk.depth -= 4


def _submit(shell: Interpreter, start: Start, state: State) -> None:
    """``sbatch``: the text of ``--wrap``, a here-document or a file runs as a job of its own."""
    options, rest = wrappers.read_options(
        start.arguments[1:], wrappers.SLURM.short, wrappers.SLURM.long
    )
    thread = shell.in_background().context.threads[-1]
    submitted = Unwrapped(("sbatch",), wrappers.SLURM, tuple(options), (), tuple(rest))
    context = replace(
        start.context,
        threads=(*start.context.threads, thread),
        wrappers=(*start.context.wrappers, submitted),
        batch_job=shell.walk.number(),
        outputs={},
    )
    job = replace(start, context=context, nesting=start.nesting + 1)
    wrapped = [value for name, value in options if name == "--wrap" and value is not None]
    if wrapped:
        _walk_text(shell, job, wrapped[-1], state, ())
    elif rest:
        _run_file(shell, job, tuple(rest), state)
    elif start.heredoc is not None:
        _walk_text(shell, job, start.heredoc, state, ())
