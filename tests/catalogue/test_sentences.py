"""Every sentence that the product can print is listed, and none is odd English."""

from __future__ import annotations

from tests.sentences import sentences

#: Odd or unclear English that users met: it is not to come back.
ODD = (
    "as far as it goes",
    "ends the start",
    "Replacement: ",
    "is configured",
    "job of Slurm's",
    "nothing in its place",
    "is here to tell",
    "that we know",
    "nobody knows",
    "keeps this node's clock",
    "go away with it",
    "batch job of its own",
    "least severity",
    "a list of texts",
    "Says: Say",
    " is none of ",
    "leaves no word",
    "as it is written there",
)


def test_every_kind_of_sentence_is_listed_once() -> None:
    listed = [text for _, text in sentences()]
    assert len(listed) == len(set(listed)) > 2000
    for known in (
        "All users of the node share {folder}. Whoever makes it first owns it, and others then "
        "fail on it.",  # a rule's why
        "other jobs",  # what a check of the node looks at
        "Give each server a `VLLM_CACHE_ROOT` of its own.",  # a fix
        "the script would gain {', '.join(sorted(gained))}",  # why a fix isn't made
        "{name} is left at its default",  # an assumption
        "must be absolute paths, not {folder!r}",  # an error of the configuration
        "No {report.noun} found.",  # a summary
        "in a function that nothing here calls",  # the trace
        "How long to wait at most.",  # an option's help
        "A worker process failed first.",  # a signature
    ):
        assert known in listed


def test_no_odd_sentence() -> None:
    odd = [(place, text) for place, text in sentences() if any(words in text for words in ODD)]
    assert odd == []
