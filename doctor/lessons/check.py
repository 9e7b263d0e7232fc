"""Knowledge and rules checked: what has aged, what leads nowhere, what contradicts itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from doctor.base.data import data_folder
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.config import Config
from doctor.knowledge import Knowledge
from doctor.knowledge.conflicts import conflicts
from doctor.knowledge.markdown import code_blocks
from doctor.knowledge.rows import Page
from doctor.lessons.claims import claims
from doctor.lessons.strict import unneeded
from doctor.lessons.trial import Bench, failure
from doctor.log.check import complaints as signature_complaints
from doctor.log.signature import Signature
from doctor.log.signatures import load
from doctor.rulebook import Rule, Rulebook
from doctor.rulebook.examples import Example, examples
from doctor.scan.references import line_of, wrong_references

_LINK = regex(r"\]\(<?([^)\s#>]+)")
_FENCE = regex(r"\s*(```+|~~~+)")
_REMOTE = regex(r"[a-z][a-z0-9+.-]*:|/", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Complaint:
    """One sentence about one place."""

    filename: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}: {self.message}"


class Subject(Record):
    """What is checked: a site's own, or, where it has none, what ships with the tool."""

    rules: Sequence[Rule]
    pages: Sequence[Page]
    documents: Sequence[Path]


def complaints(
    config: Config,
    knowledge: Knowledge,
    rulebook: Rulebook,
    today: date,
    days: int,
    strict: bool = False,
) -> list[Complaint]:
    """All that is wrong, in the order of files and lines; ``days`` is how old a list may be.

    ``strict`` asks, too, which parts of the rules no example needs.
    """
    subject = _subject(config, knowledge, rulebook)
    signatures = load(config.kb)
    lessons = {rule.code: rule.lesson for rule in rulebook.rules}
    lessons |= {signature.code: signature.lesson for signature in signatures}
    found = [
        *_pages(subject.pages, lessons),
        *_lessons(subject.rules, knowledge.pages),
        *_old_lists(knowledge, today, days),
        *_links(subject.documents),
        *_contradictions(knowledge),
        *_claims(subject.pages),
        *_signatures(signatures, knowledge, rulebook, site=bool(config.kb)),
    ]
    if wrong := list(_references(subject.rules, knowledge)):
        found += wrong  # and no scan would start with these rules
    else:
        bench = Bench(config)
        found += _examples(subject, bench)
        found += _unneeded(subject, bench) if strict else ()
        found += _blocks(subject, {rule.code for rule in rulebook.rules}, bench)
    return sorted(set(found))


def _subject(config: Config, knowledge: Knowledge, rulebook: Rulebook) -> Subject:
    site = bool(config.kb or config.rules)
    shipped = data_folder("rules")
    kb = data_folder("kb")
    return Subject(
        [rule for rule in rulebook.rules if rule.path.is_relative_to(shipped) is not site],
        [page for page in knowledge.pages if page.place.site is site],
        [
            file
            for file in knowledge.files
            if file.suffix == ".md" and file.is_relative_to(kb) is not site
        ],
    )


# --- pages and rules -------------------------------------------------------------------------


def _pages(pages: Sequence[Page], lessons: Mapping[str, str | None]) -> Iterator[Complaint]:
    """``lessons`` has the lesson of each rule and signature by its code."""
    first: dict[str, Page] = {}
    for page in sorted(pages, key=lambda page: page.place.filename):
        for code in page.codes:
            if code not in lessons:
                yield _at(page, f"the page names the rule {code}, which does not exist")
            elif lessons[code] != page.id:
                yield _at(page, f"the page names {code}, whose lesson is {lessons[code]!r}")
        if not page.codes and page.id not in lessons.values():
            yield _at(page, f"no rule enforces the lesson {page.id!r}")
        other = first.setdefault(page.id, page)
        if other is not page:
            yield _at(page, f"{page.id!r} is the id of {other.place.filename}, too")


def _at(page: Page, message: str) -> Complaint:
    return Complaint(page.place.filename, page.place.line, message)


