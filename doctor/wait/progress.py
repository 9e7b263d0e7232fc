"""How far a server's start has come, by the end of its log."""

from __future__ import annotations

import re

from doctor.base.record import Record

#: What a start goes through, as the log tells it; a percentage where it has one.
_PHASES = (
    ("downloading", re.compile(rb"Fetching \d+ files:\s{1,4}(\d{1,3})%|Downloading shards")),
    ("loading weights", re.compile(rb"checkpoint shards:\s{1,4}(\d{1,3})%|Starting to load model")),
    ("compiling", re.compile(rb"torch\.compile|Dynamo bytecode|[Cc]ompil\w+ (?:a )?graph")),
    ("capturing graphs", re.compile(rb"Capturing CUDA graphs?[^:\r\n]{0,60}:\s{1,4}(\d{1,3})%")),
    ("starting the API", re.compile(rb"Starting vLLM|Available routes are")),
)  # fmt: skip


class Progress(Record):
    """A phase of a server's start, and how much of it is done, in percent."""

    phase: str = "starting"
    percent: int | None = None

    @property
    def words(self) -> str:
        return self.phase if self.percent is None else f"{self.phase} {self.percent} %"


def progress(tail: bytes) -> Progress:
    """The phase that the end of a log tells of last."""
    last, found = -1, Progress()
    for phase, pattern in _PHASES:
        for match in pattern.finditer(tail):
            if match.start() > last:
                percent = match[1] if match.lastindex else None
                last = match.start()
                found = Progress(phase, int(percent) if percent else None)
    return found
