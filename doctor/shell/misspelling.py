"""Misspelt ``#SBATCH`` lines: comments to sbatch, options to their author."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.slurm.table import Spec, Takes, find_letter, find_long

_RIGHT = "SBATCH"
#: The keys beside each letter on a keyboard.
_BESIDE = {"B": "VGHN", "A": "QWSZ", "T": "RFGY", "C": "XDFV", "H": "GYUJBN"}


def is_misspelt(word: str) -> bool:
    """Whether a word is SBATCH but for its case or one slip of the fingers.

    A letter put before it (``xSBATCH``) is how people switch a line off, and another first
    letter (``YBATCH``) is another batch system.
    """
    if word.upper() == _RIGHT:
        return word != _RIGHT
    if word.upper().endswith(_RIGHT):
        return False
    one_too_many = any(word[:i] + word[i + 1 :] == _RIGHT for i in range(1, len(word)))
    return one_too_many or word in _SLIPS


def _slips() -> frozenset[str]:
    """SBATCH with a letter left out, two letters swapped, or a neighbouring key hit."""
    places = range(len(_RIGHT))
    left_out = {_RIGHT[:i] + _RIGHT[i + 1 :] for i in places}
    swapped = {_RIGHT[:i] + _RIGHT[i + 1] + _RIGHT[i] + _RIGHT[i + 2 :] for i in places[:-1]}
    beside = {_RIGHT[:i] + key + _RIGHT[i + 1 :] for i in places[1:] for key in _BESIDE[_RIGHT[i]]}
    return frozenset(left_out | swapped | beside)


_SLIPS = _slips()


def are_options(words: Sequence[str]) -> bool:
    """Whether the words are nothing but options that sbatch knows, with their values."""
    wants_value = False
    for word in words:
        if wants_value:
            wants_value = False
            continue
        spec, has_value = _option(word)
        if spec is None:
            return False
        wants_value = spec.takes is Takes.REQUIRED and not has_value
    return bool(words) and not wants_value


def _option(word: str) -> tuple[Spec | None, bool]:
    """The option that a word names, and whether its value is in the same word."""
    if word.startswith("--"):
        name, equals, _ = word[2:].partition("=")
        return find_long("sbatch", name) if name else None, bool(equals)
    if word.startswith("-"):
        return find_letter("sbatch", word[1:2]), len(word) > 2
    return None, False
