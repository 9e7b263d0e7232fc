"""The file names that an unquoted pattern stands for."""

from __future__ import annotations

from dataclasses import replace

from doctor.base.regex import regex
from doctor.values.value import Piece, Text, Unknown, Value

_GLOB = regex(r"[^/\s]*[*?][^/\s]*|[^/\s]*\[[^]/\s]+\][^/\s]*")


def expand(value: Value) -> Value:
    """A word after pathname expansion: its unquoted patterns are file names that match.

    A pattern reaches from one slash of its text to the next; it may stand for several words.
    """
    if not any(isinstance(p, Text) and not p.quoted and _has_glob(p.text) for p in value.pieces):
        return value
    if "/" not in value.shadow and not any(c in value.shadow for c in "*?"):
        return value
    pieces: list[Piece] = []
    for piece in value.pieces:
        if isinstance(piece, Text) and not piece.quoted:
            pieces += _cut_patterns(piece)
        else:
            pieces.append(piece)
    return replace(value, pieces=tuple(pieces))


def _has_glob(text: str) -> bool:
    return any(char in text for char in "*?[")


def _cut_patterns(piece: Text) -> list[Piece]:
    whole = Value((piece,))
    pieces: list[Piece] = []
    at = 0
    for found in _GLOB.finditer(piece.text):
        pieces += whole.slice(at, found.start()).pieces
        pattern = whole.slice(*found.span())
        origin = pattern.origin
        pieces.append(Unknown(found.group(), many=True, matched=True, origin=origin))
        at = found.end()
    return [*pieces, *whole.slice(at).pieces]
