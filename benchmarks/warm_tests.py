"""A plug-in of pytest: it collects all tests, then runs those it is asked for, each time in a fork.

    PYTHONPATH=benchmarks WARM_TESTS=SOCKET pytest -p warm_tests

Over the socket (its number) it reads a `Wish` a line and answers with a verdict and the test that
failed. A fork begins with everything imported and collected. If one module's text has changed since
then, its functions get the new code; where that can't do, since the change is run when the module
is imported, the verdict is `cold`.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import resource
import select
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType

import pytest

#: A test that waits for what never comes uses no time of the processor: then this is the end of it.
_WAITING = 10


@dataclass(frozen=True)
class Wish:
    """Tests to run until one fails, in so many ``seconds`` of the processor.

    ``path`` is the module that was changed, empty if there is none, ``before`` its former text.
    """

    tests: Sequence[str]
    seconds: float
    path: str = ""
    before: str = ""


class ColdError(Exception):
    """What was changed is run when the module is imported."""


def pytest_runtestloop(session: pytest.Session) -> bool:
    """In place of running all: answer each wish."""
    session.testsfailed = 0  # what can't be collected here is not asked for
    items = {item.nodeid: item for item in session.items}
    with socket.socket(fileno=int(os.environ["WARM_TESTS"])) as ours, ours.makefile("rw") as asked:
        while line := asked.readline():
            wish = Wish(**json.loads(line))
            chosen = [items[test] for test in wish.tests if test in items]
            asked.write(json.dumps(_in_fork(chosen, wish)) + "\n")
            asked.flush()
    return True


def _in_fork(chosen: Sequence[pytest.Item], wish: Wish) -> tuple[str, str]:
    ended, end = os.pipe()
    child = os.fork()
    if not child:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(wish.seconds) + 1, int(wish.seconds) + 10))
        os.write(end, json.dumps(_verdict(chosen, wish)).encode())
        os._exit(0)
    os.close(end)
    waited = select.select([ended], [], [], _WAITING * wish.seconds)[0]
    answer = os.read(ended, 65536) if waited else b""
    os.close(ended)
    os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    for left in Path(tempfile.gettempdir()).iterdir():
        shutil.rmtree(left, ignore_errors=True)
    if answer:
        verdict, failed = json.loads(answer)
        return verdict, failed
    late = not waited or status in (signal.SIGXCPU, signal.SIGKILL)
    return ("hangs" if late else "killed"), ""


def _verdict(chosen: Sequence[pytest.Item], wish: Wish) -> tuple[str, str]:
    try:
        if wish.path:
            _renew(wish.path, wish.before)
    except ColdError:
        return "cold", ""
    for item, following in zip(chosen, [*chosen[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return "killed", item.nodeid
    return "survived", ""


def _renew(path: str, before: str) -> None:
    """Give the functions of a module the code that its text now has."""
    file = Path.cwd() / path
    old, new = (compile(text, str(file), "exec") for text in (before, file.read_text("utf-8")))
    changed = dict(_changed(old, new))
    for function in gc.get_objects():
        if type(function) is FunctionType and function.__code__.co_filename == str(file):
            code = changed.get(function.__code__)
            if code is not None:
                _replace_code(function, code)


def _replace_code(function: FunctionType, code: CodeType) -> None:
    try:
        function.__code__ = code
    except ValueError:  # it uses other variables of the function around it
        raise ColdError from None


def _changed(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The functions whose code differs, each before and after."""
    if old == new:
        return
    if old.co_flags & inspect.CO_OPTIMIZED:
        yield old, new
        return
    for codes in zip(_inner(old), _inner(new), strict=False):
        yield from _changed(*codes)
    if old.co_code != new.co_code or _constants(old) != _constants(new):
        raise ColdError


def _inner(code: CodeType) -> list[CodeType]:
    return [value for value in code.co_consts if isinstance(value, CodeType)]


def _constants(code: CodeType) -> list[object]:
    return [code.co_names, *(value for value in code.co_consts if not isinstance(value, CodeType))]
