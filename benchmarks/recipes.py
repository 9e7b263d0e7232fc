"""Scan the command lines that vLLM itself publishes, and its recipes with a parser swapped.

    python benchmarks/recipes.py vllm-0.33.0.tar.gz

The archive is the source archive of the newest release (`python -m renew` keeps it). Its
documentation, examples and recipes are taken to be right: each alarm that `KNOWN` doesn't explain
is ours, or one more fault of theirs. With the parser of another family each recipe is wrong.
"""

from __future__ import annotations

import re
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from scanning import Finding, findings

from doctor.config import Config
from doctor.knowledge import load

#: Alarms that are right: where they are, and what is wrong there.
KNOWN = {
    ("docs/features/reasoning_outputs.md", "VD705"): "a parser of the reader's own",
    ("docs/serving/expert_parallel_deployment.md", "VD728"): "comments behind backslashes",
    ("recipes/models/Qwen/Qwen2.5-VL-7B-Instruct.yaml", "VD721"): "a flag gone since 0.12.0",
    ("recipes/models/Qwen/Qwen3-235B-A22B-Instruct-2507.yaml", "VD721"): "gone since 0.18.0",
    ("recipes/models/inclusionAI/Ring-1T-FP8.yaml", "VD724"): "a key gone since 0.12.0",
}
#: What these texts leave out on purpose, and the lessons document's own advice on memory.
UNASKED = frozenset({"VD601", "VD703", "VD725"})
_TEXT = re.compile(r"(?:docs|examples)/.*\.md|recipes/models/.*\.yaml")
_BLOCK = re.compile(
    r"^([ \t]*)```+(?:bash|sh|shell|console)[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL
)
_SERVES = re.compile(r"vllm serve|api_server|vllm/vllm-openai")


def blocks(archive: Path) -> Iterator[tuple[str, int, str]]:
    """The shell blocks that start a server: the file, the line and the text of each."""
    with tarfile.open(archive) as tar:
        for member in tar:
            path = member.name.partition("/")[2]
            content = tar.extractfile(member) if _TEXT.fullmatch(path) else None
            text = content.read().decode(errors="replace") if content else ""
            if path.endswith(".yaml") and text:
                text = yaml.safe_load(text).get("guide") or ""
            for block in _BLOCK.finditer(text):
                lines = [line.removeprefix(block[1]) for line in block[2].splitlines()]
                shell = "".join(re.sub(r"^\$ ", "", line) + "\n" for line in lines)
                if _SERVES.search(shell):
                    yield path, text.count("\n", 0, block.start()) + 1, shell


def noise(archive: Path, config: Config, folder: Path) -> None:
    """Print the alarms on the archive's own command lines."""
    origin, lines = {}, 0
    for number, (path, line, shell) in enumerate(blocks(archive)):
        file = folder / f"{number}.sh"
        file.write_text(shell)
        origin[str(file)] = (path, line)
        lines += len(_SERVES.findall(shell))
    found = [each for each in findings(list(origin), config) if each.alarms]
    found = [each for each in found if each.diagnostic.code not in UNASKED]
    known = [each for each in found if (origin[each.path][0], each.diagnostic.code) in KNOWN]
    print(f"{lines} command lines in {len(origin)} blocks: {len(found)} alarms, {len(known)} known")
    for each in found:
        if each not in known:
            path, line = origin[each.path]
            told = each.diagnostic
            print(f"  {path}:{line}: {told.code} {told.severity.value}: {told.message}")


def recall(config: Config, folder: Path) -> None:
    """Print how many of the recipes with another family's parser are told."""
    knowledge = load()
    releases = knowledge.releases
    kinds = (
        ("tool-parsers", "right-parsers", "--tool-call-parser", "VD701", releases.tool_parser),
        ("reasoning-parsers", "right-reasoning-parsers", "--reasoning-parser", "VD705",
         releases.reasoning_parser),
    )  # fmt: skip
    for kind, right, flag, code, built_in in kinds:
        recipes = [(model, recipe[kind]) for model, recipe, _ in releases.recipes()
                   if recipe.get(kind)]  # fmt: skip
        names = sorted({name for _, named in recipes for name in named if built_in(name)})
        scripts = {}
        for number, (model, named) in enumerate(recipes):
            same = {*named, *(knowledge.row("families", model) or {})[right]}
            others = [name for name in names if name not in same]
            file = folder / f"{kind}-{number}.sh"
            swapped = others[number % len(others)]
            file.write_text(f"vllm serve {model} --enable-auto-tool-choice {flag} {swapped}\n")
            scripts[str(file)] = f"{model} with {swapped}"
        told = {each.path for each in findings(list(scripts), config) if _tells(each, code)}
        print(f"{code}: {len(told)} of {len(scripts)} swapped {kind} told")
        for file in scripts.keys() - told:
            print(f"  missed: {scripts[file]}")


def _tells(finding: Finding, code: str) -> bool:
    return finding.alarms and finding.diagnostic.code == code


def main(archive: Path) -> None:
    config = Config(vllm_version=load().releases.newest)
    with tempfile.TemporaryDirectory() as folder:
        noise(archive, config, Path(folder))
        recall(config, Path(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
