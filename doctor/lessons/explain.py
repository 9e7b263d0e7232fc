"""A rule, a lesson or a kind of fact explained, as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.base.errors import DoctorError, nearest
from doctor.base.regex import regex
from doctor.knowledge import Knowledge
from doctor.knowledge.markdown import prose
from doctor.knowledge.rows import Page
from doctor.lessons.catalogue import Entry
from doctor.rulebook import reference
from doctor.rulebook.examples import Example, examples
from doctor.rulebook.rule import Conditions, Message
from doctor.rulebook.vocabulary import kinds

if TYPE_CHECKING:
    from doctor.log.signature import Signature

#: Longer examples are cut: they show where a rule's limits are, not what it is about.
_ROWS = 20
#: The beginning of a code, which means a group of rules.
_GROUP = regex(r"[A-Z]{2,8}[0-9]{0,2}")


def explanation(
    word: str, entries: Sequence[Entry], knowledge: Knowledge, kb: Sequence[Path] = ()
) -> str:
    """What a rule's code or name, a lesson's id, a kind of fact, or a line of a log means.

    ``kb`` are the site's files and folders of knowledge, next to which its signatures lie.
    """
    pages = {page.id: page for page in reversed(knowledge.pages)}
    for entry in entries:
        if word.upper() == entry.rule.code or word.lower() == entry.rule.name:
            return "\n\n".join([rule_page(entry), *_lesson(pages.get(entry.rule.lesson or ""))])
    group = [_line(entry) for entry in entries if entry.rule.code.startswith(word.upper())]
    if group and _GROUP.fullmatch(word.upper()):
        return "\n\n".join([f"# Rules that begin with {word.upper()}", "\n".join(group)])
    page = pages.get(word.lower())
    if page is not None:
        listed = [_line(entry) for entry in entries if entry.rule.lesson == page.id]
        listed += [f"- {each.code} {each.name} (in a log)" for each in _signatures(page.id, kb)]
        return "\n\n".join([*_lesson(page), "## Rules", "\n".join(listed) or "None yet."])
    if word.lower() in kinds():
        return "\n\n".join(_kind(word.lower(), entries))
    if (found := _in_a_log(word, pages, kb)) is not None:
        return found
    if " " in word.strip():
        raise DoctorError("no signature fits this line; `vllm-doctor log` reads whole logs")
    known = [*(name for entry in entries for name in (entry.rule.code, entry.rule.name)), *pages]
    known += kinds()
    raise DoctorError(f"no rule, lesson or kind of fact is called {word!r}{_nearest(word, known)}")


def _signatures(lesson: str, kb: Sequence[Path]) -> list[Signature]:
    from doctor.log.signatures import load

    return [signature for signature in load(kb) if signature.lesson == lesson]


def _in_a_log(word: str, pages: Mapping[str, Page], kb: Sequence[Path]) -> str | None:
    """What a signature means, or the one that fits a pasted line."""
    from doctor.log.explain import explained
    from doctor.log.signatures import load

    found = explained(word, load(kb))
    if found is None:
        return None
    signature, text = found
    page = pages.get(signature.lesson or "")
    return "\n\n".join([text, *_lesson(page)]) if signature.lesson != "reading-logs" else text


def _nearest(word: str, known: list[str]) -> str:
    return nearest(word, known) or nearest(word.upper(), known) or nearest(word.lower(), known)


def _line(entry: Entry) -> str:
    return f"- {entry.rule.code} {entry.rule.name} ({entry.severity})"


def rule_page(entry: Entry) -> str:
    """A rule by itself: what it looks at, what it says, and an example of each kind."""
    return "\n\n".join(_rule(entry))


def _rule(entry: Entry) -> Iterator[str]:
    rule = entry.rule
    severities = [case.severity.value for case in rule.cases if case.severity is not None]
    others = [word for word in dict.fromkeys(severities) if word != entry.severity]
    yield f"# {rule.code} {rule.name}"
    yield f"Severity: {entry.severity}" + (
        f", in some cases {' or '.join(others)}" if others else ""
    )
    said = [text for text in (rule.message, rule.why, rule.help) if text is not None]
    yield f"Says: {' '.join(map(_readable, said))}"
    yield "Looks at: " + _looks_at(rule.fact, [rule.when, *(case.when for case in rule.cases)])
    listed = examples(rule.path)
    yield from _example("Bad", next(each for each in listed if each.bad))
    yield from _example("Good", next(each for each in listed if not (each.bad or each.unknown)))
    yield f"The rule, with all its examples: {rule.path}"


def _readable(message: Message) -> str:
    """A message with dots for what stands there in a script."""
    return "".join(piece if isinstance(piece, str) else "…" for piece in message.pieces)


def _looks_at(kind: str, conditions: Sequence[Conditions]) -> str:
    attributes = kinds()[kind]
    read = dict.fromkeys(name for each in conditions for name in _subjects(each))
    about = "".join(f"\n- `{name}`: {attributes[name].doc}" for name in read if name in attributes)
    said = reference.kind_doc(kind)
    return said[0].lower() + said[1:] + ("\n" + about if about else "")


def _subjects(conditions: Conditions) -> Iterator[str]:
    yield from (clause.subject.path for clause in conditions.clauses)
    for each in conditions.alternatives:
        yield from _subjects(each)


def _example(title: str, example: Example) -> Iterator[str]:
    yield f"{title}:"
    yield _block("bash" if example.fact is None else "yaml", example.text)
    if example.kb is not None:
        yield "where the site's document says:"
        yield _block("markdown", example.kb)


def _block(language: str, text: str) -> str:
    lines = text.splitlines()
    cut = [*lines[:_ROWS], "…"] if len(lines) > _ROWS else lines
    return "\n".join([f"```{language}", *cut, "```"])


def _lesson(page: Page | None) -> Iterator[str]:
    if page is not None:
        yield prose(Path(page.place.filename).read_text("utf-8")).strip()
        yield f"The lesson: {page.place.filename}" + (
            f" (checked on {page.checked})" if page.checked else ""
        )


def _kind(kind: str, entries: Sequence[Entry]) -> Iterator[str]:
    yield f"# {kind}"
    yield f"{reference.kind_doc(kind)} A rule about it says `fact: {kind}`."
    yield "## Attributes"
    yield "\n".join(reference.attributes(kind))
    yield "## What `when` may ask of them"
    yield "A value or a list of values (`bash`, `[4, 8]`), or a mapping with one or more of"
    yield "\n".join(reference.operators(kind))
    yield "## Rules about it"
    listed = [_line(entry) for entry in entries if entry.rule.fact == kind]
    yield "\n".join(listed) or "None yet."
