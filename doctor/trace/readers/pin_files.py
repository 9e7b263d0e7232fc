"""Pin files: what the files say of vLLM from which a script installs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from doctor.diagnostic import Source
from doctor.trace.machine.journal import Load
from doctor.trace.machine.shells import relative
from doctor.trace.programs.invocation import Invocation
from doctor.values.value import Value, known
from doctor.vllm.requirement_files import File, files_of, read_file
from doctor.vllm.requirements import Requirement


def read(invocation: Invocation, load: Load) -> Iterator[Requirement]:
    """The requirements in the files that a program installs from, each placed at their name."""
    script = invocation.origin.source
    for file in files_of(invocation.arguments):
        source = _found(file, script, load)
        if source is None:
            continue

        def more(name: str, beside: Source = source) -> str | None:
            other = load(name, beside)
            return None if other is None else other.text

        name = source.filename.rpartition("/")[2]
        for found in read_file(source.filename, source.text, more):
            place = _at(file.word, f"{name}, line {found.line}")
            yield replace(found.requirement, value=place)


def _found(file: File, script: Source, load: Load) -> Source | None:
    """The first of the files that may be meant that is there."""
    for name in file.names:
        path = relative(name)
        source = load(path, script) if path else None
        if source is not None:
            return source
    return None


def _at(word: Value, within: str) -> Value:
    """The word that names the file, for what stands in a line of it."""
    origin = word.pieces[0].origin if word.pieces else None
    if origin is None:
        return known(word.display)
    return known(word.display, replace(origin, within=within))
