"""The probe of our quotas, where a program tells them: `quota`, or Lustre's `lfs`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping

from doctor.base.numbers import whole_number
from doctor.facts.node.folders import Quota
from doctor.node.bounds import clipped
from doctor.node.folder import look
from doctor.node.probe import Gap, NotHereError, Probe, Situation, UnseenError
from doctor.node.server_folders import wanted
from doctor.node.tmp_folders import user_name

_SECONDS = 2.0
_KIB_IN_GIB = 1 << 20
_QUOTA = ("quota", "--no-wrap", "--raw-grace", "--show-mntpoint", "--hide-device")


def _look(situation: Situation) -> Iterator[Quota | Gap]:
    environment = situation.environment
    path = environment.get("PATH")
    name = user_name(situation.user)
    asked = False
    if shutil.which("quota", path=path):
        asked = True
        for options, whose in ((("-u",), f"user {name}"), (("-g",), "group")):
            yield from _ask(environment, whose, *_QUOTA, *options)
    if shutil.which("lfs", path=path):
        asked = True
        folders = look(each.path for each in wanted(environment)).values()
        for mount in dict.fromkeys(f.mount.point for f in folders if f.mount.type == "lustre"):
            yield from _ask(environment, f"user {name}", "lfs", "quota", "-q", "-u", name, mount)
    if not asked:
        raise NotHereError("there is neither `quota` nor `lfs` on this node")


def _ask(environment: Mapping[str, str], whose: str, *command: str) -> Iterator[Quota | Gap]:
    """What a program prints, and what it complains of; exit code 1 may mean an exceeded quota."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=dict(environment),
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise UnseenError(f"{command[0]} gave no answer within {_SECONDS:g} s") from None
    except OSError as error:
        raise UnseenError(f"{command[0]} can't be run: {error.strerror}") from None
    yield from _read(done.stdout, whose)
    if complaints := done.stderr.strip().splitlines():
        yield Gap(Quota, f"{command[0]} says: {clipped(complaints[-1])}")


def _read(text: str, whose: str) -> Iterator[Quota]:
    """The lines that give a file system, then used, quota, limit and grace of blocks and files."""
    for line in text.splitlines():
        if line.startswith("Disk quotas for group"):
            whose = f"group {' '.join(line.split()[4:5])}"
        words = line.replace("*", "").split()
        counts = (whole_number(word) for word in (*words[1:4], *words[5:8]))
        numbers = [count for count in counts if count is not None]
        if len(words) < 9 or len(numbers) < 6:
            continue
        used, left = _left(numbers[:3])
        _, files_left = _left(numbers[3:])
        yield Quota(
            mount=words[0],
            whose=whose,
            used=round(used / _KIB_IN_GIB, 2),
            left=None if left is None else round(left / _KIB_IN_GIB, 2),
            files_left=files_left,
        )


def _left(numbers: list[int]) -> tuple[int, int | None]:
    """What is used, and what is left until the hard limit, else the soft one; 0 means none."""
    used, soft, hard = numbers
    limit = hard or soft
    return used, max(0, limit - used) if limit else None


PROBE = Probe("quota", (Quota,), _look)
