"""The reference of the rule language: a kind of fact, and what may be asked of its attributes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from doctor.facts import find
from doctor.rulebook import predicates
from doctor.rulebook.grammar import OPERATORS
from doctor.rulebook.vocabulary import Attribute, kinds

_PREDICATES = {
    "like": predicates.Like,
    "lacks": predicates.Lacks,
    "overlaps": predicates.Overlaps,
    "disjoint": predicates.Disjoint,
    "within": predicates.Within,
    "known": predicates.Known,
    "not": predicates.Not,
}


def operator_doc(operator: str) -> str:
    """What an operator asks."""
    return inspect.getdoc(_PREDICATES.get(operator, predicates.Compare)) or ""


def kind_doc(kind: str) -> str:
    """What facts of a kind are, in a sentence."""
    return _first_paragraph(inspect.getdoc(find(kind)) or kind)


def _first_paragraph(doc: str) -> str:
    return doc.partition("\n\n")[0].replace("\n", " ")


def attributes(kind: str) -> Iterator[str]:
    """An item of a list for each attribute of a kind."""
    for attribute in kinds()[kind].values():
        yield f"- `{attribute.name}` ({_holds(attribute)}): {attribute.doc}"


def _holds(attribute: Attribute) -> str:
    null = ", or null" if attribute.nullable else ""
    words = " or ".join(f"`{word}`" for word in attribute.words)
    return (words or attribute.type.value) + null


def operators(kind: str) -> Iterator[str]:
    """An item of a list for each operator that the attributes of a kind understand."""
    types = {attribute.type for attribute in kinds()[kind].values()}
    for doc in dict.fromkeys(map(operator_doc, OPERATORS)):
        words = [word for word in OPERATORS if operator_doc(word) == doc]
        if types & OPERATORS[words[0]].types:
            yield f"- {', '.join(f'`{word}`' for word in words)}: {_first_paragraph(doc)}"
    yield "- `not`: What stands behind it, a value, a list or any of these, does not hold."
