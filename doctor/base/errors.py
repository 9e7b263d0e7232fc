"""The one exception for input that vllm-doctor refuses."""

from __future__ import annotations

from functools import lru_cache


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
    near = closest(word, tuple(words), 0.6)
    return f"; did you mean {near!r}?" if near else ""


@lru_cache(maxsize=1024)  # a comparison takes milliseconds, and what is misspelt often is so again
def closest(word: str, words: tuple[str, ...], cutoff: float) -> str | None:
    """The word that is most like another; ``cutoff`` is how much alike they must be, 1 at most."""
    from difflib import get_close_matches

    close = get_close_matches(word, words, n=1, cutoff=cutoff)
    return close[0] if close else None
