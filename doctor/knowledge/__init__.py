"""What is known about clusters, models and releases: pages and tables as typed rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from doctor.base.data import data_folder
from doctor.base.errors import DoctorError
from doctor.base.folders import files_below
from doctor.base.kept import compiled
from doctor.knowledge import rows
from doctor.knowledge.base import TABLES, Knowledge
from doctor.knowledge.markdown import Document, read
from doctor.knowledge.nodes import expand, fold, split
from doctor.knowledge.place import Place
from doctor.knowledge.reader import Fact, facts
from doctor.knowledge.register import Entry, unfit
from doctor.knowledge.releases import Feature, Releases
from doctor.knowledge.rows import BadNodes, NodeList, SharedFolder
from doctor.slurm.conf import Cluster

#: How many rows the documents of a site may hold; each is compared with all the others.
MAX_ROWS = 1000

#: As many of the reasons for which a node was recorded are told.
_MOST_REASONS = 2

__all__ = (
    "TABLES",
    "BadNodes",
    "Feature",
    "Knowledge",
    "Place",
    "Releases",
    "expand",
    "fold",
    "load",
)

_Row = TypeVar("_Row")


def load(
    paths: Sequence[Path] = (),
    *,
    bad_nodes: Sequence[str] | None = None,
    shared_folders: Sequence[str] = (),
    register: Path | None = None,
    named_in: str = "the configuration",
    shipped: Path | None = None,
    cluster: Cluster | None = None,
) -> Knowledge:
    """The knowledge that ships with the tool and the site's files and folders.

    Of two sources that disagree the later one wins, and a site's always does. ``bad_nodes``
    (hostlists, perhaps none) replaces every other list of bad nodes but the ``register``, the
    folder of nodes that were found unfit; ``shared_folders`` adds to the pages'; ``named_in`` says
    where these come from. ``cluster`` is the one that one is on, if that is known: of the list that
    ships with the tool it has these nodes, or none.
    """
    folder = data_folder("kb") if shipped is None else shipped
    releases = Releases(folder / "vllm")
    own = _pages(folder)
    site = [file for path in paths for file in (_pages(path) if path.is_dir() else [path])]
    found = list(islice(_read(site, releases, site=True), MAX_ROWS + 1))
    if len(found) > MAX_ROWS:
        place = found[MAX_ROWS].place
        problem = f"with this row the site's knowledge is larger than {MAX_ROWS} rows"
        raise DoctorError(problem, place.filename, place.line)
    found += _read(own, releases, site=False)
    place = Place(named_in, 0, site=True)
    lists = _of(found, NodeList)
    if bad_nodes is not None:
        lists = [NodeList(tuple(split(" ".join(bad_nodes), place)), None, place)]
    elif register is not None or any(nodes.place.site for nodes in lists):
        lists = [nodes for nodes in lists if nodes.place.site]
    elif cluster is not None:
        lists = _here(lists, cluster)
    registered = unfit(register) if register is not None else {}
    folders = [SharedFolder(path.rstrip("/") or "/", place) for path in shared_folders]
    return Knowledge(
        pages=_of(found, rows.Page),
        bad_nodes=BadNodes((*lists, *map(_registered, registered.items()))),
        shared_folders=(*folders, *_of(found, SharedFolder)),
        broken_versions=_of(found, rows.BrokenVersion),
        settings=_settings(_of(found, rows.Setting)),
        pairings=_of(found, rows.Pairing),
        images=_of(found, rows.Image),
        limits=_of(found, rows.Limit),
        gpu_types=_of(found, rows.GpuType),
        families=_of(found, rows.Family),
        migrations=_of(found, rows.Migration),
        releases=releases,
        cluster=cluster,
        files=(*site, *registered, *own, *sorted((folder / "vllm").glob("*.yaml"))),
    )


def _here(lists: Sequence[NodeList], cluster: Cluster) -> list[NodeList]:
    """The nodes of the lists that a cluster has; the lists as they are if it can't be told."""
    known = BadNodes(lists)
    found = cluster.among(known.names)
    if found is None:
        return list(lists)
    place = Place(cluster.filename, 0, site=True)
    return [NodeList((fold(found),), known.as_of, place)] if found else []


def _registered(found: tuple[Path, Entry]) -> NodeList:
    """A node of the register as a list of its own."""
    file, entry = found
    day = entry.recorded[:10]
    reasons = "; ".join(entry.evidence[:_MOST_REASONS]) or "no reason is given"
    because = f"{entry.node} was recorded as unfit on {day}: {reasons}"
    return NodeList((entry.node,), day, Place(str(file), 0, site=True), because)


def _read(files: Sequence[Path], releases: Releases, site: bool) -> Iterator[Fact]:
    """What the files say, the last file first."""
    if not files:
        return
    parsed = compiled(files, _parse)
    for file, data in reversed(list(zip(files, parsed, strict=True))):
        yield from facts(Document.from_json(str(file), data), releases.names, site)


def _parse(filename: str, text: str) -> Any:
    return read(filename, text).as_json()


def _pages(folder: Path) -> list[Path]:
    """The Markdown files in a folder and below it, in order."""
    found = files_below(folder, (".md",))
    if not found:
        raise DoctorError("the folder holds no Markdown page (*.md)", str(folder))
    return found


def _of(found: Sequence[Fact], kind: type[_Row]) -> list[_Row]:
    return [fact for fact in found if isinstance(fact, kind)]


def _settings(found: Sequence[rows.Setting]) -> dict[tuple[str, str], rows.Setting]:
    settings: dict[tuple[str, str], rows.Setting] = {}
    for setting in found:
        settings.setdefault((setting.page, setting.name), setting)
    return settings
