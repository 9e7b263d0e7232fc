"""A plug-in of pytest that notes which lines of `doctor` each test reaches, and for how long.

    PYTHONPATH=benchmarks COVERAGE_MAP=FOLDER pytest -p coverage_map

Each process of pytest writes two files into the folder: the lines, as coverage.py keeps them, with
the test as the context, and the seconds of the processor that each test took, its children's
included. What is reached in no test's course, as when a module is imported, has an empty context.
What a test has other processes do is not seen, nor what an earlier test has already had computed
and kept.
"""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

_FOLDER = Path(os.environ["COVERAGE_MAP"])
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_seconds: dict[str, float] = {}
_failed: set[str] = set()

_lines = coverage.Coverage(data_file=str(_FOLDER / f"{_WORKER}.coverage"), source=["doctor"])
_lines.set_option("run:relative_files", True)
_lines.start()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note what one test reaches, its fixtures included."""
    _lines.switch_context(item.nodeid)
    began = _processor()
    yield
    _seconds[item.nodeid] = round(_processor() - began, 4)
    _lines.switch_context("")


def _processor() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note which tests fail already: they tell nothing of a fault."""
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write what this process has noted."""
    _lines.stop()
    if _seconds:
        _lines.save()
        passed = {test: took for test, took in _seconds.items() if test not in _failed}
        (_FOLDER / f"{_WORKER}.json").write_text(json.dumps(passed))
