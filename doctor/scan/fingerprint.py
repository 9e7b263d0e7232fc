"""What a diagnostic is known by while lines above it come and go."""

from __future__ import annotations

from hashlib import blake2b

from doctor.diagnostic import Diagnostic, Source


def fingerprint(found: Diagnostic, source: Source | None, name: str) -> str:
    """A hash of the file, by the ``name`` that it has, of the rule, and of the text of the line.

    Alike lines of one file have it in common: they are counted. ``source`` is the file's text,
    None if nobody knows it.
    """
    row = found.location.start.row
    line = source.line(row).strip() if source is not None and row <= source.rows else ""
    words = "\0".join((name, found.code, line))
    return blake2b(words.encode(errors="surrogatepass"), digest_size=16).hexdigest()
