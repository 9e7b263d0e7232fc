"""No row of a table makes a scan, a trace or a fix fail, whatever is written of it.

A sample of the lines is tried; with VLLM_DOCTOR_EVERY_ROW=1 all of them, which takes minutes.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

import pytest

from doctor.config import Config
from doctor.diagnostic import Source
from doctor.fix.rounds import repaired
from doctor.knowledge import load
from doctor.scan import Examiner

from .rows import Line, lines

#: Servers in one script; more are faster, but a fault is harder to find.
BATCH = 24
#: One in so many lines is tried; of each row at least one.
SAMPLE = 40
KNOWLEDGE = load()
EXAMINER = Examiner(Config(), here=None)


def _chosen() -> Iterator[Line]:
    seen: set[str] = set()
    for line in lines(KNOWLEDGE):
        everything = os.environ.get("VLLM_DOCTOR_EVERY_ROW") == "1"
        if everything or line.row not in seen or crc32(repr(line).encode()) % SAMPLE == 0:
            seen.add(line.row)
            yield line


def _batches() -> Iterator[Any]:
    of_release = defaultdict[str | None, list[Line]](list)
    for line in _chosen():
        of_release[line.release].append(line)
    for release, same in sorted(of_release.items(), key=str):
        for start in range(0, len(same), BATCH):
            yield pytest.param(release, same[start : start + BATCH], id=f"{release}-{start}")


@pytest.mark.parametrize(("release", "batch"), [*_batches()])
def test_no_row_makes_anything_fail(release: str | None, batch: Sequence[Line]) -> None:
    examiner = Examiner(Config(vllm_version=release), like=EXAMINER)

    def examined(text: str):  # type: ignore[no-untyped-def]
        found = examiner.examined(Source("serve.sh", text))
        assert not found.failures, [str(failure) for failure in found.failures]
        return found

    text = "\n".join(["#!/bin/bash", *(line.text for line in batch), ""])
    first = examined(text)
    assert len(first.traced.servers) >= len(batch)
    assert repaired(first, examined, unsafe=True).text


def test_each_table_has_lines() -> None:
    every = list(lines(KNOWLEDGE))
    rows = {line.row for line in every}
    tables = KNOWLEDGE.releases
    for feature in (*tables.flags(), *tables.variables(), *tables.methods()):
        assert feature.name in rows
    for row in (*KNOWLEDGE.families, *KNOWLEDGE.pairings, *KNOWLEDGE.migrations):
        assert str(row.place) in rows
    assert len(every) > 10_000
