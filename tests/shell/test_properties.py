"""Properties of the parser on random scripts and random noise."""

from __future__ import annotations

from hypothesis import given, settings

from doctor.shell.commands import Reader
from doctor.shell.grammar import statements
from doctor.shell.scanner import Notes
from doctor.shell.tables import Masked
from doctor.shell.tree import Statement

from .invariants import check
from .scripts import NOISE, valid_scripts
from .snippets import SNIPPETS


@settings(max_examples=400, deadline=None)
@given(NOISE)
def test_any_text_has_a_sound_tree(text: str) -> None:
    check(text)


@settings(max_examples=150, deadline=None)
@given(valid_scripts())
def test_a_valid_script_is_read_whole(text: str) -> None:
    assert not check(text).unparsed


def test_the_snippets_are_read_whole() -> None:
    for snippet in SNIPPETS:
        assert not check(snippet).unparsed, snippet


@settings(max_examples=200, deadline=None)
@given(NOISE | valid_scripts())
def test_a_mask_keeps_length_and_place(text: str) -> None:
    masks = list[Masked]()

    def remember(masked: Masked) -> tuple[Statement, ...]:
        masks.append(masked)
        return statements(masked)

    Reader(text, range(len(text) + 1), Notes(), remember).script()
    for masked in masks:
        source = masked.text[masked.start : masked.start + len(masked.mask)]
        assert len(source) == len(masked.mask)
        assert masked.start <= masked.last < masked.start + len(masked.mask)
        for original, shown in zip(source, masked.mask, strict=True):
            # A stand-in, or `;` for a newline, or the reserved word itself (`for` for `select`).
            assert shown in (original, *"x> ()", *"for") or (shown == ";" and original in "\n)")
            assert shown != "\n" or original == "\n"
