"""Programs: what is taken off around them, the shells inside, and the scripts that are run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from doctor.base.bounds import MAX_ALTERNATIVES, MAX_INPUTS, MAX_WRAPPERS
from doctor.base.regex import regex
from doctor.shell.tree import Simple
from doctor.trace.domain.fields import Fields
from doctor.trace.domain.state import State
from doctor.trace.machine import assignments, captured, redirects, shells
from doctor.trace.machine.shell import Shell
from doctor.trace.programs import wrappers
from doctor.trace.programs.invocation import Invocation, Start
from doctor.trace.programs.options import Unwrapped
from doctor.trace.programs.printed import printed_whole
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import does, is_a, program_of
from doctor.trace.programs.unknown import command_within
from doctor.values.assumption import NO_GUARD, YES, Question, assume, consistent
from doctor.values.value import Value

_SHELL_FILE = regex(r"\.(sh|bash|sbatch|slurm|job|ksh)$")


def run(shell: Shell, command: Simple, alternatives: Sequence[Fields], state: State) -> None:
    """Start what a simple command names, which is neither a function nor a builtin.

    It is one program, though its name and arguments may be any of the ``alternatives``.
    """
    occasion = shell.walk.number()
    texts = redirects.standard_inputs(command.redirects, shell.expander(state), state.input)
    if len(texts) > MAX_INPUTS:
        shell.walk.narrow()
    inputs = texts[:MAX_INPUTS] or (None,)
    ways = [
        (fields, text)
        for fields in alternatives
        for text in inputs
        if text is None or consistent(fields.assumes, text.assumes)
    ]
    for index, (fields, text) in enumerate(ways):
        choice = (occasion, index) if len(ways) > 1 else None
        _run(shell, command, fields, text, choice, state)
    _remember_file(shell, command, ways, state)
    captured.add(shell, command, alternatives, state)


def _run(
    shell: Shell,
    command: Simple,
    fields: Fields,
    given: Value | None,
    choice: tuple[int, int] | None,
    state: State,
) -> None:
    expander = shell.expander(state)
    outputs = redirects.outputs(command.redirects, expander, shell.context.outputs)
    origin = shell.frame.origin(command.span)
    environment = assignments.overlay(shell, command, state)
    choices = shell.context.choices if choice is None else (*shell.context.choices, choice)
    feed = redirects.feed(command.redirects, shell.frame, shell.context.feed)
    context = replace(shell.context, outputs=outputs, choices=choices, feed=feed)
    start = Start(
        arguments=fields.values,
        environment=environment,
        context=context,
        origin=origin,
        outer=fields.values,
        outer_environment=environment,
        assumes=fields.assumes | (NO_GUARD if given is None else given.assumes),
        input=given,
        directory=state.directory,
    )
    _start(shell, start, state)


def _remember_file(
    shell: Shell,
    command: Simple,
    ways: Sequence[tuple[Fields, Value | None]],
    state: State,
) -> None:
    """What a program writes to a file may be run later, if that is known."""
    outputs = redirects.outputs(command.redirects, shell.expander(state), {})
    written: dict[str, list[Value]] = {}
    for fields, given in ways:
        name, *arguments = fields.values
        output = outputs.get(1)
        path = output.path if output is not None and output.kind == "file" else None
        appended = output is not None and output.append
        if name.text == "tee" and arguments:
            path, appended = arguments[-1], arguments[0].text in ("-a", "--append")
        elif name.text != "cat" or arguments:
            given = printed_whole(name.text or "", arguments)
        if path is None:
            continue
        before = state.files.get(path.display, (Value(),)) if appended else (Value(),)
        texts = written.setdefault(path.display, [])
        texts += [
            Value(assumes=fields.assumes) + old + given for old in before if given is not None
        ]
    for file, texts in written.items():
        known_texts = tuple(dict.fromkeys(texts))
        state.files.pop(file, None)
        if 0 < len(known_texts) <= MAX_ALTERNATIVES:  # each line that is added may multiply them
            state.files[file] = known_texts
        held = [replace(text, assumes=text.assumes | state.guard) for text in known_texts]
        shell.walk.note_file(file, held)


def _start(shell: Shell, start: Start, state: State) -> None:
    _emit(shell, start, state)
    if does(start.arguments, Trait.ENDS_OTHERS):
        shell.branch.wait()
    if start.nesting > MAX_WRAPPERS or not start.arguments or not shell.walk.step():
        return
    name = start.arguments[0].display.rpartition("/")[2]
    if is_a(name, Trait.SHELL):
        lost = shells.run_shell(shell, start, state)
        if lost and not any(each.about is Question.RUNS for each in start.assumes):
            _start_within(shell, replace(start, arguments=lost), state)
        return
    if name == "sbatch":
        shells.submit(shell, start, state)
        return
    unwrapped = wrappers.unwrap(start.arguments)
    if unwrapped is None:
        script = _is_script(start.arguments[0], state)
        if not script or not shells.run_file(shell, start, start.arguments, state):
            _start_within(shell, start, state)
        return
    inner = _inside(shell, unwrapped, start)
    if unwrapped.given("--multi-prog") and inner.arguments:
        shells.run_tasks(shell, inner, state)
    elif unwrapped.text:
        shells.run_text(shell, unwrapped, inner, state)
    elif inner.arguments:
        _start(shell, inner, state)


def _is_script(program: Value, state: State) -> bool:
    """Whether a program is a shell script: by its name, or because this script wrote it."""
    name = program.display
    return bool(program.text and _SHELL_FILE.search(name)) or (
        name.removeprefix("./") in state.files or name in state.files
    )


def _start_within(shell: Shell, start: Start, state: State) -> None:
    """Start the command that an unknown program is given to run, if it is given one."""
    container = start.context.container
    found = command_within(start.arguments, container.image if container is not None else None)
    if found is None:
        return
    program = start.arguments[0]
    runs = assume(Question.RUNS, program.display, YES, found.words)
    assumes = start.assumes | program.assumes | {runs}
    inner = replace(start, arguments=found.arguments, assumes=assumes, nesting=start.nesting + 1)
    _start(shell, inner, state)


def _emit(shell: Shell, start: Start, state: State) -> None:
    shell.walk.invocations.append(
        Invocation(
            arguments=start.arguments,
            environment=start.environment,
            sourced=state.sourced,
            context=start.context,
            origin=start.origin,
            outer=start.outer,
            outer_environment=start.outer_environment,
            order=shell.walk.number(),
            waited=shell.branch.waited,
            settled=shell.branch.settled,
            assumes=start.assumes | state.guard,
            directory=start.directory,
            input=start.input,
        )
    )


def _inside(shell: Shell, unwrapped: Unwrapped, start: Start) -> Start:
    """The command within a wrapper, with what the wrapper changes for it."""
    context = replace(start.context, wrappers=(*start.context.wrappers, unwrapped))
    inner = replace(start, arguments=unwrapped.inner, context=context, nesting=start.nesting + 1)
    if unwrapped.detached:
        thread = shell.in_background().context.threads[-1]
        inner = replace(
            inner, context=replace(context, threads=(*context.threads, thread), outputs={})
        )
    enters = program_of(unwrapped).enters
    return inner if enters is None else enters(unwrapped, inner)
