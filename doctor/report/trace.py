"""What people and programs get to see of traces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.trace import Traced


def render(traces: Sequence[Traced], format_name: str, width: int, colour: bool) -> Iterator[str]:
    """The lines of ``text`` or ``json``, without line ends."""
    if format_name == "json":
        from doctor.report import trace_json

        yield from trace_json.render(traces)
        return
    from doctor.report.trace_text import TraceText

    writer = TraceText(width, colour)
    for traced in traces:
        yield from writer.render(traced)
