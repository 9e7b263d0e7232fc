"""Loops: unrolled where every iteration is known, walked once with varying values where not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from doctor.base.bounds import MAX_JOINED, MAX_TURNS, MAX_WALKS
from doctor.shell.tree import ArithmeticFor, Block, For, Simple, While
from doctor.trace.domain.fields import Fields
from doctor.trace.domain.results import Flow, Result, assuming, joined, merge
from doctor.trace.domain.state import State
from doctor.trace.machine import captured, computations, endless, readiness
from doctor.trace.machine import widening as turns
from doctor.trace.machine.shell import Shell
from doctor.trace.programs.invocation import Turn
from doctor.values import value as values
from doctor.values.assumption import NO, Question, assume
from doctor.values.value import Iteration, Unknown, Value, placed


def execute(shell: Shell, command: For | ArithmeticFor | While, state: State) -> list[Result]:
    """All ways in which a loop may end."""
    number = shell.walk.number()
    if not isinstance(command, For) and endless.waits_for_ever(command, shell.frame.written):
        endless.note(shell, endless.head(command), number, state)
    if readiness.ends_with_an_answer(command, shell.frame.written):
        results = _turns(shell, command, state, number)
        shell.walk.readiness.append(range(number, shell.walk.number()))
        return results
    return _turns(shell, command, state, number)


def _turns(
    shell: Shell, command: For | ArithmeticFor | While, state: State, number: int
) -> list[Result]:
    match command:
        case For():
            return _for(shell, command, state, number)
        case ArithmeticFor():
            return _arithmetic_for(shell, command, state, number)
        case While():
            return _while(shell, command, state, number)


def _for(shell: Shell, command: For, state: State, number: int) -> list[Result]:
    expander = shell.expander(state)
    if command.words is None:
        known_list = state.positional is not None
        alternatives = [Fields(state.positional or ())] if known_list else [Fields(_anything())]
    else:
        alternatives = expander.arguments(command.words)
    if command.select:
        shell.may_hold()
    elif turns.only_tells(command.body) and not _is_heard(shell, state):
        return [Result(_told(shell, command, state, number, alternatives))]
    results: list[Result] = []
    for fields in alternatives:
        way = state if len(alternatives) == 1 else assuming(state, fields.assumes)
        if way is None:
            continue
        if any(v.many for v in fields.values) or command.select:
            results += _each(shell, command, way, number, fields.values)
        elif len(fields.values) > MAX_TURNS:
            results += _varying(
                shell, command.body, way, number, _any(command.name, number, shell.walk.number())
            )
        else:
            bind = ((command.name, value) for value in fields.values)
            results += _unrolled(shell, command.body, way, number, bind)
    return merge(results) or [Result(state)]


def _is_heard(shell: Shell, state: State) -> bool:
    """Whether what is printed here goes to a file, a program or a variable."""
    return 1 in shell.context.outputs or captured.is_collected(state)


def _told(shell: Shell, command: For, state: State, number: int, lists: Sequence[Fields]) -> State:
    """The state after a loop that only prints its list, whichever it is: it is walked once."""
    inside = state.copy()
    name, anything = _any(command.name, number, shell.walk.number())
    inside.set(name, (anything,))
    _turn(shell, command.body, inside, Turn(number, None))
    last = [(fields.values[-1], fields.assumes) for fields in lists if fields.values]
    if any(value.many for value, _ in last):
        state.set(name, (anything,))
    elif last:
        state.set(name, [Value(value.pieces, value.assumes | guard) for value, guard in last])
    return state


def _anything() -> tuple[Value, ...]:
    return (Value((Unknown("$@", many=True),)),)


def _any(name: str, number: int, moment: int) -> tuple[str, Value]:
    """A loop's variable, which differs in each iteration and is otherwise unknown."""
    return name, Value((values.moment(f"${name}", moment, frozenset({Iteration(number)})),))


