"""`--record`: what an examination has to tell the register of unfit nodes.

Only faults of the node itself are recorded, and only by a job that Slurm put there. A full home
folder or a missing vLLM is one's own affair, and on a node that Slurm did not give us the GPUs are
rightly somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.unknown import UNKNOWN
from doctor.facts.node import Gpu
from doctor.knowledge.register import Entry, entry, record
from doctor.node.checks import Check, Status
from doctor.node.children import ask
from doctor.node.examination import Examination
from doctor.node.tmp_folders import user_name

_PLACE = "VN402"
_HELD = "VN101"
#: What speaks against a node, whoever is on it, where it is an error.
_FAULTS = ("VN103", "VN107")
#: What must be known to be well for a node to be called fit.
_SIGNS = (_HELD, "VN103")
_OTHERS = ("another-user", "unseen")


def remember(found: Examination, register: Path | None, user: int, deadline: float) -> str:
    """Write what was found into the register; a sentence about what was done.

    It is written in a child: the register, too, may lie on a file system that hangs.
    """
    if register is None:
        raise DoctorError(
            '--record needs a register: name its folder in the configuration, `register = "…"`'
        )
    checks = {check.code: check for check in found.checks}
    if checks[_PLACE].failed if _PLACE in checks else False:
        return "Nothing is recorded: this is not a node that Slurm gave you."
    evidence = tuple(_evidence(found, checks))
    if not evidence and not all(_is_well(checks.get(code)) for code in _SIGNS):
        return f"Nothing is recorded: the checks don't tell whether {found.node} is fit."
    write = partial(_write, register, found.node, user, evidence)
    news, changed = ask(write, deadline, f"{register}: the register can't be written")
    if evidence:
        return f"Recorded in {register}: {news.node} is unfit until {news.expires[:10]}."
    return f"Recorded in {register}: {news.node} is fit again." if changed else ""


def _evidence(found: Examination, checks: dict[str, Check]) -> Iterator[str]:
    """What speaks against the node, in sentences."""
    held = checks.get(_HELD)
    if held is not None and held.status is Status.ERROR:
        for line in held.evidence:
            if any(line.startswith(f"{gpu.gpu}:") for gpu in found.gpus if _others_hold(gpu)):
                yield f"{_HELD} {held.name}: {line}"
    for code in _FAULTS:
        check = checks.get(code)
        if check is not None and check.status is Status.ERROR:
            yield from (f"{code} {check.name}: {line}" for line in check.evidence)


def _others_hold(gpu: Gpu) -> bool:
    """Whether others hold so much of it that a server doesn't start."""
    lacking = gpu.lacking
    return gpu.held_by in _OTHERS and lacking is not UNKNOWN and lacking > 0


def _is_well(check: Check | None) -> bool:
    return check is not None and check.status is Status.OK


def _write(register: Path, node: str, user: int, evidence: tuple[str, ...]) -> tuple[Entry, bool]:
    """The entry, and whether the register has changed by it."""
    news = entry(node, user_name(user), evidence)
    return news, record(register, news)
