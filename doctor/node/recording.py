"""`--record`: what an examination has to tell the register of unfit nodes.

Only faults of the node itself are recorded, and only by a job that Slurm put there.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.knowledge.register import Entry, entry, record
from doctor.node.children import ask
from doctor.node.examination import Examination
from doctor.node.faults import faults, is_ours, is_well
from doctor.node.tmp_folders import user_name


def remember(found: Examination, register: Path | None, user: int, deadline: float) -> str:
    """Write what was found into the register; a sentence about what was done.

    It is written in a child: the register, too, may lie on a file system that hangs.
    """
    if register is None:
        raise DoctorError(
            '--record needs a register: name its folder in the configuration, `register = "…"`'
        )
    if not is_ours(found):
        return "Nothing is recorded: this is not a node that Slurm gave you."
    evidence = tuple(
        f"{fault.code}: {fault.gpu + ': ' if fault.gpu else ''}{fault.sentence}"
        for fault in faults(found)
    )
    if not evidence and not is_well(found):
        return f"Nothing is recorded: the checks don't tell whether {found.node} is fit."
    write = partial(_write, register, found.node, user, evidence)
    news, changed = ask(write, deadline, f"{register}: the register can't be written")
    if evidence:
        return f"Recorded in {register}: {news.node} is unfit until {news.expires[:10]}."
    return f"Recorded in {register}: {news.node} is fit again." if changed else ""


def _write(register: Path, node: str, user: int, evidence: tuple[str, ...]) -> tuple[Entry, bool]:
    """The entry, and whether the register has changed by it."""
    news = entry(node, user_name(user), evidence)
    return news, record(register, news)