def _each(
    shell: Shell, command: For, state: State, number: int, values: Iterable[Value]
) -> list[Result]:
    """Walk the body once for each word of a list in which some stand for several."""
    done: list[Result] = []
    for index, value in enumerate(values):
        binding = _any(command.name, number, shell.walk.number())
        if any(isinstance(piece, Unknown) and piece.matched for piece in value.pieces):
            binding = (command.name, _one_match(value, number))
        elif value.many and value.origin is not None:
            binding = (command.name, placed(binding[1], value.origin))
        if value.many or command.select:
            results = _varying(shell, command.body, state, number, binding)
        else:
            turn = [(command.name, value)]
            results = _unrolled(shell, command.body, state, number, turn, first=index)
        done += [result for result in results if result.flow is not Flow.NEXT]
        going_on = [result.state for result in results if result.flow is Flow.NEXT]
        if not going_on:
            return done
        state = joined(going_on)
    return [*done, Result(state)]


def _one_match(value: Value, number: int) -> Value:
    """One of the file names that a pattern matches."""
    turn = frozenset({Iteration(number)})
    return replace(
        value,
        pieces=tuple(
            replace(p, many=False, varies=p.varies | turn)
            if isinstance(p, Unknown) and p.matched
            else p
            for p in value.pieces
        ),
    )


def _unrolled(
    shell: Shell,
    body: Block,
    state: State,
    number: int,
    bindings: Iterable[tuple[str, Value]],
    first: int = 0,
) -> list[Result]:
    """Walk the body once for each value of the loop's variable, as iterations ``first`` and on."""
    done: list[Result] = []
    for index, (name, value) in enumerate(bindings, first):
        state.set(name, (value,))
        going_on, ended = _turn(shell, body, state, Turn(number, index))
        done += ended
        if not going_on or shell.walk.exhausted:
            return merge(done)
        state = joined(going_on)
    return merge([*done, Result(state)])


def _turn(shell: Shell, body: Block, state: State, turn: Turn) -> tuple[list[State], list[Result]]:
    """The states in which the next iteration begins, and the ways in which the loop ends here."""
    outer, before = shell.context, shell.branch.copy()
    turn = replace(turn, threads=len(outer.threads))
    shell.context = replace(outer, turns=(*outer.turns, turn))
    results = shell.block(body, state)
    if shell.branch.waited > before.waited:
        shell.walk.waiting_loops.append(turn.loop)
    if shell.branch.settled > before.settled:
        shell.walk.settling_loops.append(turn.loop)
    shell.context = replace(shell.context, turns=outer.turns)
    going_on = [r.state for r in results if r.flow in (Flow.NEXT, Flow.CONTINUE)]
    if len(going_on) > MAX_JOINED:
        going_on = [joined(going_on)]
    ended = [
        Result(r.state) if r.flow is Flow.BREAK else r
        for r in results
        if r.flow in (Flow.BREAK, Flow.RETURN, Flow.EXIT)
    ]
    return going_on, ended


def _varying(
    shell: Shell,
    body: Block,
    state: State,
    number: int,
    binding: tuple[str, Value] | None = None,
) -> list[Result]:
    """Walk the body once for all iterations; what it changes may afterwards have either value.

    What one leaves to the next may be more than can be seen in the body: then it is walked
    again, with that unknown, too.
    """
    changed = turns.assigned(body)
    going_on: list[State] = []
    for _ in range(MAX_WALKS):
        moment, mark = shell.walk.number(), shell.walk.mark()
        start = turns.begin(state, going_on, changed, body, number, moment)
        if binding is not None:
            start.set(binding[0], (binding[1],))
        begun = start.copy()
        going_on, ended = _turn(shell, body, start, Turn(number, None))
        more = set().union(*(turns.changes(begun, after) for after in going_on)) - changed
        if not more:
            break
        changed |= more
        shell.walk.rewind(mark)
    else:
        shell.walk.exhausted = True
    after = joined([*going_on, *(r.state for r in ended if r.flow is Flow.NEXT)] or [state])
    turns.end(after, state, changed, shell.walk.number())
    after.guard, after.one_of = state.guard, state.one_of
    if not going_on:
        no_turn = assume(Question.ITERATES, number, NO, "the loop has no turn")
        after.guard |= {no_turn}
    leaving = [r for r in ended if r.flow in (Flow.RETURN, Flow.EXIT)]
    if _sleeps(body):
        shell.may_hold()
    return [Result(after), *leaving]


