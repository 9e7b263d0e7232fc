"""Short ways to read options in tests: `$NAME` in a word is unknown, `$NAME…` may be several."""

from __future__ import annotations

import re
import shlex

from doctor.diagnostic import Source
from doctor.shell.header import read_header
from doctor.slurm.options import Given, combine, read_components, read_options
from doctor.values.value import Origin, Piece, Text, Unknown, Value


def value(word: str) -> Value:
    """A word in which `$NAME` is unknown and `$NAME…` is any number of words."""
    pieces: list[Piece] = []
    for part in re.split(r"(\$[\w@{}\[\]*]+…?)", word):
        if part.startswith("$"):
            pieces.append(Unknown(part.rstrip("…"), many=part.endswith("…")))
        elif part:
            pieces.append(Text(part))
    return Value(tuple(pieces))


def line(command: str) -> tuple[Given, ...]:
    """The components of a command line such as `srun -N2 python x.py`."""
    program, *words = shlex.split(command)
    return read_components([value(word) for word in words], program)


def header(text: str) -> tuple[Given, ...]:
    """The components of a script's header, all in all."""
    source = Source("job.sh", text)
    components = []
    for words in read_header(text).components:
        values = [
            Value(tuple(Text(p.text, Origin(source, *p.span)) for p in word.parts))  # type: ignore[union-attr]
            for word in words
        ]
        components.append(read_options(values, "sbatch"))
    return combine(script=components)


def written(given: Given) -> list[tuple[str, str | None]]:
    """Each option's name and value, unknowns by their names."""
    return [(o.name, None if o.value is None else o.value.display) for o in given.options]
