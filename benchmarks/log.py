"""How fast a large log is read, beside ripgrep (`rg`) that counts the same texts in it.

A log is made up for each kind: what a server says while it serves (`serving`), one that fails at
its end (`failed`), and tracebacks of many ranks, line by line (`tracebacks`). Both programs run in
turn, and the shortest time of each is told, with the processor's time, which a busy machine
disturbs least, and the most memory that the log's reader took.

    python benchmarks/log.py [MEGABYTES] [RUNS]
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from doctor.log.signatures import load

START = (
    "(APIServer pid=1805) INFO 11-20 10:00:00 [api_server.py:1882] vLLM API server version 0.11.0\n"
)
READY = "(APIServer pid=1805) INFO:     Application startup complete.\n"
FAULT = (
    "(EngineCore_DP0 pid=1900) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate\n"
    "(APIServer pid=1805) EngineDeadError: EngineCore encountered an issue. See stack trace\n"
)


def main(megabytes: int, runs: int) -> None:
    rg = shutil.which("rg")
    texts = [text for signature in load() for text in signature.search]
    with tempfile.TemporaryDirectory() as folder:
        literals = Path(folder, "texts")
        literals.write_text("\n".join(texts) + "\n")
        for kind in ("serving", "failed", "tracebacks"):
            log = Path(folder, kind)
            _write(log, kind, megabytes << 20)
            size = log.stat().st_size
            ours = _best([sys.executable, "-m", "doctor", "log", "--no-config", str(log)], runs)
            print(f"{kind:<12}vllm-doctor log {_told(*ours, size)}, {ours[2] >> 10} MiB of memory")
            if rg:
                theirs = _best(
                    [rg, "--count", "--fixed-strings", f"--file={literals}", str(log)], runs
                )
                print(f"{'':<12}ripgrep         {_told(*theirs, size)}")
                clock, busy = ours[0] / theirs[0], ours[1] / theirs[1]
                print(f"{'':<12}ratio {clock:.1f} by the clock, {busy:.1f} of the processor")
            log.unlink()


def _told(seconds: float, busy: float, _: int, size: int) -> str:
    return f"{seconds:6.2f} s, {busy:6.2f} s of the processor, {size / seconds / 1e6:6.0f} MB/s"


def _best(command: Sequence[str], runs: int) -> tuple[float, float, int]:
    """The shortest time of several runs, the least processor time, and the most memory in KiB."""
    found = [_run(command) for _ in range(runs)]
    return (
        min(each[0] for each in found),
        min(each[1] for each in found),
        max(each[2] for each in found),
    )


def _run(command: Sequence[str]) -> tuple[float, float, int]:
    started = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
    return perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss


def _write(path: Path, kind: str, size: int) -> None:
    chosen = random.Random(1)
    block = "".join(_line(kind, number, chosen) for number in range(40_000)).encode()
    with path.open("wb") as log:
        log.write((START + ("" if kind == "tracebacks" else READY)).encode())
        while log.tell() < size:
            log.write(block)
        if kind != "serving":
            log.write(FAULT.encode())


def _line(kind: str, number: int, chosen: random.Random) -> str:
    if kind == "tracebacks":
        head = f"(Worker_TP{number % 8} pid={20 + number % 8}) ERROR 11-20 10:00:{number % 60:02} "
        if number % 12 == 11:
            return f"{head}[multiproc_executor.py:597] RuntimeError: worker {number} failed\n"
        return (
            f'{head}[multiproc_executor.py:597]   File "/opt/vllm/core.py", line {number}, in run\n'
        )
    if number % 20 == 0:
        rate = chosen.random() * 1000
        return (
            f"(APIServer pid=1805) INFO 11-20 12:{number % 60:02}:11 [loggers.py:127] Engine 000: "
            f"Avg prompt throughput: {rate:.1f} tokens/s, Running: 3 reqs, Waiting: 0 reqs\n"
        )
    address = f"10.0.0.{chosen.randrange(255)}:{chosen.randrange(30_000, 60_000)}"
    return (
        f'(APIServer pid=1805) INFO:     {address} - "POST /v1/chat/completions HTTP/1.1" 200 OK\n'
    )


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], *("1000", "3")[len(sys.argv) - 1 :])))
