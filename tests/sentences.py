"""Every text that the product can print, once each, to be read as one who hasn't written it would.

    python -m tests.sentences            # all of them, each behind where it stands
    python -m tests.sentences rules/     # of places that hold this

Of the code these are the strings that hold words, names in f-strings as they are written there, and
the docstrings that somebody sees: a command's help, what rules may ask. Of a rule, a signature and
a page's rows they are the texts, as loaded.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from doctor.base.record import Record
from doctor.log.signatures import load as load_signatures
from doctor.rulebook import load as load_rules
from doctor.rulebook.predicates import Reference
from doctor.rulebook.rule import Message

ROOT = Path(__file__).parents[1]
#: Texts for people hold two words and a blank between them, or are a word with a full stop.
_FOR_PEOPLE = re.compile(r"[A-Za-z]{2,}[,:;.)'`]* \S|^[A-Z][a-z]+\.$|\} [a-z]{2,}")
#: Calls whose strings are for programs.
_FOR_PROGRAMS = frozenset({"regex", "compile", "split", "TypeVar", "sub", "search", "fullmatch"})
#: Modules whose classes' docstrings are printed, by `explain` and `new-lesson`.
_SHOWN = ("doctor/facts/", "doctor/rulebook/predicates.py")


def sentences() -> Iterator[tuple[str, str]]:
    """Every text with where it stands, the first place of those that are alike."""
    told = set()
    for place, text in (*_of_rules(), *_of_signatures(), *_of_code()):
        if text not in told and _FOR_PEOPLE.search(text):
            told.add(text)
            yield place, text


def _of_rules() -> Iterator[tuple[str, str]]:
    for rule in load_rules().rules:
        for text in _texts(rule):
            yield str(rule.path.relative_to(ROOT)), text


def _texts(record: Record) -> Iterator[str]:
    """The messages of a rule, and of what it consists of."""
    for field in fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Message):
                yield "".join(map(_written, each.pieces))
            elif isinstance(each, Record):
                yield from _texts(each)
            elif field.name == "looks_at":
                yield each


def _written(piece: str | Reference) -> str:
    return f"{{{piece.path}}}" if isinstance(piece, Reference) else piece


def _of_signatures() -> Iterator[tuple[str, str]]:
    for signature in load_signatures():
        place = f"{Path(signature.place.filename).relative_to(ROOT)}:{signature.code}"
        for text in (signature.says, *(advice.text for advice in signature.remedy)):
            yield place, text


def _of_code() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "doctor").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        tree = ast.parse(path.read_text("utf-8"))
        hidden = {id(each) for each in _hidden(tree, name.startswith(_SHOWN))}
        for node, text in _strings(tree):
            if id(node) not in hidden:
                yield f"{name}:{node.lineno}", " ".join(text.split())


def _hidden(tree: ast.Module, classes_are_shown: bool) -> Iterator[ast.expr]:
    """The docstrings that nobody sees who uses the product."""
    for node in ast.walk(tree):
        is_command = isinstance(node, ast.FunctionDef) and any(
            re.search(r"\.(command|group)\(", ast.unparse(each)) for each in node.decorator_list
        )
        if not is_command and not (classes_are_shown and isinstance(node, ast.ClassDef)):
            inner = ast.iter_child_nodes(node)
            yield from (each.value for each in inner if isinstance(each, ast.Expr))


def _strings(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """The strings below a node, those of an f-string as one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node, node.value
    elif isinstance(node, ast.JoinedStr):
        yield node, "".join(map(_piece, node.values))
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in _FOR_PROGRAMS:
        return
    for inner in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(inner, ast.Constant)):
            yield from _strings(inner)


def _piece(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return f"{{{ast.unparse(node).removeprefix('f').strip('{}')}}}"


def main() -> None:
    """Print them, those of places that hold one of the arguments."""
    for place, text in sentences():
        if len(sys.argv) == 1 or any(wanted in place for wanted in sys.argv[1:]):
            print(f"{place}: {text}")


if __name__ == "__main__":
    main()
