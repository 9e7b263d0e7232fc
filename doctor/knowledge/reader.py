"""What a document says: its tables and lists as rows of knowledge."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import PurePath
from typing import Any, TypeAlias

from doctor.base.errors import DoctorError, nearest
from doctor.base.regex import regex
from doctor.knowledge.cells import Cells
from doctor.knowledge.columns import MATRIX, Kind, recognise, warned
from doctor.knowledge.markdown import Block, Document
from doctor.knowledge.nodes import split
from doctor.knowledge.place import Place
from doctor.knowledge.rows import (
    BrokenVersion,
    Family,
    GpuType,
    Image,
    Limit,
    Migration,
    NodeList,
    Page,
    Pairing,
    Setting,
    SharedFolder,
)

Fact: TypeAlias = (
    Page
    | NodeList
    | Setting
    | SharedFolder
    | BrokenVersion
    | Pairing
    | Image
    | Limit
    | Family
    | GpuType
    | Migration
)

_PAGE_KEYS = ("id", "title", "codes", "checked", "sources")
_KEYS = (*_PAGE_KEYS, "bad-nodes", "as-of")
_LISTS = ("codes", "sources", "bad-nodes")
_BAD_NODES = regex(
    r"\b(?:known[ -]bad|bad|broken|blocked)\s+nodes?\b|(?:坏|故障|问题)节点", re.IGNORECASE
)
_AS_OF = regex(r"(?:as of|since|截至|截止)\W{0,3}(\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_CODE = regex(r"[A-Z]{2,8}\d{3}")
_PAGE_ID = regex(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NO_OPTION = ("nothing", "无")
_REMARK = regex(r"[(\uff08:\uff1a;\u2013\u2014]|\s-\s")


def facts(document: Document, releases: Collection[str], site: bool) -> Iterator[Fact]:
    """Everything that a document says; ``site`` tells a team's document from our own pages."""
    page = _page(document, site)
    if page is not None:
        yield page
    page_id = page.id if page else PurePath(document.filename).stem
    yield from _listed_in_front_matter(document, site)
    for block in document.blocks:
        if not block.header:
            yield from _bad_nodes(document, block, site)
            continue
        recognised = recognise(document.filename, block)
        if recognised is None:
            continue
        kind, columns = recognised
        for row in block.rows:
            place = Place(document.filename, row.line, site)
            cells = Cells(place, row.cells, columns, releases)
            if len(row.cells) > len(block.header):
                raise cells.error(
                    f"the row has {len(row.cells)} cells, but the table has {len(block.header)} "
                    r"columns (write \| for a bar inside a cell)"
                )
            yield from _row(kind, cells, block, page_id)


def _row(kind: Kind, row: Cells, table: Block, page_id: str) -> Iterator[Fact]:
    if kind is MATRIX:
        whom = [head for head, cell in zip(table.header, row.cells, strict=False) if warned(cell)]
        if whom:
            breaks, names = row.text("notes"), ", ".join(whom)
            yield BrokenVersion(row.specifier("release"), breaks, names, None, row.place)
    elif kind.name == "setting":
        yield Setting(page_id, _setting_name(row), row.value("value"), row.place)
    elif kind.name == "shared-folder":
        for path in row.names("shared-folder"):
            if not path.startswith("/"):
                raise row.error(f"the shared folder {path!r} must begin with /")
            yield SharedFolder(path.rstrip("/") or "/", row.place)
    elif kind.name == "broken-version":
        yield BrokenVersion(
            row.specifier("release"),
            row.needed("breaks"),
            row.text("whom"),
            row.text("remedy"),
            row.place,
            row.names("models"),
            row.names("only-with"),
            row.names("not-with"),
        )
    elif kind.name == "pairing":
        yield _pairing(row)
    elif kind.name == "image":
        release = row.release("release")
        if release is None:
            raise row.error("the row has no release")
        yield Image(row.name("image") or row.needed("image"), release, row.place)
    elif kind.name == "limit":
        yield _limit(row)
    elif kind.name == "gpu-type":
        yield _gpu_type(row)
    elif kind.name == "migration":
        yield _migration(row)
    else:
        yield _family(row)


def _pairing(row: Cells) -> Pairing:
    row.needed("target")
    return Pairing(
        target=row.name("target") or "",
        drafter=row.drafter(),
        methods=row.names("method"),
        tokens=row.number("tokens"),
        first_release=row.release("first-release"),
        draft_tensor_parallel=row.number("draft-tensor-parallel"),
        superseded_by=row.name("superseded-by"),
        notes=row.text("notes"),
        place=row.place,
    )


def _gpu_type(row: Cells) -> GpuType:
    row.needed("gpu-type")
    row.needed("gpu-memory")
    return GpuType(row.names("gpu-type"), row.number("gpu-memory") or 0, row.place)