def _lessons(rules: Sequence[Rule], pages: Sequence[Page]) -> Iterator[Complaint]:
    for rule in rules:
        if rule.lesson is None:
            continue
        told = [page for page in pages if page.id == rule.lesson]
        line = line_of("lesson:", rule.path)
        if not told:
            message = f"{rule.code} names the lesson {rule.lesson!r}, but there is no such page"
            yield Complaint(str(rule.path), line, message)
        elif all(rule.code not in page.codes for page in told):
            message = f"{rule.code} is not among the `codes` of its page, {told[0].place.filename}"
            yield Complaint(str(rule.path), line, message)


def _signatures(
    signatures: Sequence[Signature], knowledge: Knowledge, rulebook: Rulebook, site: bool
) -> Iterator[Complaint]:
    checked = [each for each in signatures if each.place.site is site]
    pages = {page.id for page in knowledge.pages}
    codes = {rule.code for rule in rulebook.rules}
    for signature, message in signature_complaints(checked, signatures, pages, codes):
        yield Complaint(signature.place.filename, signature.place.line, message)


def _references(rules: Sequence[Rule], knowledge: Knowledge) -> Iterator[Complaint]:
    for wrong in wrong_references(rules, knowledge):
        yield Complaint(wrong.filename or "", wrong.line or 0, wrong.message)


# --- facts -----------------------------------------------------------------------------------


def _old_lists(knowledge: Knowledge, today: date, days: int) -> Iterator[Complaint]:
    for nodes in knowledge.bad_nodes.lists:
        if not nodes.place.site or not nodes.place.line or not nodes.hostlists:
            continue
        place = nodes.place.filename, nodes.place.line
        if nodes.as_of is None:
            message = "the list of bad nodes does not say of when it is: `(as of 2026-01-31)`"
            yield Complaint(*place, message)
        elif (age := (today - date.fromisoformat(nodes.as_of)).days) > days:
            message = f"the list of bad nodes is {age} days old; look whether it is still right"
            yield Complaint(*place, message)


def _contradictions(knowledge: Knowledge) -> Iterator[Complaint]:
    for found in conflicts(knowledge):
        message = (
            f"{found.subject}: {found.says} here, but {found.other_says} in "
            f"{found.other_place.told}"
        )
        yield Complaint(found.place.filename, found.place.line, message)


def _claims(pages: Sequence[Page]) -> Iterator[Complaint]:
    for claim in claims(pages):
        if claim.problem is not None:
            yield Complaint(claim.filename, claim.line, claim.problem)


def _links(documents: Sequence[Path]) -> Iterator[Complaint]:
    for document in documents:
        fenced = False
        for number, line in enumerate(document.read_text("utf-8").splitlines(), 1):
            fenced = fenced is not bool(_FENCE.match(line))
            for target in () if fenced else _LINK.findall(line):
                if not _REMOTE.match(target) and not (document.parent / target).exists():
                    message = f"the link to {target} leads nowhere"
                    yield Complaint(str(document), number, message)


# --- examples --------------------------------------------------------------------------------


def _examples(subject: Subject, bench: Bench) -> Iterator[Complaint]:
    for rule in subject.rules:
        for example in examples(rule.path):
            problem = failure(rule.code, example, bench)
            if problem is not None:
                yield Complaint(str(rule.path), example.line, problem)


def _unneeded(subject: Subject, bench: Bench) -> Iterator[Complaint]:
    for rule in subject.rules:
        for each in unneeded(rule, bench):
            message = f"no example of {rule.code} needs {each.part}: {each.advice}, or leave it out"
            yield Complaint(str(rule.path), each.line, message)


def _blocks(subject: Subject, codes: Collection[str], bench: Bench) -> Iterator[Complaint]:
    """The code blocks that a page marks: ```` ```bash bad VD101 ```` or ```` ```bash good ````."""
    for page in subject.pages:
        path = Path(page.place.filename)
        for block in code_blocks(path.read_text("utf-8")):
            words = list(block.info[1:])
            if block.info[:1] != ["bash"] or not words or words[0] not in ("bad", "good"):
                continue
            for code in set(words[1:] if words[0] == "bad" else page.codes) & set(codes):
                example = Example(words[0] == "bad", block.text, path, block.line)
                problem = failure(code, example, bench)
                if problem is not None:
                    yield Complaint(str(path), block.line, problem)
