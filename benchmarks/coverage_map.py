"""A plug-in of pytest that notes which functions of `doctor` each test enters, and for how long.

    PYTHONPATH=benchmarks COVERAGE_MAP=FOLDER pytest -p coverage_map

Each process of pytest writes a file into the folder. What a test has other processes do is not
seen, nor what an earlier test has already had computed and kept.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

_ROOT = Path.cwd()
_PACKAGE = f"{_ROOT}/doctor/"
_entered: set[CodeType] = set()
_tests: dict[str, tuple[float, list[str]]] = {}
_failed: set[str] = set()


def _trace(frame: FrameType, event: str, argument: Any) -> None:
    _entered.add(frame.f_code)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Note what one test enters, its fixtures included."""
    _entered.clear()
    threading.settrace(_trace)
    sys.settrace(_trace)
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    sys.settrace(None)
    own = [code for code in _entered if code.co_filename.startswith(_PACKAGE)]
    _tests[item.nodeid] = (round(seconds, 4), sorted({name(code) for code in own}))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note which tests fail already: they tell nothing of a fault."""
    if report.failed:
        _failed.add(report.nodeid)


def name(code: CodeType) -> str:
    """The function that a code object is a part of: ``doctor/x.py:Class.method``."""
    qualified = getattr(code, "co_qualname", code.co_name)  # new in Python 3.11
    function = qualified.partition(".<locals>.<")[0].removesuffix(".<locals>")
    return f"{Path(code.co_filename).relative_to(_ROOT)}:{function}"


def pytest_sessionfinish() -> None:
    """Write what this process has noted."""
    for test in _failed:
        _tests.pop(test, None)
    if _tests:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        Path(os.environ["COVERAGE_MAP"], f"{worker}.json").write_text(json.dumps(_tests))
