"""Signatures checked: their examples, and what they refer to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from doctor.log.account import Account
from doctor.log.signature import Signature


def complaints(
    checked: Sequence[Signature],
    signatures: Sequence[Signature],
    lessons: Collection[str],
    rules: Collection[str],
) -> Iterator[tuple[Signature, str]]:
    """What is wrong with the ``checked`` ones of the signatures, in sentences.

    Each example is found by its own signature and by no other.
    """
    for signature in checked:
        if signature.lesson is not None and signature.lesson not in lessons:
            name = signature.lesson
            yield (
                signature,
                f"{signature.code} names the lesson {name!r}, but there is no such page",
            )
        for rule in signature.rules:
            if rule not in rules:
                yield signature, f"{signature.code} names the rule {rule}, which does not exist"
        for text in signature.search:
            if not any(text in example for example in signature.examples):
                yield signature, f"no example of {signature.code} holds {text!r}"
        for example in signature.examples:
            found = fitting(example, signatures)
            if found != [signature.code]:
                by = ", ".join(found) or "none"
                yield (
                    signature,
                    f"an example of {signature.code} is found by {by}: {example[:60]!r}",
                )


def fitting(text: str, signatures: Sequence[Signature]) -> list[str]:
    """The codes of the signatures that fit a line of the text."""
    account = Account(signatures)
    account.read(text.encode(errors="replace") + b"\n")
    seen = [each for stretch in account.stretches for each in stretch.seen]
    return [each.signature.code for each in sorted(seen, key=lambda each: each.first.row)]
