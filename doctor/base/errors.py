"""The one exception for input that vllm-doctor refuses."""

from __future__ import annotations


class DoctorError(Exception):
    """Input that can't be used: a configuration, a rule, a page, an argument.

    ``str()`` of it is one sentence for people, which begins with the file and the line where
    they are known.
    """

    def __init__(self, message: str, filename: str | None = None, line: int | None = None) -> None:
        self.message = message
        self.filename = filename
        self.line = line
        place = "" if filename is None else filename if line is None else f"{filename}:{line}"
        super().__init__(f"{place}: {message}" if place else message)


def nearest(word: str, words: list[str]) -> str:
    """``; did you mean …?`` with the nearest of the words, or nothing if none is near."""
    import difflib

    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
