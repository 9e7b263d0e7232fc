"""Files as programs want them named, and diagnostics as they know them again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

from doctor.diagnostic import Diagnostic
from doctor.report.report import Report
from doctor.scan.fingerprint import fingerprint


def relative(filename: str) -> str:
    """A file's name, from the folder one is in if the file lies below it."""
    if not filename.startswith("/"):
        return os.path.normpath(filename)
    name = os.path.relpath(filename)
    return filename if name.startswith(os.pardir) else name


def uri(filename: str) -> str:
    """The name as a URI: a relative one, or `file:`."""
    name = relative(filename)
    return ("file://" if name.startswith("/") else "") + quote(os.fsencode(name))


def with_fingerprints(report: Report) -> Iterator[tuple[Diagnostic, str]]:
    """All diagnostics, each with its fingerprint, and a number if an earlier one has the same."""
    seen: Counter[str] = Counter()
    for found in report.diagnostics:
        filename = found.location.filename
        known = fingerprint(found, report.sources.get(filename), relative(filename))
        number = seen[known]
        seen[known] += 1
        yield found, f"{known}-{number}" if number else known
