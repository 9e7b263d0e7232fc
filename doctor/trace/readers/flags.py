"""Flags: what a server's line gives, judged release by release."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.regex import regex
from doctor.facts.base import Evidence
from doctor.facts.servers import GivenFlag
from doctor.shell.header_words import holds_placeholder
from doctor.slurm import table as slurm
from doctor.trace.machine.widening import rests_on_turns
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.assumption import Guard
from doctor.values.value import UNKNOWN, Value
from doctor.vllm.arguments import Flag
from doctor.vllm.images import is_newest
from doctor.vllm.releases import in_words
from doctor.vllm.verdicts import Verdict, verdicts

#: Flags of programs that extend vLLM's command line with more of their own.
_FOREIGN = frozenset({"--omni"})
#: A value that a template leaves open: ``{TP}``, ``<PORT>``, ``%(port)s``, ``@PORT@``.
_TEMPLATE = regex(r"[{<]|%[(s]|@\w+@|\A\[{1,2}[A-Z][A-Z0-9_]*\]{1,2}\Z")
_JSON = regex(r"\s*[{\[]\s*(?:\\*[\"'}\]]|\Z)")
_VARIABLE = regex(r"[\s\\\"']*\$")


def read(scene: Scene) -> Iterator[GivenFlag]:
    """A fact for each flag of each server's line."""
    for started in scene.started:
        yield from _of_server(started)


def _of_server(started: Started) -> Iterator[GivenFlag]:
    """The flags of one server's line.

    The server for demonstrations has flags of its own, which no table holds.
    """
    server = started.server
    if server.kind == "demo":
        return
    foreign = any(flag.name in _FOREIGN for flag in server.arguments.flags)
    for verdict in verdicts(server, started.candidates):
        yield _fact(started, verdict, foreign)


def _fact(started: Started, verdict: Verdict, foreign: bool) -> GivenFlag:
    flag = verdict.flag
    value = flag.value or flag.word
    rewrite = verdict.rewrite
    evidence = {
        "name": _evidence(flag.word, flag.word.assumes),
        "fault": _evidence(value, flag.word.assumes | value.assumes),
    }
    by_release = Evidence((), started.pin_rests_on)
    evidence |= dict.fromkeys(("accepted", "too_new", "fault_counts"), by_release)
    return GivenFlag(
        location=started.invocation.origin.location,
        evidence=evidence,
        name=flag.name,
        spelling=flag.spelling,
        line_open=started.server.open,
        foreign=foreign,
        known=verdict.known,
        suggestion=verdict.suggestion,
        of_program=_of_program(flag, started) if verdict.known is not True else None,
        pinned=started.candidates.pin is not None,
        of_newest=_of_newest(started),
        accepted=verdict.accepted,
        newest_accepts=verdict.newest_accepts or flag.ambiguous,
        too_new=verdict.too_new,
        accepted_by=verdict.accepted_by,
        added=verdict.added_in,
        removed=verdict.removed_in,
        deprecated=verdict.deprecated,
        deprecated_in=verdict.deprecated_in,
        replacement=verdict.replacement,
        rewrite=rewrite.text if rewrite else None,
        rewrite_in_words=rewrite.in_words if rewrite else None,
        rewrite_same=bool(rewrite and rewrite.same),
        fault=_fault(flag) if verdict.problem is not None else None,
        fault_in=in_words(flag.wrong_in, started.candidates.tables),
        fault_counts=UNKNOWN if verdict.problem is UNKNOWN else verdict.problem is not None,
    )


def _of_program(flag: Flag, started: Started) -> str | None:
    """The innermost program around a server that has an option of this name."""
    name = flag.name.removeprefix("--")
    for each in reversed(started.invocation.context.wrappers):
        program = each.words[0]
        takes = slurm.options("srun") if program == "srun" else each.wrapper.long
        if name in takes:
            return program
    return None


def _of_newest(started: Started) -> bool:
    """Whether the server runs in an image of the newest release, whichever that is."""
    container = started.invocation.context.container
    return container is not None and container.image is not None and is_newest(container.image)


def _fault(flag: Flag) -> str | None:
    """What is wrong with a flag's value, where that is the value that is meant.

    It is not where a variable is still to be filled in, where a loop that adds the values may
    not have begun, or where one of several things that a variable may hold would be wrong.
    """
    value = flag.value
    if value is None:
        filled_in = _names_variable(flag) or rests_on_turns(flag.word.assumes)
        return None if filled_in else flag.problem
    unsure = value.assumes - flag.word.assumes or _is_template(value.display)
    return None if unsure else flag.problem


def _is_template(text: str) -> bool:
    """Whether something has yet to be filled in; the braces of JSON are no sign of that."""
    is_json = _JSON.match(text) is not None
    return holds_placeholder(text) if is_json else _TEMPLATE.search(text) is not None


def _names_variable(flag: Flag) -> bool:
    """Whether a variable stands behind a flag and turned out empty: ``--seed $SEED``."""
    origin = flag.word.pieces[-1].origin
    return origin is not None and bool(_VARIABLE.match(origin.source.text, origin.end))


def _evidence(value: Value, assumes: Guard) -> Evidence:
    place = value.location
    return Evidence((place,) if place else (), assumes)
