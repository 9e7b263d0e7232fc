"""The stages in a row for one script: its tree, its facts, what the rules say, what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from doctor.base.failure import Failure, Sparing
from doctor.config import Config
from doctor.diagnostic import Diagnostic, Severity, Source
from doctor.scan.cache import Examination
from doctor.scan.loading import Loader
from doctor.scan.relevance import matters
from doctor.scan.run import NOTHING, InRun, Run, together, told
from doctor.sources import Unexamined

if TYPE_CHECKING:
    from doctor.facts.base import Fact
    from doctor.fix.offer import Examined
    from doctor.knowledge import Knowledge
    from doctor.rulebook import Rulebook
    from doctor.slurm.conf import Cluster
    from doctor.trace import Settings, Traced


class Examiner:
    """Examines one script after another under one configuration.

    ``scanned`` are the files and folders that are examined, ``here`` is the folder below which
    files may be read besides; None if none may. ``like`` is another examiner, under a
    configuration that names the same rules and the same knowledge: then they need not be read
    again. ``run`` is what the other scripts of the run tell, ``cluster`` the one that one is on,
    which else its `slurm.conf` tells if anything may be read.
    """

    def __init__(
        self,
        config: Config,
        scanned: Sequence[str] = (),
        like: Examiner | None = None,
        here: str | None = "",
        run: Run = NOTHING,
        cluster: Cluster | None = None,
    ) -> None:
        self.config, self._cluster = config, cluster
        self.run = run
        if like is not None:
            self.rulebook, self.knowledge = like.rulebook, like.knowledge
            here = like.loader.here
        self.loader: Loader = Loader(scanned, here)
        if config.names_rules:
            config.refuse_unknown(self.rulebook.names)

    @property
    def texts(self) -> dict[str, Source]:
        """The sources that diagnostics may point into, by name."""
        return self.loader.texts

    @cached_property
    def rulebook(self) -> Rulebook:
        from doctor import rulebook

        return rulebook.load(self.config.rules, about="script")

    @cached_property
    def knowledge(self) -> Knowledge:
        from doctor import knowledge

        return knowledge.load(
            self.config.kb,
            bad_nodes=self.config.bad_nodes,
            shared_folders=self.config.shared_folders,
            register=self.config.register,
            named_in=self.config.given.get("bad_nodes", "the configuration"),
            cluster=self.cluster,
        )

    @cached_property
    def cluster(self) -> Cluster | None:
        """The cluster that one is on, if that is known."""
        from doctor.slurm.conf import read

        return self._cluster if self.loader.here is None else read()

    def finds_worthwhile(self, found: Source | Unexamined) -> bool:
        """Whether any rule could say anything about it."""
        return (
            isinstance(found, Unexamined)
            or matters(found, self.config, self.loader.load)
            or (bool(self.config.rules) and "command" in self.rulebook.by_fact)
        )

    def refuse_wrong_references(self) -> None:
        """Refuse a rule of the site that reads what nobody tells."""
        if self.config.rules:  # our own rules are checked by the tests
            from doctor.scan.references import wrong_references

            for wrong in wrong_references(self.rulebook.rules, self.knowledge):
                raise wrong

    def examination(self, found: Source | Unexamined) -> Examination:
        """The diagnostics of one script, as the configuration wants them, and what they rest on.

        A fault of ours costs no more than what it happened in.
        """
        self.loader.asked.clear()
        if isinstance(found, Unexamined):
            said = list(self._wanted(self._check(self.facts(found))))
            return Examination(found, said, self.loader.fingerprints())
        failures: list[Failure] = []
        done: Examined | None = None
        with Sparing(failures, "all of it"):
            if self.finds_worthwhile(found):
                done = self.examined(found)
        asked = self.loader.fingerprints()
        if done is None:
            return Examination(found, (), asked, tuple(failures))
        return Examination(
            found,
            [offer.diagnostic for offer in done.offers],
            asked,
            (*failures, *done.failures),
            told(done.traced.facts, self.rulebook.of_run),
            done.waits,
        )

    def examine_knowledge(self) -> list[Diagnostic]:
        """The diagnostics of the site's own knowledge, as the configuration wants them."""
        facts = self.facts_of_knowledge()
        return self.judged(facts) if facts else []  # spares the rules' reading

    def facts(self, found: Source | Unexamined) -> Sequence[Fact]:
        """All that rules may judge of one script, comments that suppress nothing included."""
        if isinstance(found, Unexamined):
            return (_fact(found),)
        if not self.finds_worthwhile(found):
            return ()
        from doctor.rulebook import judge
        from doctor.scan import suppress

        traced = self.trace(found)
        verdicts = judge(traced.facts, self.rulebook, self.in_run(traced.facts, found.filename))
        said = [verdict.diagnostic for verdict in verdicts]
        concerned = [[fact.location for fact in verdict.facts] for verdict in verdicts]
        names = self.rulebook.names
        return (*traced.facts, *suppress.apply(traced.script, found, said, names, concerned)[1])

    def judged(self, facts: Sequence[Fact]) -> list[Diagnostic]:
        """What the rules say of some facts, as the configuration wants it."""
        return list(self._wanted(self._check(facts)))

    def facts_of_knowledge(self) -> Sequence[Fact]:
        """What rules may judge of the site's own knowledge."""
        if not self.config.kb:
            return ()
        from doctor.scan.disagreement import facts

        return tuple(facts(self.knowledge, self.texts))

    def examined(self, source: Source) -> Examined:
        """What one script would do, and its diagnostics with their fixes, as they are wanted."""
        from doctor.fix.offer import Examined, offers
        from doctor.rulebook import judge
        from doctor.scan import suppress

        traced = self.trace(source)
        failures = list(traced.failures)
        knowledge = self.in_run(traced.facts, source.filename)
        verdicts = judge(traced.facts, self.rulebook, knowledge, failures)
        found = [verdict.diagnostic for verdict in verdicts]
        concerned = [[fact.location for fact in verdict.facts] for verdict in verdicts]
        names = self.rulebook.names
        kept, useless = suppress.apply(traced.script, source, found, names, concerned)
        if useless:
            # A comment about a whole file may suppress what is said of the other comments.
            about = judge(useless, self.rulebook, self.knowledge, failures)
            told = [verdict.diagnostic for verdict in about]
            kept += suppress.apply(traced.script, source, told, self.rulebook.names)[0]
            verdicts += about
        unsuppressed = {id(diagnostic) for diagnostic in kept}
        wanted = (
            replace(verdict, diagnostic=said)
            for verdict in verdicts
            if id(verdict.diagnostic) in unsuppressed
            and (said := self._as_wanted(verdict.diagnostic)) is not None
        )
        offered = tuple(offers(wanted, traced, failures))
        return Examined(traced, offered, tuple(failures), frozenset(knowledge.asked))

    def in_run(self, facts: Iterable[Fact], script: str) -> InRun:
        """The knowledge by which a script is judged: with what it and the others tell."""
        own = told(facts, self.rulebook.of_run)
        return InRun(self.knowledge, together([self.run.tells(script), own]))

    def trace(self, source: Source) -> Traced:
        """What one script would do."""
        from doctor.shell import parse
        from doctor.trace import trace

        self.texts[source.filename] = source
        loader = self.loader
        around = (loader.load, loader.beside, loader.holds)
        return trace(source, parse(source.text), self.settings, *around)

    @cached_property
    def settings(self) -> Settings:
        from doctor.trace import Settings

        config = self.config
        return Settings(self.knowledge, config.vllm_version, config.slurm, config.gpu_types)

    def _check(self, facts: Iterable[Fact]) -> list[Diagnostic]:
        from doctor.rulebook import check

        return list(check(facts, self.rulebook, self.knowledge))

    def _wanted(self, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        return filter(None, map(self._as_wanted, diagnostics))

    def _as_wanted(self, diagnostic: Diagnostic) -> Diagnostic | None:
        """The diagnostic with the severity that the configuration gives it, if any."""
        code, name = diagnostic.code, diagnostic.name
        if not self.config.wants(code, name, diagnostic.location.filename):
            return None
        severity = self.config.severity_of(code, name)
        return replace(diagnostic, severity=Severity(severity)) if severity else diagnostic


def _fact(found: Unexamined) -> Fact:
    from doctor.facts.inputs import InputFile

    place = Source(found.filename, "").location(0, 0)
    return InputFile(location=place, problem=found.problem, reason=found.reason)
