"""A rule tried on its examples, as a user would run it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from doctor import sources
from doctor.base.failure import Failure
from doctor.base.unknown import UNKNOWN
from doctor.config import Config, from_mapping
from doctor.diagnostic import Diagnostic, Severity, Source
from doctor.facts.base import Fact
from doctor.knowledge.register import entry, record
from doctor.rulebook import Rule, Rulebook, answer, load
from doctor.rulebook.examples import Example
from doctor.rulebook.scope import Knowledge
from doctor.scan import Examiner
from doctor.slurm import conf
from doctor.slurm.conf import Cluster
from doctor.sources import Unexamined


class Bench:
    """What trials share: the rules and the knowledge of the site, which are read once.

    ``site`` names the knowledge and the rules for which the examples were written. The files of
    the folder that one is in are none of an example's business.
    """

    def __init__(self, site: Config) -> None:
        self.site = Config(kb=site.kb, rules=site.rules)
        self.examiner = Examiner(self.site, here=None)

    @cached_property
    def rules_about_nodes(self) -> Rulebook:
        """The rules that need no script."""
        return load(self.site.rules, about="node")


def failure(code: str, example: Example, bench: Bench) -> str | None:
    """What an example expects of its rule and doesn't get, or None."""
    with as_user(example, bench) as examiner:
        if example.fact is not None:
            rulebook = bench.rules_about_nodes
            rule = next(rule for rule in rulebook.rules if rule.code == code)
            ranks = rulebook.severities
            return shortfall_on_node(rule, example, example.fact, examiner.knowledge, ranks)
        script = decoded(example)
        everything, failures = _told(script, examiner)
        fixed = None if example.fixed is None else _fixed(code, example, examiner)
    if failures:
        return str(failures[0])
    found = [each for each in everything if each.code == code]
    lack = shortfall(code, example, found)
    if example.bad and not found:
        unread = f": {script.reason}" if isinstance(script, Unexamined) else ""
        return f"{lack}{unread}"
    if lack is None and fixed != example.fixed:
        return f"the fixes of {code} make of this example: {fixed!r}"
    return lack


def shortfall(code: str, example: Example, found: Sequence[Diagnostic]) -> str | None:
    """What the diagnostics of a rule lack of what an example expects, its fix aside; or None."""
    if not example.bad:
        return f"{code} speaks on this good example: {found[0].message}" if found else None
    if not found:
        return f"{code} is silent on this bad example"
    if example.times not in (None, len(found)):
        return f"{code} speaks {len(found)} times here, and not {example.times}"
    return next((lack for each in found for lack in _differences(example, each)), None)


def shortfall_on_node(
    rule: Rule,
    example: Example,
    fact: Fact,
    knowledge: Knowledge,
    ranks: Mapping[str, Severity | None],
) -> str | None:
    """The same for an example that is a fact about a node."""
    code = rule.code
    found = answer(rule, fact, knowledge, ranks)
    if found.holds is not (UNKNOWN if example.unknown else example.bad):
        if found.holds is UNKNOWN:
            return f"{code} can't say on this example: {', '.join(found.unknown)}"
        said = f"speaks on this example: {found.message}" if found.holds else "is silent"
        return f"{code} {said}, and not what the example expects"
    for name in ("severity", "message", "evidence", "remedy"):
        expected, got = getattr(example, name), getattr(found, name)
        if expected is not None and expected not in got:
            return f"the {name} of {code} is not {expected!r} here, but {got!r}"
    if example.without is not None and example.without in found.message:
        return f"{code} says {example.without!r} here: {found.message!r}"
    return None


@contextmanager
def as_user(example: Example, bench: Bench) -> Iterator[Examiner]:
    """An examiner under the configuration that an example asks for, with its document."""
    if not (example.config or example.kb or example.slurm_conf or example.register):
        yield bench.examiner
        return
    config = from_mapping(example.config or {}, Path.cwd())
    config = replace(config, kb=config.kb + bench.site.kb, rules=config.rules + bench.site.rules)
    with tempfile.TemporaryDirectory() as folder:
        if example.kb is not None:
            document = Path(folder, "lessons.md")
            document.write_text(example.kb, "utf-8")
            config = replace(config, kb=(*config.kb, document))
        for node, reason in example.register.items():
            config = replace(config, register=Path(folder, "register"))
            record(Path(folder, "register"), entry(node, "somebody", (reason,)))
        yield Examiner(config, here=None, cluster=_cluster(example, Path(folder, "slurm.conf")))


def _cluster(example: Example, path: Path) -> Cluster | None:
    if example.slurm_conf is None:
        return None
    path.write_text(example.slurm_conf, "utf-8")
    return conf.read_file(path)


def _told(
    script: Source | Unexamined, like: Examiner
) -> tuple[list[Diagnostic], Sequence[Failure]]:
    examiner = Examiner(like.config, like=like)
    examiner.refuse_wrong_references()
    done = examiner.examination(script)
    return [*done.diagnostics, *examiner.examine_knowledge()], done.failures


def _fixed(code: str, example: Example, like: Examiner) -> str:
    """The text after the fixes of one rule, the unsafe ones too."""
    from doctor.scan.repair import Wish, repair

    only = replace(like.config, select=(code,))
    wish = Wish(unsafe=True, write=False)
    done = repair(["-"], only, wish, _input(example), example.filename, like=like)
    return done.changes[0].after.text if done.changes else example.text


def decoded(example: Example) -> Source | Unexamined:
    """An example's script as a scan reads it."""
    return sources.decode(_input(example).getvalue(), example.filename)


def _input(example: Example) -> io.BytesIO:
    script = example.script
    return io.BytesIO(script.encode() if isinstance(script, str) else script)


def _differences(example: Example, found: Diagnostic) -> Iterator[str]:
    code, place = found.code, found.location
    if example.severity not in (None, found.severity):
        yield f"{code} is {found.severity.value} here, and not what the example expects"
    if example.message is not None and example.message not in found.message:
        yield f"{code} does not say {example.message!r} here, but {found.message!r}"
    if example.without is not None and example.without in found.message:
        yield f"{code} says {example.without!r} here: {found.message!r}"
    at = example.text[place.start.offset : place.end.offset]
    if example.at not in (None, at):
        yield f"{code} stands at {at!r} here, and not at {example.at!r}"
    related = [each.message for each in found.related]
    if example.related is not None and not any(example.related in each for each in related):
        yield f"no related place of {code} says {example.related!r} here, but {related!r}"
