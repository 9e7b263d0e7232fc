"""The probe of what is free on the file systems that a server writes."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.facts.node import Space
from doctor.node.folder import HANGS, Folder, look
from doctor.node.probe import Probe, Situation
from doctor.node.server_folders import wanted
from doctor.node.tmp_folders import temporary


def _look(situation: Situation) -> Iterator[Space]:
    environment = situation.environment
    purposes = {temporary(environment)[0]: "temporary-files", "/dev/shm": "shared-memory"}
    if home := environment.get("HOME"):
        purposes[home] = "home"
    for each in wanted(environment):
        if each.holds in ("models", "compiled-code"):
            purposes[each.path] = each.holds
    seen = look(purposes)
    by_mount: dict[str, list[Folder]] = {}
    for path, purpose in purposes.items():
        if path in seen:
            by_mount.setdefault(seen[path].mount.point, []).append(seen[path])
        else:
            yield _silent(path, purpose)
    for mount, folders in by_mount.items():
        yield Space(
            mount=mount,
            purposes=frozenset(purposes[each.path] for each in folders),
            folders=frozenset(each.path for each in folders),
            free=round(folders[0].free, 2),
            size=round(folders[0].size, 2),
            files_free=folders[0].files_free,
        )


def _silent(path: str, purpose: str) -> Space:
    return Space(
        mount=path,
        purposes=frozenset((purpose,)),
        folders=frozenset((path,)),
        reasons=dict.fromkeys(("free", "size", "files_free"), HANGS.format(path)),
    )


PROBE = Probe("space", (Space,), _look)
