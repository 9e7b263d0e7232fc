"""The abstract interpreter: walks a script once and says which programs it would start.

It knows control flow and nothing else: what a simple command does is in ``commands``, what its
words mean in ``expand``. Every command is executed in a state and yields the ways in which it
may end; ways come together again at the end of each statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from doctor.base.bounds import ASSUMPTIONS_A_STEP, MAX_CALLS, MAX_NESTED_COMMANDS, MAX_RECURSION
from doctor.base.errors import DoctorError
from doctor.base.failure import failure
from doctor.shell.tree import (
    AndOr,
    ArithmeticCommand,
    ArithmeticFor,
    Block,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Simple,
    Span,
    Statement,
    Subshell,
    Substitution,
    Test,
    Unparsed,
    While,
)
from doctor.trace.domain.frame import NestedFrame, ScriptFrame
from doctor.trace.domain.results import Flow, Result, assuming, joined, merge
from doctor.trace.domain.state import ARGUMENTS, Defined, State
from doctor.trace.machine import (
    branches,
    captured,
    computations,
    conditions,
    endless,
    loops,
    redirects,
    substitution,
    summing,
    traps,
)
from doctor.trace.machine import simple as commands
from doctor.trace.machine.journal import Branch, Walk
from doctor.trace.programs.invocation import Context, Output, Thread
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.words.expand import Expander
from doctor.values.value import Value

Compound: TypeAlias = If | Case | For | ArithmeticFor | While | Group | Subshell


@dataclass
class Interpreter:
    """Executes commands of one frame in one context."""

    walk: Walk
    frame: ScriptFrame
    context: Context = field(default_factory=Context)
    branch: Branch = field(default_factory=Branch)

    # --- lists and statements ---------------------------------------------------------

    def block(self, block: Block, state: State) -> list[Result]:
        """Execute statements in order; the last one's ways of going on stay apart."""
        done: list[Result] = []
        results = [Result(state, True)]
        for statement in block:
            results = merge(results)
            done += [result for result in results if result.flow is not Flow.NEXT]
            going_on = [result for result in results if result.flow is Flow.NEXT]
            if not going_on or not self.walk.step():
                return [*done, *going_on]
            state = going_on[0].state
            self.walk.spend(len(state.guard) // ASSUMPTIONS_A_STEP)
            results = self.statement(statement, state)
        return [*done, *results]

    def statement(self, statement: Statement, state: State) -> list[Result]:
        """Execute one statement; one that we fail on is like one that can't be read."""
        try:
            return self._statement(statement, state)
        except DoctorError:
            raise
        except Exception as error:
            row = self.frame.origin(statement.command.span).location.start.row
            self.walk.failures.append(failure(f"the walk, at line {row}", error))
            return self._unread(state)

    def _unread(self, state: State) -> list[Result]:
        captured.lose(state)
        self.may_hold()
        return [Result(state)]

    def _statement(self, statement: Statement, state: State) -> list[Result]:
        if not statement.background or _kills(statement.command):
            return self.execute(statement.command, state)
        beside = self.in_background()
        results = beside.execute(statement.command, state.fork())
        traps.run(beside, results)
        for result in results:
            captured.lose_if_changed(state, result.state)
        return [Result(state, True)]

    def in_background(self) -> Interpreter:
        """The interpreter of a branch that runs at the same time as this one."""
        thread = Thread(self.walk.number(), self.branch.waited, self.branch.settled)
        context = replace(self.context, threads=(*self.context.threads, thread))
        return Interpreter(self.walk, self.frame, context)

    def may_hold(self) -> None:
        """Note that the script may be held up here, though by no program that it starts."""
        threads = self.context.threads
        if not threads or threads[0].number in self.walk.traps:
            self.walk.holds.append(self.walk.number())

    def inside(self, **changes: object) -> Interpreter:
        """The interpreter of what runs within this one's context, changed so."""
        context = replace(self.context, **changes)  # type: ignore[arg-type]
        return Interpreter(self.walk, self.frame, context, self.branch)

    def apart(self, **changes: object) -> Interpreter:
        """The same for a shell of its own, whose waits don't count here."""
        inner = self.inside(**changes)
        inner.branch = self.branch.copy()
        return inner

    def expander(self, state: State) -> Expander:
        return Expander(state, self.frame, lambda part: self.substitution(part, state), self.walk)

    def substitution(self, part: Substitution, state: State) -> tuple[Value, ...]:
        """What a command substitution writes; its commands are walked too."""
        begun = state.fork()
        captured.begin(begun)
        inner = self.apart(outputs={**self.context.outputs, 1: Output("pipe")})
        results = inner.block(part.body, begun)
        traps.run(inner, results)
        known = bool(results) and not self.walk.exhausted
        return substitution.outputs(
            part,
            self.expander(state),
            self.frame.written(part.span),
            captured.collected(joined([r.state for r in results])) if known else None,
            self.walk.number(),
        )

    # --- commands ---------------------------------------------------------------------

    def execute(self, command: Command, state: State) -> list[Result]:
        """All ways in which a command may end."""
        if self.walk.depth > MAX_NESTED_COMMANDS:
            self.walk.exhausted = True
            return [Result(state)]
        self.walk.depth += 1
        try:
            results = self._dispatch(command, state)
        finally:
            self.walk.depth -= 1
        ended = self.walk.number()
        for result in results:
            result.state.ended = ended
        return results

    def _dispatch(self, command: Command, state: State) -> list[Result]:
        match command:
            case Simple():
                return commands.execute(self, command, state)
            case Test():
                return conditions.test_command(self, command, state)
            case ArithmeticCommand():
                return computations.arithmetic_command(self, command, state)
            case Pipeline():
                return self._pipeline(command, state)
            case AndOr():
                return branches.and_or(self, command, state)
            case Function():
                state.functions[command.name] = (Defined(command, self.frame),)
                return [Result(state, True)]
            case Unparsed():
                return self._unread(state)
            case _:
                return self._compound(command, state)

    def _compound(self, command: Compound, state: State) -> list[Result]:
        """A compound command, within which its redirections hold."""
        if not command.redirects:
            return self._inside_compound(command, state)
        before = state.input
        expander = self.expander(state)
        inner = self.inside(
            outputs=redirects.outputs(command.redirects, expander, self.context.outputs),
            feed=redirects.feed(command.redirects, self.frame, self.context.feed),
        )
        state.input = redirects.standard_input(command.redirects, expander, before)
        results = inner._inside_compound(command, state)
        if redirects.reads(command.redirects):
            for result in results:
                result.state.input = before
        return results

    def _inside_compound(self, command: Compound, state: State) -> list[Result]:
        match command:
            case If():
                return branches.if_command(self, command, state)
            case Case():
                return branches.case(self, command, state)
            case Group():
                return self.block(command.body, state)
            case Subshell():
                inner = self.apart()
                results = inner.block(command.body, state.fork())
                traps.run(inner, results)
                if results:
                    captured.keep(state, joined([result.state for result in results]))
                return [Result(state, _one_truth(results))]
            case _:
                return loops.execute(self, command, state)

    def _pipeline(self, command: Pipeline, state: State) -> list[Result]:
        if len(command.commands) == 1:
            results = self.execute(command.commands[0], state)
            if not command.negated:
                return results
            return [replace(r, truth=None if r.truth is None else not r.truth) for r in results]
        if endless.follows_for_ever(command, self.frame.written):
            endless.note(self, command.span, self.walk.number(), state)
        written: Value | None = None
        for index, part in enumerate(command.commands):
            inner = self
            if index + 1 < len(command.commands):
                both = command.operators[index] == "|&"
                following = command.commands[index + 1 :]
                piped = redirects.piped(following, both, self.expander(state), self.context.outputs)
                inner = self.apart(outputs=piped)
            beside = state.fork()
            if index:
                beside.input = written
                read = Span(command.commands[0].span.start, command.commands[index - 1].span.end)
                inner = inner.inside(feed=self.frame.origin(read))
            written = substitution.written(part, inner.expander(beside))
            traps.run(inner, inner.execute(part, beside))
            self.walk.step()
        captured.add_values(state, self.context.outputs, [written])
        return [Result(state)]

    # --- functions and other scripts --------------------------------------------------

    def call(self, name: str, arguments: tuple[Value, ...], state: State) -> list[Result]:
        """Call a function, or whatever has its name, with arguments."""
        self.walk.called.add(name)
        calling = self.walk.calling
        if len(calling) >= MAX_CALLS or calling.count(name) >= MAX_RECURSION:
            captured.lose(state)
            return [Result(state)]
        calling.append(name)
        results: list[Result] = []
        alternatives = state.functions[name]
        try:
            for defined in alternatives:
                way = state if len(alternatives) == 1 else assuming(state, defined.assumes)
                if way is not None:
                    results += self._call(defined, arguments, way)
        finally:
            calling.pop()
        return merge(results) or [Result(state)]

    def _call(self, defined: Defined, arguments: tuple[Value, ...], state: State) -> list[Result]:
        """Call a function; its locals are forgotten on return."""
        if defined.function is None or defined.frame is None:
            captured.lose(state)
            return [Result(state)]
        if summed_up := summing.summed_up(self, defined, arguments, state):
            return summed_up
        steps = self.walk.steps
        outer, hidden = state.positional, self.walk.text_of(defined.function).local
        before = {n: state.variables.get(n) for n in (*hidden, ARGUMENTS)}
        references = state.references
        state.positional, state.references = arguments, dict(references)
        inner = Interpreter(self.walk, defined.frame, self.context, self.branch)
        results = inner.execute(defined.function.body, state)
        ended: list[Result] = []
        for result in results:
            result.state.positional, result.state.references = outer, references
            for n, variable in before.items():
                if variable is None:
                    result.state.variables.pop(n, None)
                else:
                    result.state.variables[n] = variable
            leaves = result.flow is Flow.EXIT
            ended.append(result if leaves else replace(result, flow=Flow.NEXT))
        self.walk.spent_on[id(defined.function)] += self.walk.steps - steps
        return ended

    def script(self, frame: ScriptFrame, text: str, state: State) -> list[Result]:
        """Walk the text of another shell in this state, which it may change."""
        inner = Interpreter(self.walk, frame, self.context, self.branch)
        within = isinstance(frame, NestedFrame)
        for name, value in frame.unknowns.items():
            state.set(name, (value,))
        return inner.block(self.walk.parsed(text, is_file=not within).body, state)


def _kills(command: Command) -> bool:
    """``kill PID &``, which ends what ran before as surely as without the ``&``."""
    words = command.words if isinstance(command, Simple) else ()
    return bool(words) and is_a(words[0].literal or "", Trait.ENDS_OTHERS)


def _one_truth(results: Sequence[Result]) -> bool | None:
    truths = {result.truth for result in results}
    return truths.pop() if len(truths) == 1 else None
