"""What a server was started with, judged by the rules: by the log's own word, and in a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.config import Config
from doctor.diagnostic import Diagnostic, Related, Severity, Source
from doctor.facts.base import Fact
from doctor.facts.relations import CacheFolder
from doctor.facts.servers import GivenFlag, GivenVariable
from doctor.log.account import Sighting
from doctor.log.diagnostics import place
from doctor.log.verdict import Verdict
from doctor.scan import Examiner
from doctor.sources import Unexamined, read_named


class Script(Record):
    """A script's text, what it would do, what the rules find in it, and who asked them."""

    source: Source
    facts: Sequence[Fact]
    diagnostics: Sequence[Diagnostic]
    examiner: Examiner


def read_script(path: str, config: Config) -> Script:
    """Examine the script that wrote a log; it is not run."""
    source = read_named(path)
    if isinstance(source, Unexamined):
        raise DoctorError(source.reason, path)
    examiner = Examiner(config, (path,))
    examined = examiner.examined(source)
    found = [offer.diagnostic for offer in examined.offers]
    return Script(source, examined.traced.facts, found, examiner)


def in_script(script: Script, verdict: Verdict, told: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics of a log with what the script has to do with them, and its own."""
    sightings = {each.signature.code: each for each in _failures(verdict)}
    own = [each for each in script.diagnostics if each.code in _rules(verdict)]
    found: list[Diagnostic] = []
    for diagnostic in told:
        if any(each.code == diagnostic.code for each in own):
            continue  # the log's own word for what the script says
        sighting = sightings.get(diagnostic.code)
        related = tuple(dict.fromkeys(_given(script.facts, sighting))) if sighting else ()
        found.append(replace(diagnostic, related=(*diagnostic.related, *related)))
    return [*found, *own]


def by_own_word(filename: str, verdict: Verdict, config: Config) -> list[Diagnostic]:
    """What the rules that belong to the causes say of the arguments that the log lists."""
    header, rules = verdict.header, _rules(verdict)
    if header.command is None or header.told is None or not rules:
        return []
    config = replace(config, vllm_version=header.release or config.vllm_version, slurm=False)
    done = Examiner(config, here=None).examination(Source(filename, header.command + "\n"))
    for failure in done.failures:
        raise DoctorError(str(failure), filename)
    where = place(filename, header.told)
    return [
        replace(each, location=where, related=(), fix=None)
        for each in done.diagnostics
        if each.code in rules and each.severity is not Severity.INFO
    ]


def _failures(verdict: Verdict) -> Iterator[Sighting]:
    yield from (*verdict.told, *verdict.wrappers)


def _rules(verdict: Verdict) -> frozenset[str]:
    """The rules that find in a script what the log tells of."""
    return frozenset(rule for each in _failures(verdict) for rule in each.signature.rules)


def _given(facts: Sequence[Fact], sighting: Sighting) -> Iterator[Related]:
    """Where the script gives the flags and variables that steer this, or that the log names."""
    named = {word.partition("=")[0] for text in sighting.groups.values() for word in text.split()}
    wanted = {*sighting.signature.options, *(word for word in named if word.startswith("-"))}
    for fact in facts:
        name, key = _name(fact)
        if name in wanted:
            places = fact.evidence[key].locations if key in fact.evidence else ()
            yield Related(f"the script sets {name} here", (*places, fact.location)[0])


def _name(fact: Fact) -> tuple[str | None, str]:
    """The flag or variable that a fact is about, and the attribute that tells where it stands."""
    if isinstance(fact, (GivenFlag, GivenVariable)):
        return fact.name, "name"
    if isinstance(fact, CacheFolder):
        return fact.variable, "path"
    return None, ""
