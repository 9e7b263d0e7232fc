"""Fixes of what is asked of Slurm: directives, and the options of its commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from doctor.diagnostic import Edit, Location
from doctor.facts.jobs import Allocation, Directive
from doctor.fix.lines import with_comment
from doctor.fix.work import How, NoFixError, Work
from doctor.shell.header_words import split
from doctor.slurm.hostlist import fold
from doctor.trace.readers.directives import VARIABLE, names_file

_DIRECTIVE = "#SBATCH"
_PATTERNS = {
    "SLURM_JOB_ID": "%j",
    "SLURM_JOBID": "%j",
    "SLURM_JOB_NAME": "%x",
    "SLURM_ARRAY_JOB_ID": "%A",
    "SLURM_ARRAY_TASK_ID": "%a",
    "SLURM_NODEID": "%n",
    "SLURM_PROCID": "%t",
    "USER": "%u",
}


def exclude_nodes(work: Work) -> Iterator[Edit]:
    """`exclude-nodes`: more nodes in `--exclude`, in the form that the script uses already."""
    fact = _allocation(work)
    if not isinstance(fact.excluded, frozenset):
        raise NoFixError("it can't be known which nodes are excluded already")
    wanted = fact.excluded | fact.meant | work.names("nodes")
    nodes = fold(wanted) if fact.by == "header" else ",".join(sorted(wanted))
    if fact.evidence.get("excluded") and fact.evidence["excluded"].locations:
        place = _option_value(work, work.place("excluded"))
        yield Edit(place, nodes) if fact.by == "header" else work.edit(place, nodes)
    elif fact.by == "header":
        last = work.own(fact.location)
        if not work.written(last).startswith(_DIRECTIVE):
            raise NoFixError("the header stands in a text that another program writes")
        end = work.stretch(last.end.offset, last.end.offset)
        yield Edit(end, f"{work.newline}{_DIRECTIVE} --exclude={nodes}")
    else:
        yield work.edit(_after_program(work, fact.by), f" --exclude={nodes}")


def _allocation(work: Work) -> Allocation:
    assert isinstance(work.fact, Allocation)
    return work.fact


def _option_value(work: Work, option: Location) -> Location:
    """Where the value of an option stands: behind `--exclude=`, `--exclude `, `-x ` or `-x`."""
    text = work.written(option)
    found = re.match(r"(?:--[\w-]+(?:=|\s+)|-\w\s*=?)?(['\"]?)([\w.,\[\]{}=-]*)\1$", text)
    if found is None:
        raise NoFixError("the nodes do not stand there literally")
    return work.stretch(option.start.offset + found.start(2), option.start.offset + found.end(2))


def _after_program(work: Work, program: str) -> Location:
    """The place behind the word that starts a program."""
    for invocation in work.invocations():
        word = invocation.arguments[0]
        if word.display.rpartition("/")[2] == program and word.location is not None:
            end = work.own(word.location).end.offset
            return work.stretch(end, end)
    raise NoFixError(f"{program} does not stand there literally")


def drop_nodes(work: Work) -> Iterator[Edit]:
    """`drop-nodes`: fewer nodes in `--nodelist`; without any that is left, Slurm chooses."""
    fact = _allocation(work)
    if not isinstance(fact.requested, frozenset):
        raise NoFixError("it can't be known which nodes are asked for")
    option = work.place("requested")
    rest = fact.requested - work.names("nodes")
    if not rest:
        raise NoFixError("no node would be left that is asked for")
    if isinstance(fact.nodes, int) and fact.nodes > len(rest):
        raise NoFixError("fewer nodes would be left than the job asks for")
    value = _option_value(work, option)
    yield Edit(value, fold(rest))


def write_directive(work: Work) -> Iterator[Edit]:
    """`write-directive`: the line as sbatch reads it, above the first command."""
    fact = work.fact
    assert isinstance(fact, Directive)
    place = work.own(fact.location)
    text = work.written(place)
    if fact.effect == "misspelt" and fact.meant is not None:
        yield Edit(place, fact.meant)
    elif fact.effect == "indented":
        start = work.line_start(place.start.offset)
        yield Edit(work.stretch(start, place.end.offset), text.lstrip())
    else:
        yield from _moved(work, place)


def _moved(work: Work, place: Location) -> Iterator[Edit]:
    """A line that stands too low, behind the last one that counts."""
    effective = [
        fact
        for fact in work.traced.facts
        if isinstance(fact, Directive) and fact.effect == "effective"
    ]
    source = work.source.text
    if effective:
        after = work.own(effective[-1].location).end.offset
    elif source.startswith("#!"):
        after = work.line_end(0)
    else:
        raise NoFixError("the script has no first line that a header could follow")
    option = re.match(r"#SBATCH\s+(--[\w-]+|-\w)", work.written(place))
    if option is None or any(re.search(re.escape(option[1]) + r"\b", f.text) for f in effective):
        raise NoFixError("the header has that option already, and the last one counts")
    line = work.line_start(place.start.offset)
    start = with_comment(work, line, work.line_end(place.end.offset))
    comment = source[start:line].strip()
    moved = f"{comment}{work.newline if comment else ''}{work.written(place).strip()}"
    yield Edit(work.stretch(after, after), work.newline + moved)
    yield Edit(
        work.stretch(
            start, min(source.find("\n", place.end.offset) + 1 or len(source), len(source))
        ),
        "",
    )


def use_pattern(work: Work) -> Iterator[Edit]:
    """`use-pattern`: `%j` for `$SLURM_JOB_ID`, for all variables of the directive at once."""
    place = work.own(work.fact.location)
    source = work.source.text
    words, _ = split(source, place.start.offset + len(_DIRECTIVE), place.end.offset)
    for number, word in enumerate(words):
        for found in VARIABLE.finditer(source, *word.span):
            pattern = _PATTERNS.get(found[0].strip("${}"))
            if pattern is None or not names_file(words[: number + 1], source):
                raise NoFixError(f"Slurm has no pattern for {found[0]} there")
            yield Edit(work.stretch(*found.span()), pattern)


HOW: Mapping[str, How] = {
    "exclude-nodes": How(exclude_nodes),
    "drop-nodes": How(drop_nodes),
    "write-directive": How(write_directive),
    "use-pattern": How(use_pattern),
}