def _while(shell: Shell, command: While, state: State, number: int) -> list[Result]:
    done: list[Result] = []
    if endless.asks_nothing(command.condition):
        tested = merge(shell.block(command.condition, state.copy()))
        if [result.truth for result in tested] == [command.until]:
            return tested
    elif _only_waits(command.body, state):
        shell.block(command.condition, state.copy())
    else:
        for index in range(MAX_TURNS):
            tested = merge(shell.block(command.condition, state.copy()))
            if len(tested) != 1 or tested[0].truth is None:
                break
            if tested[0].truth == command.until:
                return merge([*done, Result(tested[0].state)])
            going_on, ended = _turn(shell, command.body, tested[0].state, Turn(number, index))
            done += ended
            if not going_on or shell.walk.exhausted:
                return merge(done)
            state = joined(going_on)
    if readiness.asks_a_server(command, shell.frame.written):
        shell.branch.settled += 1
    body = command.body
    if turns.assigned(command.condition):  # `while read NAME`: another value in each turn
        body, state.input = (*command.condition, *body), None
    results = _varying(shell, body, state, number)
    shell.may_hold()
    return merge([*done, *results])


def _only_waits(body: Block, state: State) -> bool:
    """Whether the iterations of a loop sleep and start nothing, so that one is like the other."""
    starts = turns.starts_background(body)
    return _sleeps(body) and not starts and _names(body).isdisjoint(state.functions)


def _sleeps(body: Block) -> bool:
    return "sleep" in _names(body)


def _names(body: Block) -> set[str | None]:
    """The first words of the commands in a block."""
    return {
        command.words[0].literal
        for command in turns.commands(body)
        if isinstance(command, Simple) and command.words
    }


def _arithmetic_for(
    shell: Shell, command: ArithmeticFor, state: State, number: int
) -> list[Result]:
    expander = shell.expander(state)
    _clause(shell, command.start, state)
    done: list[Result] = []
    unlimited = command.condition.literal is not None and not command.condition.literal.strip()
    for index in range(0 if unlimited else MAX_TURNS):
        verdicts = _clause(shell, command.condition, state)
        if len(verdicts) != 1 or verdicts[0] is None:
            break
        if verdicts[0] == "0":
            return merge([*done, Result(state)])
        going_on, ended = _turn(shell, command.body, state, Turn(number, index))
        done += ended
        if not going_on or shell.walk.exhausted:
            return merge(done)
        state = joined(going_on)
        _clause(shell, command.step, state)
    for name in re.findall(r"[A-Za-z_]\w*", expander.frame.written(command.step.span)):
        state.set(name, (_any(name, number, shell.walk.number())[1],))
    return merge([*done, *_varying(shell, command.body, state, number)])


def _clause(shell: Shell, clause: object, state: State) -> list[str | None]:
    """Carry out a clause of ``for ((…))``; the numbers that it may have."""
    from doctor.shell.tree import Word

    assert isinstance(clause, Word)
    expander = shell.expander(state)
    written = shell.frame.written(clause.span)
    if not written.strip():
        return ["1"]
    found: list[str | None] = []
    for expression in expander.scalar(clause):
        parts = expression.display.split(",")
        texts = [expression] if len(parts) == 1 else []
        for text in texts:
            found += [value.text for value in computations.compute(expander, text, written)]
    return found or [None]
