"""Files as programs want them named, and diagnostics as they know them again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from urllib.parse import quote

from doctor.diagnostic import Diagnostic
from doctor.report.report import Report


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
    """All diagnostics, each with what stays the same while lines above it come and go.

    It is made of the file, the rule and the text of the line; what has these in common with an
    earlier one is counted.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for found in report.diagnostics:
        source = report.sources.get(found.location.filename)
        row = found.location.start.row
        line = source.line(row).strip() if source is not None and row <= source.rows else ""
        key = (relative(found.location.filename), found.code, line)
        words = "\0".join((*key, str(seen[key])))
        seen[key] += 1
        yield found, blake2b(words.encode(errors="surrogatepass"), digest_size=16).hexdigest()
