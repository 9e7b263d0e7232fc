"""The files of a new lesson: a page, and a rule with examples."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

from doctor.base import document
from doctor.base.document import Item
from doctor.base.errors import DoctorError, nearest
from doctor.base.record import Record
from doctor.base.replace import replacing
from doctor.rulebook import grammar, reference
from doctor.rulebook.grammar import Names
from doctor.rulebook.rule import Conditions
from doctor.rulebook.vocabulary import about, kinds

_PAGE = """\
---
id: {id}
title: {title}
codes: [{code}]
checked: "{today}"
---
# {heading}

## Problem
{why}```bash bad {code}
{bad}
```

## Solution
```bash good
{good}
```
"""
_RULE = """\
code: {code}
name: {id}
lesson: {id}
fact: {fact}
severity: {severity}
when:{when}{at}
message: {message}
examples:
  - bad: |
{bad}
  - good: |
{good}
"""

#: What is asked for a new lesson, in this order.
QUESTIONS: Mapping[str, str] = {
    "title": "The lesson in a few words",
    "why": "What went wrong, in a sentence or two for whoever meets the rule",
    "fact": "What does the rule look at?",
    "when": "When does it speak?",
    "message": "What does it say ({attribute} stands for a value)?",
    "bad": "A script on which it must speak (an empty line ends it)",
    "good": "A script on which it must be silent (an empty line ends it)",
}


class Lesson(Record):
    """What somebody says about a lesson; ``when`` is written as in a rule's file."""

    title: str
    why: str
    fact: str
    when: str
    message: str
    bad: str
    good: str
    severity: str


def hints(question: str, answers: Mapping[str, str]) -> Iterator[str]:
    """What one must know to answer a question, after the answers given so far."""
    if question == "fact":
        scripts = [kind for kind in kinds() if about(kind) == "script"]
        yield from (f"  {kind:<13} {reference.kind_doc(kind)}" for kind in scripts)
    elif question == "when":
        yield from (line.replace("`", "") for line in reference.attributes(answers["fact"]))
        yield 'Such as {ATTRIBUTE: VALUE} or {ATTRIBUTE: {like: "*.sqsh", not: {like: "/*"}}}; with'
        yield from (line.replace("`", "") for line in reference.operators(answers["fact"]))


def check(question: str, answer: str, answers: Mapping[str, str]) -> None:
    """Refuse an answer that no rule can hold, after those given so far."""
    if question == "title":
        _name(answer)
    elif question == "fact" and answer not in kinds():
        near = nearest(answer, list(kinds()))
        raise DoctorError(f"there is no kind of fact {answer!r}{near}")
    elif question == "when":
        _conditions(answer, answers["fact"])
    elif question == "message":
        names, when = _conditions(answers["when"], answers["fact"])
        grammar.message(Item(answer, "", 1, answer), names, when)


def _name(title: str) -> str:
    name = "-".join(re.findall(r"[a-z0-9]+", title.lower()))
    if not re.match(r"[a-z]", name):
        raise DoctorError("the title must begin with a letter from a to z, for the rule's name")
    return name


def _conditions(text: str, kind: str) -> tuple[Names, Conditions]:
    names = Names(kind, kinds()[kind])
    return names, grammar.conditions(document.parse(text, ""), names)


def write(lesson: Lesson, folder: Path, taken: Collection[str], today: date) -> tuple[Path, Path]:
    """Write page and rule below a folder's ``kb`` and ``rules``; ``taken`` are codes in use."""
    name = _name(lesson.title)
    code = next(f"SITE{n:03}" for n in range(1, 1000) if f"SITE{n:03}" not in taken)
    page = folder / "kb" / f"{name}.md"
    rule = folder / "rules" / f"{code}-{name}.yaml"
    for path in (page, rule):
        if path.exists():
            raise DoctorError("is there already; give the lesson another title", str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
    words = {"code": code, "id": name, "today": today.isoformat()}
    texts = {
        page: _PAGE.format(
            **words, title=json.dumps(lesson.title, ensure_ascii=False), heading=lesson.title,
            why=f"{lesson.why}\n\n" if lesson.why else "",
            bad=lesson.bad.rstrip(), good=lesson.good.rstrip(),
        ),
        rule: _RULE.format(
            **words, fact=lesson.fact, severity=lesson.severity, when=_when(lesson.when),
            at=_place(lesson), message=json.dumps(lesson.message, ensure_ascii=False),
            bad=_indented(lesson.bad, 6), good=_indented(lesson.good, 6),
        ),
    }  # fmt: skip
    for path, text in texts.items():
        with replacing(path) as file:
            file.write(text.encode())
    return page, rule


def remove(*paths: Path) -> None:
    """Take files back, and the folders that are empty without them."""
    for path in paths:
        path.unlink()
        with suppress(OSError):
            path.parent.rmdir()
            path.parent.parent.rmdir()


def _place(lesson: Lesson) -> str:
    """Where to point: at the first attribute that the rule asks about, and the command."""
    names, when = _conditions(lesson.when, lesson.fact)
    asked = (clause.subject.path for clause in when.clauses)
    at = next((path for path in asked if path in names.attributes), None)
    return f"\nat: {at}\nrelated: {{at: location, message: it matters here}}" if at else ""


def _when(text: str) -> str:
    """The conditions behind ``when:``, in braces or on lines of their own."""
    return f" {text}" if text.lstrip().startswith("{") else "\n" + _indented(text, 2)


def _indented(text: str, by: int) -> str:
    return "\n".join(f"{' ' * by}{line}".rstrip() for line in text.rstrip().splitlines())