def _limit(row: Cells) -> Limit:
    row.needed("method")
    return Limit(
        methods=row.names("method"),
        models=row.names("models"),
        pipelined=row.truth("pipelined"),
        releases=row.specifier("refused-in"),
        breaks=row.needed("breaks"),
        place=row.place,
    )


def _migration(row: Cells) -> Migration:
    new = row.needed("new-option")
    return Migration(
        old=row.needed("old-option").strip("`"),
        new="" if new.lower() in _NO_OPTION else new.strip("`"),
        same=row.truth("same"),
        since=row.release("since"),
        place=row.place,
    )


def _family(row: Cells) -> Family:
    row.needed("models")
    return Family(
        name=row.text("family"),
        models=row.names("models"),
        tool_parser=row.name("tool-parser"),
        also_right=row.names("also-right"),
        reasoning_parser=row.name("reasoning-parser"),
        also_right_for_reasoning=row.names("also-right-for-reasoning"),
        first_release=row.release("first-release"),
        for_tool_calls=row.release("for-tool-calls"),
        last_release=row.release("last-release"),
        also_needs=row.text("also-needs"),
        notes=row.text("notes"),
        place=row.place,
    )


def _setting_name(row: Cells) -> str:
    name = row.needed("setting").strip("`")
    if not _PAGE_ID.fullmatch(name):
        raise row.error(f"{name!r} can't name a setting: use a-z, 0-9 and single hyphens")
    return name


def _bad_nodes(document: Document, block: Block, site: bool) -> Iterator[NodeList]:
    """The list under a heading such as ``Known Bad Nodes (as of 2025-12-28)``."""
    if not _BAD_NODES.search(block.heading) or not block.rows:
        return
    hosts: list[str] = []
    for row in block.rows:
        text = row.cells[0].replace("**", "")
        code = re.match(r"`([^`]+)`", text)
        words = code[1] if code else _REMARK.split(text, maxsplit=1)[0]
        hosts += split(words, Place(document.filename, row.line, site))
    place = Place(document.filename, block.rows[0].line, site)
    dated = _AS_OF.search(block.heading)
    yield NodeList(tuple(hosts), _date(dated[1], place) if dated else None, place)


def _listed_in_front_matter(document: Document, site: bool) -> Iterator[NodeList]:
    if "bad-nodes" not in document.front_matter:
        return
    line, hosts = document.front_matter["bad-nodes"]
    place = Place(document.filename, line, site)
    _check_type("bad-nodes", hosts, place)
    as_of = document.front_matter.get("as-of", (line, None))
    yield NodeList(
        tuple(name for host in hosts for name in split(host, place)),
        None if as_of[1] is None else _date(as_of[1], Place(document.filename, as_of[0])),
        place,
    )


def _page(document: Document, site: bool) -> Page | None:
    """The page that the front matter makes of a document; a site's may leave out most of it."""
    front = document.front_matter
    if site and "id" not in front:
        return None
    for key, (line, value) in front.items():
        if key not in _KEYS:
            message = f"the front matter has no key {key!r}{nearest(key, list(_KEYS))}"
            raise DoctorError(message, document.filename, line)
        _check_type(key, value, Place(document.filename, line))
    missing = [] if site else [key for key in _PAGE_KEYS if key not in front]
    if missing:
        raise DoctorError(f"the front matter lacks {', '.join(missing)}", document.filename, 1)
    values = {key: value for key, (_, value) in front.items()}
    page = Page(
        id=values["id"],
        title=values.get("title", values["id"]),
        codes=tuple(values.get("codes", ())),
        checked=values.get("checked", ""),
        sources=tuple(values.get("sources", ())),
        place=Place(document.filename, front["id"][0], site),
    )
    _check_page(page)
    if page.checked:
        _date(page.checked, Place(document.filename, front["checked"][0]))
    return page


def _check_page(page: Page) -> None:
    place = page.place
    if not _PAGE_ID.fullmatch(page.id):
        message = f"the id {page.id!r} must consist of a-z, 0-9 and single hyphens"
        raise DoctorError(message, place.filename, place.line)
    if not place.site and page.id != PurePath(place.filename).stem:
        message = f"the id {page.id!r} must be the name of the file without .md"
        raise DoctorError(message, place.filename, place.line)
    for code in page.codes:
        if not _CODE.fullmatch(code):
            message = f"{code!r} is not a rule's code, such as VD101"
            raise DoctorError(message, place.filename, place.line)


def _check_type(key: str, value: Any, place: Place) -> None:
    if key not in _LISTS:
        if not isinstance(value, str):
            raise DoctorError(f"{key!r} must be a string", place.filename, place.line)
    elif not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise DoctorError(f"{key!r} must be a list of strings", place.filename, place.line)


def _date(text: str, place: Place) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except (TypeError, ValueError):
        message = f"{text!r} is not a date like 2026-11-23"
        raise DoctorError(message, place.filename, place.line) from None
