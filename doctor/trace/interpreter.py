"""The abstract interpreter: walks a script once and says which programs it would start.

It knows control flow and nothing else: what a simple command does is in ``commands``, what its
words mean in ``expand``. Every command is executed in a state and yields the ways in which it
may end; ways come together again at the end of each statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from doctor.diagnostic import Source
from doctor.shell import parse
from doctor.shell.tree import (
    AndOr,
    ArithmeticCommand,
    ArithmeticFor,
    Block,
    Case,
    CaseArm,
    Command,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirect,
    Simple,
    Statement,
    Subshell,
    Substitution,
    Test,
    Unparsed,
    While,
)
from doctor.trace import commands, conditions, loops, redirects, substitution
from doctor.trace.context import Context, Invocation, Thread
from doctor.trace.expand import Expander, Frame
from doctor.trace.frame import NestedFrame, ScriptFrame
from doctor.trace.results import Flow, Result, assuming, joined, merge, split
from doctor.trace.state import Defined, Guard, State
from doctor.trace.values import Assumption, Origin, Value

#: How many commands of one script are walked, loops' turns and calls counted in.
MAX_STEPS = 6_000
MAX_DEPTH = 12
#: How many ways to the next arm of an ``if`` are kept apart.
MAX_WAYS = 2


@dataclass
class Walk:
    """One walk over one script and what it runs.

    ``load`` finds the source of a script that another one runs; ``unread`` are those that it
    did not find, and the commands that name them. ``truncated`` tells that the walk was cut
    short, so that nothing may be concluded from what it did not see. ``calls`` is how deep
    function calls are nested at the moment. In each turn of ``waiting_loops`` the script waits
    for jobs to end, in ``settling_loops`` at least for a server to answer.
    """

    load: Callable[[str, Source], Source | None]
    invocations: list[Invocation] = field(default_factory=list)
    unread: list[tuple[Value, Origin]] = field(default_factory=list)
    truncated: bool = False
    steps: int = 0
    depth: int = 0
    calls: int = 0
    numbers: int = 0
    called: set[str] = field(default_factory=set)
    waiting_loops: set[int] = field(default_factory=set)
    settling_loops: set[int] = field(default_factory=set)

    def number(self) -> int:
        """A number that nothing else in this walk has."""
        self.numbers += 1
        return self.numbers

    def step(self) -> bool:
        """Count a step; false when the walk has gone on for too long."""
        self.steps += 1
        self.truncated = self.truncated or self.steps > MAX_STEPS
        return not self.truncated


@dataclass
class Interpreter:
    """Executes commands of one frame in one context."""

    walk: Walk
    frame: Frame
    context: Context = field(default_factory=Context)
    waited: int = 0
    settled: int = 0

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
            results = self.statement(statement, going_on[0].state)
        return [*done, *results]

    def statement(self, statement: Statement, state: State) -> list[Result]:
        if not statement.background or _kills(statement.command):
            return self.execute(statement.command, state)
        self.in_background().execute(statement.command, state.copy())
        return [Result(state, True)]

    def in_background(self) -> Interpreter:
        """The interpreter of a branch that runs beside this one."""
        thread = Thread(self.walk.number(), self.waited, self.settled)
        return self.inside(threads=(*self.context.threads, thread))

    def inside(self, **changes: object) -> Interpreter:
        """The interpreter of what runs within this one's context, changed so."""
        context = replace(self.context, **changes)  # type: ignore[arg-type]
        return Interpreter(self.walk, self.frame, context)

    def expander(self, state: State) -> Expander:
        return Expander(state, self.frame, lambda part: self.substitution(part, state))

    def substitution(self, part: Substitution, state: State) -> tuple[Value, ...]:
        """What a command substitution writes; its commands are walked too."""
        self.inside().block(part.body, state.copy())
        return substitution.outputs(part, self.expander(state), self.frame.written(part.span))

    # --- commands ---------------------------------------------------------------------

    def execute(self, command: Command, state: State) -> list[Result]:
        """All ways in which a command may end."""
        if self.walk.depth > 4 * MAX_DEPTH:
            self.walk.truncated = True
            return [Result(state)]
        self.walk.depth += 1
        try:
            return self._dispatch(command, state)
        finally:
            self.walk.depth -= 1

    def _dispatch(self, command: Command, state: State) -> list[Result]:
        match command:
            case Simple():
                return commands.execute(self, command, state)
            case Test():
                return conditions.test_command(self, command, state)
            case ArithmeticCommand():
                return conditions.arithmetic_command(self, command, state)
            case Pipeline():
                return self._pipeline(command, state)
            case AndOr():
                return self._and_or(command, state)
            case If():
                return self._redirected(command.redirects, state)._if(command, state)
            case Case():
                return self._redirected(command.redirects, state)._case(command, state)
            case For() | ArithmeticFor() | While():
                return loops.execute(self._redirected(command.redirects, state), command, state)
            case Group():
                return self._group(command, state)
            case Subshell():
                inner = self._redirected(command.redirects, state)
                results = inner.block(command.body, state.copy())
                return [Result(state, _one_truth(results))]
            case Function():
                state.functions[command.name] = Defined(command, self.frame)
                return [Result(state, True)]
            case Unparsed():
                return [Result(state)]

    def _redirected(self, found: Sequence[Redirect], state: State) -> Interpreter:
        """The interpreter of a compound command's inside, where its redirections hold."""
        if not found:
            return self
        outputs = redirects.outputs(found, self.expander(state), self.context.outputs)
        inner = self.inside(outputs=outputs)
        inner.waited, inner.settled = self.waited, self.settled
        return inner

    def _group(self, command: Group, state: State) -> list[Result]:
        inner = self._redirected(command.redirects, state)
        results = inner.block(command.body, state)
        self.waited, self.settled = inner.waited, inner.settled
        return results

    def _pipeline(self, command: Pipeline, state: State) -> list[Result]:
        if len(command.commands) == 1:
            results = self.execute(command.commands[0], state)
            if not command.negated:
                return results
            return [replace(r, truth=None if r.truth is None else not r.truth) for r in results]
        for index, part in enumerate(command.commands):
            inner = self
            if index + 1 < len(command.commands):
                both = command.operators[index] == "|&"
                following = command.commands[index + 1 :]
                piped = redirects.piped(following, both, self.expander(state), self.context.outputs)
                inner = self.inside(outputs=piped)
                inner.waited, inner.settled = self.waited, self.settled
            inner.execute(part, state.copy())
            self.walk.step()
        return [Result(state)]

    def _and_or(self, command: AndOr, state: State) -> list[Result]:
        results = self.execute(command.commands[0], state)
        for operator, part in zip(command.operators, command.commands[1:], strict=True):
            results = self._decided(results, command.commands[0])
            wanted = operator == "&&"
            taken = [r for r in results if r.flow is Flow.NEXT and r.truth is wanted]
            passed = [r for r in results if r not in taken]
            results = passed
            if taken:
                results = [*passed, *self.execute(part, joined([r.state for r in taken]))]
        return results

    def _decided(self, results: Sequence[Result], command: Command) -> list[Result]:
        """The results with every unknown success split in two."""
        place = self.frame.origin(command.span)
        row = "?" if place is None else place.location.start.row
        what = f"the command in line {row}"
        key = f"success:{self.walk.number()}"
        return [way for result in results for way in split(result, key, what, "succeeds")]

    # --- branches ---------------------------------------------------------------------

    def _if(self, command: If, state: State) -> list[Result]:
        results: list[Result] = []
        waiting = [state]
        for arm in command.arms:
            undecided: list[State] = []
            for before in waiting:
                tested = self.block(arm.condition, before)
                for way in self._decided_condition(tested, arm.condition):
                    if way.flow is not Flow.NEXT:
                        results.append(way)
                    elif way.truth:
                        results += self.block(arm.body, way.state)
                    else:
                        undecided.append(way.state)
            last = arm is command.arms[-1] and command.otherwise is None
            waiting = undecided if last or len(undecided) <= MAX_WAYS else [joined(undecided)]
        for before in waiting:
            otherwise = command.otherwise
            results += [Result(before)] if otherwise is None else self.block(otherwise, before)
        return results

    def _decided_condition(self, results: list[Result], condition: Block) -> list[Result]:
        last = condition[-1].command if condition else None
        if last is None:
            return results
        place = self.frame.origin(last.span)
        row = "?" if place is None else place.location.start.row
        key = f"success:{self.walk.number()}"
        what = f"the condition in line {row}"
        return [way for result in results for way in split(result, key, what, "holds")]

    def _case(self, command: Case, state: State) -> list[Result]:
        results: list[Result] = []
        number = self.walk.number()
        for subject in self.expander(state).scalar(command.subject):
            way = assuming(state, subject.assumes)
            if way is not None:
                results += self._case_of(command, subject, way, number)
        return results or [Result(state)]

    def _case_of(self, command: Case, subject: Value, state: State, number: int) -> list[Result]:
        results: list[Result] = []
        certain = False
        for index, arm in enumerate(command.arms):
            verdict = conditions.case_matches(self.expander(state), subject, arm.patterns)
            if verdict is False:
                continue
            certain = verdict is True
            guard: Guard = frozenset()
            if not certain or results:
                words = f"{subject.display} {self._patterns(arm)}"
                guard = frozenset({Assumption(f"case:{number}", str(index), words)})
            entered = assuming(state, guard)
            if entered is not None:
                conditions.refine(entered, command.subject, arm.patterns, guard)
                results += self.block(arm.body, entered)
            if certain:
                break
        if not certain:
            words = f"{subject.display} is like none of the patterns"
            none = frozenset({Assumption(f"case:{number}", "none", words)})
            left = assuming(state, none if results else frozenset())
            results += [Result(left)] if left is not None else []
        return results

    def _patterns(self, arm: CaseArm) -> str:
        """What a subject is in an arm, in words: ``is like *-8B``."""
        written = [self.frame.written(pattern.span) for pattern in arm.patterns]
        return "is anything else" if "*" in written else f"is like {' or '.join(written)}"

    # --- functions and other scripts --------------------------------------------------

    def call(self, name: str, arguments: tuple[Value, ...], state: State) -> list[Result]:
        """Call a function with arguments; its locals are forgotten on return."""
        defined = state.functions[name]
        self.walk.called.add(name)
        if self.walk.calls >= MAX_DEPTH:
            return [Result(state)]
        self.walk.calls += 1
        outer, hidden = state.positional, commands.local_names(defined.function)
        before = {n: state.variables.get(n) for n in hidden}
        state.positional = arguments
        inner = Interpreter(self.walk, defined.frame, self.context, self.waited, self.settled)  # type: ignore[arg-type]
        results = inner.execute(defined.function.body, state)
        self.waited, self.settled = inner.waited, inner.settled
        self.walk.calls -= 1
        ended: list[Result] = []
        for result in results:
            result.state.positional = outer
            for n, variable in before.items():
                if variable is None:
                    result.state.variables.pop(n, None)
                else:
                    result.state.variables[n] = variable
            leaves = result.flow in (Flow.EXIT,)
            ended.append(result if leaves else replace(result, flow=Flow.NEXT))
        return merge(ended)

    def script(self, frame: ScriptFrame, text: str, state: State) -> list[Result]:
        """Walk the text of another shell in this state, which it may change."""
        inner = Interpreter(self.walk, frame, self.context, self.waited, self.settled)
        if isinstance(frame, NestedFrame):
            for name, value in frame.unknowns.items():
                state.set(name, (value,))
        results = inner.block(parse(text).body, state)
        self.waited, self.settled = inner.waited, inner.settled
        return results


def _kills(command: Command) -> bool:
    """``kill PID &``, which ends what ran before as surely as without the ``&``."""
    words = command.words if isinstance(command, Simple) else ()
    return bool(words) and words[0].literal in ("kill", "pkill", "killall")


def _one_truth(results: Sequence[Result]) -> bool | None:
    truths = {result.truth for result in results}
    return truths.pop() if len(truths) == 1 else None
