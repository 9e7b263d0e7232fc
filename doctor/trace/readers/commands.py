"""Every program that the script starts, for the rules of sites about any of them."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base import tokens
from doctor.base.unknown import HOLE, UNKNOWN, PartlyKnown, UnknownType
from doctor.facts.base import Evidence
from doctor.facts.commands import Command
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.scene import Scene
from doctor.values.assumption import Guard, Question

#: What decides whether a command runs, beside what variables are given.
_CONDITIONS = (Question.HOLDS, Question.SUCCEEDS, Question.ARM)


def read(scene: Scene) -> Iterator[Command]:
    """The programs, each once however many iterations and ways lead to it with the same words."""
    told = set()
    for invocation in scene.invocations:
        fact = _fact(invocation, scene.is_batch)
        key = (fact.location, fact.line, fact.around)
        if key not in told:
            told.add(key)
            yield fact


def _fact(invocation: Invocation, in_batch: bool) -> Command:
    context, program = invocation.context, invocation.arguments[0]
    place = program.location or invocation.origin.location
    container = context.container
    rests_on: Guard = frozenset().union(*(word.assumes for word in invocation.arguments))
    return Command(
        location=invocation.origin.location,
        evidence={
            "program": Evidence((place,), program.assumes),
            "line": Evidence((invocation.origin.location,), rests_on),
        },
        program=invocation.program,
        line=_line(invocation),
        around=frozenset(wrapper.words[0] for wrapper in context.wrappers),
        in_job=_in_job(invocation, in_batch),
        in_loop=_or_unseen(bool(context.turns), invocation),
        conditional=_or_unseen(_is_conditional(invocation), invocation),
        container=container.engine if container is not None else None,
        in_background=bool(context.threads),
    )


def _line(invocation: Invocation) -> str:
    """The words as one text, without the program's folder and without secrets."""
    words = invocation.arguments
    shown = " ".join(word.display for word in words)
    known = " ".join(word.shadow for word in words)
    begins = len(words[0].display) - len(invocation.program)
    text = tokens.blotted(shown)[begins:]
    return PartlyKnown(text, known[begins:]) if HOLE in known else text


def _in_job(invocation: Invocation, in_batch: bool) -> bool | UnknownType:
    context = invocation.context
    if context.remote or context.uncalled:
        return UNKNOWN
    return True if in_batch or context.in_step or context.batch_job is not None else UNKNOWN


def _is_conditional(invocation: Invocation) -> bool:
    return any(each.about in _CONDITIONS for each in invocation.assumes)


def _or_unseen(seen: bool, invocation: Invocation) -> bool | UnknownType:
    """What is seen around a command; more may be around a function that nothing calls in sight."""
    return UNKNOWN if invocation.context.uncalled and not seen else seen
