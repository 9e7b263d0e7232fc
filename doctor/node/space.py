"""The probe of what is free on the file systems that a server writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from doctor.facts.node.folders import Space
from doctor.node.folder import HANGS, Folder, look
from doctor.node.probe import Probe, Situation
from doctor.node.server_folders import wanted
from doctor.node.tmp_folders import temporary


def _look(situation: Situation) -> Iterator[Space]:
    purposes: dict[str, set[str]] = {}
    for path, purpose in _used(situation.environment):
        purposes.setdefault(path, set()).add(purpose)
    seen = look(purposes)
    by_mount: dict[str, list[Folder]] = {}
    for path, why in purposes.items():
        if path in seen:
            by_mount.setdefault(seen[path].mount.point, []).append(seen[path])
        else:
            yield _silent(path, why)
    for mount, folders in by_mount.items():
        yield Space(
            mount=mount,
            purposes=frozenset(why for each in folders for why in purposes[each.path]),
            folders=frozenset(each.path for each in folders),
            free=round(folders[0].free, 2),
            size=round(folders[0].size, 2),
            files_free=folders[0].files_free,
        )


def _used(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The folders that a server writes, and what for."""
    yield temporary(environment)[0], "temporary-files"
    yield "/dev/shm", "shared-memory"
    if home := environment.get("HOME"):
        yield home, "home"
    for each in wanted(environment):
        if each.holds in ("models", "compiled-code"):
            yield each.path, each.holds


def _silent(path: str, purposes: Iterable[str]) -> Space:
    return Space(
        mount=path,
        purposes=frozenset(purposes),
        folders=frozenset((path,)),
        reasons=dict.fromkeys(("free", "size", "files_free"), HANGS.format(path)),
    )


PROBE = Probe("space", (Space,), _look)
