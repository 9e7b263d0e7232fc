"""What sbatch refuses: the first line of a batch script, its line ends, its options.

``src/sbatch/sbatch.c`` of Slurm's sources, ``get_script_buffer`` ("This does not look like a batch
script", "Batch script contains DOS line breaks"), and ``src/sbatch/opt.c`` ("Invalid directive
found in batch script").
"""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.regex import regex
from doctor.diagnostic import Location
from doctor.facts.jobs import Refused, RefusedPart
from doctor.shell.tree import Span
from doctor.slurm.options import Given, Refusal, read_components
from doctor.trace.programs.batch import given_by
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.jobs import Job
from doctor.trace.readers.scene import Scene

#: A line that names an interpreter, or was meant to.
_NAMES_A_SHELL = regex(r"[ \t#]*#?[ \t]*!?[ \t]*/\S*(?:sh|python\d?)\b[^\n]*")
#: How many lines of a script are searched for one.
_FIRST_LINES = 5


def read(scene: Scene) -> Iterator[Refused]:
    """Why sbatch would refuse the jobs that the script holds, and its own command lines."""
    for job in scene.jobs:
        yield from _of_job(job)
    for invocation in scene.invocations:
        yield from _of_command(invocation)


def _of_job(job: Job) -> Iterator[Refused]:
    """Why sbatch would refuse a text that has directives, as it stands."""
    if not job.header.effective or job.header.template:
        return
    yield from _of_text(job)
    for given in given_by(job.frame, job.header):
        yield from _of_words(given, job.frame.origin(job.header.effective[0].span).location)


def _of_command(invocation: Invocation) -> Iterator[Refused]:
    """Why sbatch would refuse its command line."""
    if invocation.arguments[0].display.rpartition("/")[2] == "sbatch":
        for given in read_components(invocation.arguments[1:], "sbatch"):
            yield from _of_words(given, invocation.origin.location)


def _of_text(job: Job) -> Iterator[Refused]:
    first = job.frame.origin(Span(0, max(job.text.find("\n"), 0))).location
    if job.byte_order_mark and job.text.startswith("#!"):
        yield _refused(first, "byte-order-mark", "a byte order mark stands before `#!`")
    elif not job.text.startswith("#!") and job.header.read_until is not None:
        yield _refused(first, "first-line", _first_line(job.text))
    elif "\r\n" in job.text:
        yield _refused(first, "dos-line-ends", "its lines end as on DOS (`\\r\\n`)")


def _first_line(text: str) -> str:
    lines = text.split("\n")[:_FIRST_LINES]
    named = next((n for n, line in enumerate(lines, 1) if _NAMES_A_SHELL.fullmatch(line)), None)
    if named is None:
        return "its first line is not `#!` with a shell"
    if named > 1:
        return f"`#!` stands in line {named}, not in the first"
    return "its first two characters are not `#!`"


def _of_words(given: Given, place: Location) -> Iterator[Refused]:
    """The first word that sbatch surely refuses; at it, it ends."""
    for refusal in given.refusals:
        if refusal.sure:
            what: RefusedPart = "option" if refusal.word.prefix.startswith("-") else "word"
            yield _refused(refusal.word.location or place, what, _why(refusal), refusal.meant)
            return


def _why(refusal: Refusal) -> str:
    word = refusal.word.display
    if refusal.meant is not None:
        return f"`{word}` is not one of its options; `{refusal.meant}` is"
    if refusal.problem.endswith("ambiguous one"):
        return f"`{word}` may be the beginning of several of its options"
    if not word.startswith("-"):
        return f"`{word}` is neither an option nor the value of one"
    return refusal.problem


def _refused(place: Location, what: RefusedPart, why: str, meant: str | None = None) -> Refused:
    return Refused(location=place, what=what, why=why, meant=meant)
