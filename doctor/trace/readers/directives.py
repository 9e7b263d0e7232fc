"""Directives: the lines of a job's header that sbatch reads, and those that look like such."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from doctor.base.regex import regex
from doctor.facts.base import Evidence
from doctor.facts.jobs import Directive
from doctor.shell.header import EFFECTIVE, IN_HERE_DOCUMENT, DirectiveLine
from doctor.shell.tree import Literal, Word
from doctor.trace.readers.jobs import Job
from doctor.trace.readers.scene import Scene


def read(scene: Scene) -> Iterator[Directive]:
    """The lines of the headers of all jobs that the script holds."""
    for job in scene.jobs:
        yield from _of_job(job)


def _of_job(job: Job) -> Iterator[Directive]:
    """The lines of a job's header, and those that look like such.

    sbatch refuses a text without ``#!``; one that has no directive of its own and writes some
    elsewhere makes job scripts and is none; and a second ``#!`` begins another script.
    """
    header = job.header
    effects = {line.effect for line in header.lines}
    if header.template or not job.text.startswith("#!"):
        return
    if not header.effective and IN_HERE_DOCUMENT in effects:
        return
    second = job.text.find("\n#!")
    for line in header.lines:
        if 0 <= second < line.span.start:
            return
        origin = job.frame.origin(line.span)
        variable, in_file_name = None, False
        if line.effect == EFFECTIVE:
            variable, in_file_name = _variable(line, job.text)
        yield Directive(
            location=origin.location,
            evidence={"text": Evidence((origin.location,))},
            text=job.text[line.span.start : line.span.end],
            effect=line.effect,
            read_until=job.header.read_until,
            meant=line.meant,
            variable=variable,
            in_file_name=in_file_name,
        )


#: The options that name files.
_FILES = ("--output", "--error", "--input", "-o", "-e", "-i")
_OF_SHELLS = regex(r"USER|HOME|PWD|LOGNAME|HOSTNAME|SCRATCH|WORK|TMPDIR|SLURM_\w+")
#: A variable in a directive, not one that stands for what a here-document's shell has put in.
VARIABLE = regex(r"\$(?:[A-Za-z]\w*|\{(?!_unknown_)[A-Za-z_]\w*[^}]*\})")
#: A command whose output is meant, in the way of shells; make's `$(NAME)` is none.
_COMMAND = regex(r"\$\( *[a-z][^()]*\)|`[a-z][^`]*`")


def _variable(line: DirectiveLine, text: str) -> tuple[str | None, bool]:
    """A shell variable or command in the words of a directive; the shell never sees that line.

    A variable is one that shells have, or that the script sets; any other may be a placeholder
    that a program fills in. With it, whether it stands in the name of a file.
    """
    for number, word in enumerate(line.words):
        for part in word.parts:
            found = VARIABLE.search(part.text) if isinstance(part, Literal) else None
            if found is not None and _is_meant(found[0].strip("${}"), text):
                return found[0], names_file(line.words[: number + 1], text)
    if not line.words:
        return None, False
    command = _COMMAND.search(text, line.words[0].span.start, line.words[-1].span.end)
    if command is None:
        return None, False
    before = [word for word in line.words if word.span.start <= command.start()]
    return command[0], names_file(before, text)


def names_file(words: Sequence[Word], text: str) -> bool:
    """Whether the last of the words is the value of an option that names a file."""
    *before, last = (text[word.span.start : word.span.end] for word in words)
    option = last if last.startswith("-") else "".join(before[-1:])
    return option.startswith(_FILES)


def _is_meant(name: str, text: str) -> bool:
    if _OF_SHELLS.fullmatch(name):
        return True
    return re.search(rf"^[ \t]*(?:export[ \t]+)?{re.escape(name)}=", text, re.MULTILINE) is not None
