"""Every row of every table in ``kb`` as command lines, in the releases at which it changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from doctor.knowledge import Feature, Knowledge
from doctor.knowledge.rows import Family, Pairing

#: A value for each kind of flag, as a shell word; flags of other kinds take some word.
_VALUES = {"bool": "", "store_true": "", "int": "1", "float": "0.5", "json": "'{}'", "list": "a b"}


@dataclass(frozen=True)
class Line:
    """A command line, the row that it is of, and the release that runs it; None if none is said."""

    row: str
    release: str | None
    text: str


def lines(knowledge: Knowledge) -> Iterator[Line]:
    """All lines of all tables."""
    releases = knowledge.releases
    for flag in releases.flags():
        yield from _in_releases(flag, _of_flag(flag), knowledge)
    for variable in releases.variables():
        name = variable.name
        texts = [f"{name}=1 vllm serve m", f"export {name}=x\nvllm serve m\nunset {name}"]
        yield from _in_releases(variable, texts, knowledge)
    for parser in releases.tool_parsers():
        calls = f"vllm serve m --tool-call-parser {parser.name}"
        yield from _in_releases(parser, [calls, f"{calls} --enable-auto-tool-choice"], knowledge)
    for parser in releases.reasoning_parsers():
        texts = [f"vllm serve m --reasoning-parser {parser.name}"]
        yield from _in_releases(parser, texts, knowledge)
    for method in releases.methods():
        pairs = product(({}, {"model": "a/drafter"}), ({}, {"num_speculative_tokens": 2}))
        texts = [_speculative("m", {"method": method.name, **one, **two}) for one, two in pairs]
        yield from _in_releases(method, texts, knowledge)
    for key in releases.speculation_keys():
        yield from _in_releases(key, _of_key(key), knowledge)
    for model, row, _ in releases.recipes():
        texts = [f"vllm serve {model}", *_with_parsers(model, row.get("tool-parsers", ()))]
        yield from _both(f"recipe {model}", row.get("least-release"), texts)
    for family in knowledge.families:
        yield from _of_family(family)
    for pairing in knowledge.pairings:
        yield from _both(str(pairing.place), pairing.first_release, _of_pairing(pairing))
    for broken in knowledge.broken_versions:
        for release in sorted(releases.within(broken.releases)):
            text = f"pip install vllm=={release}\nvllm serve m"
            yield Line(str(broken.place), None, text)
    for migration in knowledge.migrations:
        old = migration.old.replace("VALUE", "x")
        variable = old if "=" in old else f"{old}=x"
        text = f"vllm serve m {old}" if old.startswith("-") else f"{variable} vllm serve m"
        yield from _both(str(migration.place), migration.since, [text, f"{text} x"])


def _in_releases(row: Feature, texts: Iterable[str], knowledge: Knowledge) -> Iterator[Line]:
    """The lines in each release at which something changes for the row, and in the one before."""
    names = knowledge.releases.names
    changes = [row.added, row.removed, row.readded, row.deprecated]
    changes += [life for alias in row.aliases for life in (alias.added, alias.removed)]
    at = {names.index(change) for change in changes if change in names}
    chosen = [names[index] for index in sorted({*at, *(max(0, each - 1) for each in at)})]
    for release, text in product((None, *chosen, names[-1]), dict.fromkeys(texts)):
        yield Line(row.name, release, text)


def _both(row: str, release: str | None, texts: Iterable[str]) -> Iterator[Line]:
    for each, text in product(dict.fromkeys((None, release)), dict.fromkeys(texts)):
        yield Line(row, each, text)


def _of_flag(flag: Feature) -> Iterator[str]:
    value = _VALUES.get(flag.kind or "", "x")
    for name in (flag.name, *(alias.name for alias in flag.aliases)):
        yield f"vllm serve m {name} {value}".rstrip()
        yield f"vllm serve m {name}={value or 'true'}"
        yield f"vllm serve m {name}"
    yield f"vllm serve m --no-{flag.name.removeprefix('--')}"
    yield f"vllm serve m {flag.name}.key 1"


def _of_key(key: Feature) -> Iterator[str]:
    for value in (1, 0, True, None, "x", [], {}):
        yield _speculative("m", {"method": "ngram", "num_speculative_tokens": 2, key.name: value})
    yield f"vllm serve m --speculative-config.method ngram --speculative-config.{key.name} 1"


def _speculative(model: str, config: dict[str, object]) -> str:
    return f"vllm serve {model} --speculative-config '{json.dumps(config)}'"


def _with_parsers(model: str, parsers: Iterable[str]) -> Iterator[str]:
    for parser in dict.fromkeys((*parsers, "hermes", "mistral")):
        line = f"vllm serve {model} --tool-call-parser {parser}"
        yield from (line, f"{line} --enable-auto-tool-choice")
    yield f"vllm serve {model} --enable-auto-tool-choice"


def _of_family(family: Family) -> Iterator[Line]:
    releases = {family.first_release, family.for_tool_calls, family.last_release, None}
    tools = [parser for parser in (family.tool_parser, *family.also_right) if parser]
    thinking = [family.reasoning_parser, *family.also_right_for_reasoning, "deepseek_r1", "qwen3"]
    for pattern in family.models:
        model = pattern.replace("*", "7B")
        texts = [f"vllm serve {model}", f"vllm serve /models/{model.rpartition('/')[2]}"]
        texts += _with_parsers(model, tools)
        texts += [f"vllm serve {model} --reasoning-parser {each}" for each in thinking if each]
        texts += [f"vllm serve {model} {family.also_needs}"] if family.also_needs else []
        texts.append(_speculative(model, {"method": "mtp", "num_speculative_tokens": 1}))
        for release, text in product(sorted(releases, key=str), dict.fromkeys(texts)):
            yield Line(str(family.place), release, text)


def _of_pairing(pairing: Pairing) -> Iterator[str]:
    """The row's drafter with and without each key, and with methods of other rows."""
    drafter = {"model": pairing.drafter} if pairing.drafter else {}
    methods = dict.fromkeys((*pairing.methods, "mtp", "eagle3", "draft_model", None))
    tokens, ranks = pairing.tokens or 3, pairing.draft_tensor_parallel or 1
    options = product(methods, (None, tokens), (None, ranks))
    for target, (method, number, parallel) in product(_targets(pairing), options):
        given = {
            "method": method,
            "num_speculative_tokens": number,
            "draft_tensor_parallel_size": parallel,
        }
        yield _speculative(
            target, {**drafter, **{key: each for key, each in given.items() if each}}
        )


def _targets(pairing: Pairing) -> tuple[str, ...]:
    return (pairing.target.replace("*", "7B"), "openai/gpt-oss-20b", f"{pairing.target}-FP8")
