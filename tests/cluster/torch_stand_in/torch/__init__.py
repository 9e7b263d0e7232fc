"""A stand-in for torch: ranks wait for each other through files in TORCH_STAND_IN.

In TORCH_STAND_IN_DOES stands what a rank does in the all-reduce: `1 stops`, `1 fails`, `1 ends`.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

RANK, WORLD = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
_FOLDER = Path(os.environ["TORCH_STAND_IN"])


class cuda:  # noqa: N801 - torch's own name
    @staticmethod
    def set_device(number: int) -> None:
        pass

    @staticmethod
    def synchronize() -> None:
        pass


class distributed:  # noqa: N801
    turns = 0

    @classmethod
    def init_process_group(cls, backend: str) -> None:
        cls.all_reduce(None)

    @classmethod
    def all_reduce(cls, numbers: object) -> None:
        cls.turns += 1
        if cls.turns == 2 and os.environ.get("TORCH_STAND_IN_DOES", "").startswith(f"{RANK} "):
            _do(os.environ["TORCH_STAND_IN_DOES"].split()[1])
        (_FOLDER / f"{cls.turns}.{RANK}").touch()
        while len(list(_FOLDER.glob(f"{cls.turns}.*"))) < WORLD:
            time.sleep(0.02)


def _do(what: str) -> None:
    if what == "stops":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif what == "ends":
        os._exit(7)
    raise RuntimeError("NCCL error: unhandled system error")


def ones(count: int, device: str) -> None:
    return None
