"""Many scripts are examined by several processes at once, few by this one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from doctor.config import Config
from doctor.diagnostic import Diagnostic, Source
from doctor.errors import DoctorError
from doctor.sources import Unexamined

if TYPE_CHECKING:
    from doctor.scan import Examiner

#: A process of its own pays only for about so many scripts: it takes a while to start.
ENOUGH = 32
#: On a login node there are others, too.
MOST_PROCESSES = 8
#: As many scripts as a process is given at once.
_CHUNK = 16

_Examined = tuple[list[Diagnostic], Mapping[str, Source]]


def examine_all(
    examiner: Examiner, found: Iterable[Source | Unexamined]
) -> Iterator[list[Diagnostic]]:
    """The diagnostics of the scripts, in any order; the examiner then knows their texts.

    Raises ``DoctorError`` as the examiner does, or if one of the processes is killed.
    """
    worthwhile = list(filter(examiner.finds_worthwhile, found))
    processes = min(_processors(), MOST_PROCESSES, len(worthwhile) // ENOUGH)
    if processes < 2:
        yield from map(examiner.examine, worthwhile)
        return
    for diagnostics, texts in _spread(examiner, worthwhile, processes):
        yield diagnostics
        examiner.texts.update(texts)


def _spread(
    examiner: Examiner, found: Sequence[Source | Unexamined], processes: int
) -> Iterator[_Examined]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    chunks = [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)]
    examine = partial(_examine, examiner.config, examiner.scanned)
    try:
        with ProcessPoolExecutor(processes, get_context("fork"), _leave_interrupts) as pool:
            yield from pool.map(examine, chunks)
    except BrokenProcessPool:
        raise DoctorError(
            "a process that examined scripts was killed, perhaps for want of memory; "
            "scan fewer scripts at once"
        ) from None


def _leave_interrupts() -> None:
    """Ctrl-C ends the scan; the process that waits for the others sees to that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _examine(
    config: Config, scanned: Sequence[str], found: Sequence[Source | Unexamined]
) -> _Examined:
    """The diagnostics of a few scripts, with the texts that they point into."""
    from doctor.scan import Examiner

    examiner = Examiner(config, scanned)
    diagnostics = [diagnostic for each in found for diagnostic in examiner.examine(each)]
    pointed_at = {
        place.filename
        for diagnostic in diagnostics
        for place in (diagnostic.location, *(r.location for r in diagnostic.related))
    }
    return diagnostics, {n: text for n, text in examiner.texts.items() if n in pointed_at}


def _processors() -> int:
    """The processors that this process may use: in a job, those of the job."""
    return len(os.sched_getaffinity(0))
