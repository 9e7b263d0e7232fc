"""Questions that may hang, asked side by side: what hangs is left behind, and the rest counts.

A call into a dead network file system does not return, and nothing can end it. A thread that
waits for it can be left behind, as the child can in which it runs.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

#: How long a folder or a name may take to answer; a healthy one takes a few milliseconds.
SECONDS = 1.5

_Key = TypeVar("_Key", bound=Hashable)
_Answer = TypeVar("_Answer")


def answers(
    questions: Mapping[_Key, Callable[[], _Answer]], seconds: float = SECONDS
) -> dict[_Key, _Answer]:
    """What the questions answer in time; those that don't are left out."""
    told: queue.SimpleQueue[tuple[_Key, _Answer | Exception]] = queue.SimpleQueue()
    for key, question in questions.items():
        threading.Thread(target=_ask, args=(key, question, told), daemon=True).start()
    deadline = time.monotonic() + seconds
    found: dict[_Key, _Answer] = {}
    while len(found) < len(questions):
        try:
            key, answer = told.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(answer, Exception):
            raise answer
        found[key] = answer
    return found


def _ask(
    key: _Key,
    question: Callable[[], _Answer],
    told: queue.SimpleQueue[tuple[_Key, _Answer | Exception]],
) -> None:
    try:
        told.put((key, question()))
    except Exception as error:
        told.put((key, error))
