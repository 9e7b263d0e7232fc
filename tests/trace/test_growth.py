"""Work grows no faster than scripts do, whatever they repeat; beyond a bound it doesn't grow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from shapes import SHAPES, Shape

from doctor.config import Config
from doctor.diagnostic import Source
from doctor.scan import Examiner

#: How many parts a shape has first; then it has twice as many.
PARTS = 12
#: Of calls within calls the last one's servers are seen only where another function begins there.
MORE_PARTS = {"calls": 2 * PARTS}
#: What doubles with its script, or a little worse, stays below this; what is quadratic comes to 4.
MOST = 3.2


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    examiner = Examiner(Config(), here=None)
    for make in SHAPES.values():  # so that everything is imported, compiled and kept
        examiner.examination(Source("script.sh", make(2)))
    return examiner


def calls(work: Callable[[], object]) -> int:
    """How many functions are called in a piece of work; the same number each time."""
    count = 0

    def called(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", SHAPES)
def test_twice_the_script_is_about_twice_the_work(name: str, examiner: Examiner) -> None:
    make, parts = SHAPES[name], MORE_PARTS.get(name, PARTS)
    examiner.examination(Source("script.sh", make(2 * parts)))  # what is kept is kept for both
    once, twice = (_work(make, each, examiner) for each in (parts, 2 * parts))
    assert twice < MOST * once + 20_000, f"{once:,} calls, then {twice:,}"


def _work(make: Shape, parts: int, examiner: Examiner) -> int:
    return calls(lambda: examiner.examination(Source("script.sh", make(parts))))


@pytest.mark.parametrize("name", SHAPES)
def test_no_fault_of_ours_at_any_size(name: str, examiner: Examiner) -> None:
    for parts in (1, 3, 30):
        done = examiner.examination(Source("script.sh", SHAPES[name](parts)))
        assert [str(failure) for failure in done.failures] == []
