"""Which programs of a script run at the same time."""

from __future__ import annotations

from collections.abc import Collection

from doctor.base.record import Record
from doctor.diagnostic import Location
from doctor.slurm.allocation import AllocationRequest
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.invocation import JOB_NODES, JOB_TASKS, Invocation
from doctor.values.assumption import FIRST, NO_GUARD, Guard, Question, consistent
from doctor.values.value import (
    ARRAY_TASK,
    HOST,
    PROCESS,
    RANDOM,
    TASK,
    Iteration,
    UnknownType,
    Vary,
)


def together(one: Invocation, other: Invocation, settled: bool = False) -> bool:
    """Whether two programs, started in this order on one path, run at the same time.

    With ``settled``, one that the script saw answering before it started the other doesn't
    count: its start is over.
    """
    if one.order > other.order:
        one, other = other, one
    if one.context.excludes(other.context) or not consistent(one.assumes, other.assumes):
        return False
    if one.context.batch_job != other.context.batch_job:
        return False
    first, second = one.context.threads, other.context.threads
    common = 0
    while common < min(len(first), len(second)) and first[common] == second[common]:
        common += 1
    if common == len(first):
        return False  # the first one ends before the script goes on to the second
    branch = first[common]
    if common < len(second):
        waited, done = second[common].forked_at, second[common].settled_at
    else:
        waited, done = other.waited, other.settled
    if waited != branch.forked_at:
        return False
    return not settled or done == branch.settled_at


class JobShape(Record):
    """What the header of a script says about how often its steps run.

    ``array``: several tasks of an array run at once; ``tasks``, ``nodes``: a step that doesn't
    say otherwise has several tasks, on several nodes; ``one_node``: there is surely just one.
    ``array_place`` is where the array is asked for.
    """

    array: bool = False
    array_place: Location | None = None
    tasks: bool = False
    nodes: bool = False
    one_node: bool = False

    @classmethod
    def of(cls, request: AllocationRequest | None) -> JobShape:
        if request is None:
            return cls()
        array = _is_more(request.array_tasks) and request.array_at_once != 1
        nodes = request.nodes
        option = request.evidence.get("array_tasks", (None,))[0]
        value = option.value if option is not None else None
        place = value.location if value is not None else None
        return cls(
            array, place, _is_more(request.tasks), _is_more(nodes), nodes is None or nodes == 1
        )


def _is_more(count: int | UnknownType | None) -> bool:
    return isinstance(count, int) and count > 1


def copies(
    invocation: Invocation,
    walk: Walk,
    job: JobShape,
    settled: bool = False,
    assumes: Guard = NO_GUARD,
) -> frozenset[Vary]:
    """Between what the copies of one program differ that run at the same time.

    Empty if there is just one; else some of ``task``, ``host``, ``process``, ``array-task``,
    iterations. Of the
    iterations in which more is assumed of the program, ``assumes``, there may be just one.
    """
    first = {
        Iteration(int(each.subject))
        for each in invocation.assumes | assumes
        if each.about is Question.ITERATION and each.choice == FIRST
    }
    newest = max((assumption.since for assumption in assumes), default=0)
    context = invocation.context
    differ: set[Vary] = {kind for kind in (TASK, HOST, PROCESS) if kind in context.copies}
    if context.batch_job is None:
        differ |= {ARRAY_TASK} if job.array else set()
        differ |= {TASK} if job.tasks and JOB_TASKS in context.copies else set()
        differ |= {HOST} if job.nodes and JOB_NODES in context.copies else set()
    over = walk.settling_loops if settled else walk.waiting_loops
    for turn in context.turns:
        in_background = len(context.threads) > turn.threads
        again = turn.loop not in over and turn.loop >= newest
        if turn.index is None and in_background and again:
            differ.add(Iteration(turn.loop))
    return frozenset(differ - first)


def begun(differ: Collection[Vary]) -> int:
    """The moment from which on copies that differ so may go different ways.

    What was known before it is the same for all of them.
    """
    return min((kind.loop if isinstance(kind, Iteration) else 0 for kind in differ), default=0)


def kept_apart(varies: Collection[Vary], differ: Collection[Vary]) -> bool:
    """Whether a value that varies so is another one for each copy."""
    return bool(set(varies) & {RANDOM, PROCESS, *differ})


def servers_in_words(count: int, differ: Collection[Vary]) -> str:
    """``4 servers``, or which copies of one server are meant; of several there are more yet."""
    if not differ:
        return f"{count} servers"
    if count > 1:
        return f"at least {count} servers"
    if ARRAY_TASK in differ:
        return "the servers of all array tasks"
    if any(isinstance(kind, Iteration) for kind in differ):
        return "the servers of all the loop's turns"
    if PROCESS in differ:
        return "the servers that are started at once"
    return "the servers of all tasks of the step"
