"""Many scripts are examined by several processes at once, few by this one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from doctor.base.errors import DoctorError
from doctor.base.orphans import end_with_parent
from doctor.config import Config
from doctor.diagnostic import Source
from doctor.scan.cache import Examination
from doctor.scan.examiner import Examiner
from doctor.scan.run import Run
from doctor.sources import Unexamined

#: A process of its own pays only for about so many scripts: it takes a while to start.
ENOUGH = 32
#: On a login node there are others, too.
MOST_PROCESSES = 8
#: As many scripts as a process is given at once.
_CHUNK = 16

_Examined = tuple[Sequence[Examination], Mapping[str, Source]]


def examine_all(
    examiner: Examiner, found: Sequence[Source | Unexamined], most: int | None = None
) -> Iterator[Examination]:
    """The examinations of the scripts, in any order; the examiner then knows their texts.

    ``most`` are the processes that may share the work; None leaves it to us.
    Raises ``DoctorError`` as the examiner does, or if one of the processes is killed.
    """
    most = most or min(_processors(), MOST_PROCESSES)
    processes = min(most, len(found) // ENOUGH)
    if processes < 2:
        yield from map(examiner.examination, found)
        return
    for examinations, texts in _spread(examiner, found, processes):
        yield from examinations
        examiner.texts.update(texts)


def _spread(
    examiner: Examiner, found: Sequence[Source | Unexamined], processes: int
) -> Iterator[_Examined]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children, get_context

    chunks = [found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK)]
    examine = partial(_examine, examiner.config, examiner.loader.scanned, examiner.run)
    try:
        with ProcessPoolExecutor(processes, get_context("fork"), _begin) as pool:
            # Not `map`: it cancels what is left when it is ended, and Python before 3.12 then
            # prints a traceback if the processes are ended, too.
            futures = [pool.submit(examine, chunk) for chunk in chunks]
            try:
                yield from (future.result() for future in futures)
            except BaseException:
                for child in active_children():
                    child.terminate()  # else the pool would wait for what they are at
                raise
    except BrokenProcessPool:
        raise DoctorError(
            "a process that examined scripts was killed, perhaps for want of memory; "
            "scan fewer scripts at once"
        ) from None


def _begin() -> None:
    """In a new process: Ctrl-C ends the scan, but the process that waits for us sees to that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    end_with_parent()


def _examine(
    config: Config, scanned: Sequence[str], run: Run, found: Sequence[Source | Unexamined]
) -> _Examined:
    """The examinations of a few scripts, with the texts that they point into."""
    examiner = Examiner(config, scanned, run=run)
    done = [examiner.examination(each) for each in found]
    pointed_at = {
        place.filename
        for examination in done
        for diagnostic in examination.diagnostics
        for place in (diagnostic.location, *(r.location for r in diagnostic.related))
    }
    return done, {n: text for n, text in examiner.texts.items() if n in pointed_at}


def _processors() -> int:
    """The processors that this process may use: in a job, those of the job."""
    return len(os.sched_getaffinity(0))
