"""A line of a log: what a person sees of it, and which process or rank said it."""

from __future__ import annotations

from doctor.base.record import Record
from doctor.base.regex import regex

#: What steers a terminal: colours, titles, the cursor.
_STEERING = regex(
    r"\x1b(?:\[[0-9;?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z])"
)
#: What may stand before a message, one after the other; a group that is named tells who speaks.
_PREFIX = regex(
    r"[ \t\u2502>]{1,40}(?=\S)"  # a paste's frame
    r"|(?P<task>\d{1,6}): "  # srun --label
    r"|\[rank(?P<rank>\d{1,6})\]:? ?"  # torch
    r"|\((?P<who>[\w.:-]{1,60}(?: (?:rank=)?\w{1,20})?),? pid=(?P<pid>\d{1,10})[^()]{0,200}\) ?"
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,]{0,12}(?:Z|[+-]\d\d:?\d\d)?\]?(?: \|)? ?"
    r"|\w{2,5} {1,2}\d{1,2} \d\d:\d\d:\d\d [\w.-]{1,60} [\w./-]{1,60}\[\d{1,10}\]: "  # journald
    r"|(?P<container>[\w.-]{1,60}) {0,20}\| "  # docker compose
    r"|\[[\w-]{1,60}\]: "  # a pod
    r"|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? "
    r"\[?[\w./-]{1,120}:\d{1,6}\] ?"
    r"|\[[\w./-]{1,120}\.py:\d{1,6}\] ?"
)
_MOST_PREFIXES = 8
#: So much of a line is kept, in characters.
_LONGEST = 8192


class Line(Record):
    """A line as it was said.

    ``text`` is what a terminal shows of the line, ``column`` counts in it from 1 to where the
    ``message`` begins; ``speaker`` is the process or rank, empty where nobody is named.
    """

    row: int
    text: str
    column: int
    speaker: str

    @property
    def message(self) -> str:
        return self.text[self.column - 1 :]


def line(row: int, data: bytes) -> Line:
    """A line of bytes, or a piece of one."""
    shown = _STEERING.sub("", data.decode("utf-8", "replace"))[:_LONGEST].rstrip()
    speakers: list[str] = []
    at = 0
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(shown, at)
        if found is None:
            break
        at = found.end()
        if found["task"]:
            speakers.append(f"task {found['task']}")
        elif found["rank"]:
            speakers.append(f"rank {found['rank']}")
        elif found["who"]:
            speakers.append(f"{found['who']} (pid {found['pid']})")
        elif found["container"]:
            speakers.append(found["container"])
    return Line(row, shown, at + 1, ", ".join(dict.fromkeys(speakers)))
