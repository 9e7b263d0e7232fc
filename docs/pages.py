"""The pages of the site that are made of what stands elsewhere, so that it stands there once.

A hook of mkdocs. ``{{ README: Heading }}`` is that section of the README; each rule and each lesson
gets a page; links between files of the repository become links between pages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from doctor.config import Config
from doctor.knowledge import Knowledge, load
from doctor.knowledge.markdown import prose
from doctor.knowledge.rows import Page as Lesson
from doctor.lessons.catalogue import Entry, catalogue
from doctor.lessons.explain import explanation, rule_page
from doctor.rulebook.vocabulary import kinds

ROOT = Path(__file__).parents[1]
_SECTION = re.compile(r"^\{\{ (\S+): (.+) \}\}$", re.MULTILINE)
_LINK = re.compile(r"\]\(([\w./-]+\.md)(#[\w-]+)?\)")
#: Where the files of the repository that are linked to are found on the site.
_PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "docs/architecture.md": "architecture.md",
    "docs/scan.md": "scan.md",
}
#: The info strings of the lessons' blocks: `bash bad VD101`.
_BLOCK = re.compile(r"^```(\w+) (?:bad|good)[^\n]*$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the rules by their lessons, and the lessons."""
    entries, lessons = catalogue(Config()), _lessons(load())
    groups = defaultdict[str, list[str]](list)
    for entry in entries:
        lesson = lessons.get(entry.rule.lesson or "")
        groups[lesson.title if lesson else "The scan itself"].append(f"rules/{entry.rule.code}.md")
    listed = {
        "Rules": ["rules/index.md", *({title: pages} for title, pages in groups.items())],
        "Lessons": ["lessons/index.md", *(f"lessons/{name}.md" for name in lessons)],
    }
    for tab in config.nav or ():
        tab |= {name: pages for name, pages in listed.items() if name in tab}
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each rule, each lesson, and all kinds of facts."""
    knowledge, entries = load(), catalogue(Config())
    for name, text in _pages(knowledge, entries).items():
        files.append(File.generated(config, name, content=text))
    for table in sorted((ROOT / "kb/vllm").glob("*.yaml")):
        files.append(File.generated(config, f"lessons/vllm/{table.name}", abs_src_path=str(table)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put sections of other files in, and lead links to the pages."""
    whole = _SECTION.sub(lambda found: _section(found[1], found[2]), markdown)
    return _LINK.sub(lambda found: f"]({_target(found[1], page)}{found[2] or ''})", whole)


def _section(name: str, heading: str) -> str:
    """A section of a file of the repository, without its heading; the beginning for ``top``."""
    text = (ROOT / name).with_suffix(".md").read_text("utf-8")
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    sections["top"] = parts[0].partition("\n")[2]
    return sections[heading].strip()


def _target(link: str, page: Page) -> str:
    """A link to a file of the repository, as one from this page to another."""
    up = "../" * page.file.src_uri.count("/")
    name = link.removeprefix("../")
    if name in _PAGES:
        return up + _PAGES[name]
    if name.startswith("kb/"):
        return f"{up}lessons/{name.removeprefix('kb/')}"
    return link


def _lessons(knowledge: Knowledge) -> dict[str, Lesson]:
    return {page.id: page for page in knowledge.pages}


def _pages(knowledge: Knowledge, entries: list[Entry]) -> Mapping[str, str]:
    lessons = _lessons(knowledge)
    made = {
        f"lessons/{page.id}.md": _BLOCK.sub(
            r"```\1", prose(Path(page.place.filename).read_text("utf-8"))
        )
        for page in lessons.values()
    }
    for entry in entries:
        lesson = lessons.get(entry.rule.lesson or "")
        why = f"\n\n## Why\n\n[{lesson.title}](../lessons/{lesson.id}.md)\n" if lesson else ""
        rule = rule_page(entry).replace(f"{ROOT}/", "")
        made[f"rules/{entry.rule.code}.md"] = rule + why
    made["rules/index.md"] = "\n".join(["# Rules\n", *_rule_table(entries)])
    made["lessons/index.md"] = "\n".join(
        ["# Lessons\n", *(f"- [{page.title}]({page.id}.md)" for page in lessons.values())]
    )
    described = [explanation(kind, entries, knowledge) for kind in kinds()]
    made["vocabulary.md"] = "\n\n".join(["# What rules may ask", *map(_one_level_down, described)])
    return made


def _rule_table(entries: list[Entry]) -> Iterator[str]:
    yield "| code | name | severity |\n|---|---|---|"
    for entry in entries:
        code, name = entry.rule.code, entry.rule.name
        yield f"| [{code}]({code}.md) | {name} | {entry.severity} |"


def _one_level_down(text: str) -> str:
    """A page as a section of another one."""
    return re.sub(r"^#", "##", text, flags=re.MULTILINE)
