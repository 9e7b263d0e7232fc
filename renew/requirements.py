"""What a release needs: torch, CUDA, Python, transformers, ray, flashinfer; and its date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from renew.syntax import Program

_PACKAGES = {
    "torch": ("torch", r"=="),
    "transformers": ("transformers", ""),
    "ray": ("ray", ""),
    "flashinfer": ("flashinfer-python", r"=="),
}
_FILES = ("requirements/cuda.txt", "requirements/common.txt", "requirements-cuda.txt",
          "requirements-common.txt")  # fmt: skip
_CUDA = re.compile(r'MAIN_CUDA_VERSION(?:: str)? = "(\d+\.\d+)"')


def read(program: Program, metadata: str, date: str) -> dict[str, str]:
    """The requirements of one release; ``metadata`` is its PKG-INFO, ``date`` its archive's."""
    made = {"date": date, "torch": "", "cuda": _cuda(program.files)}
    made["python"] = _header(metadata, "Requires-Python").replace(" ", "")
    lines = [line for file in _FILES for line in program.files.get(file, "").splitlines()]
    for name, (package, exact) in _PACKAGES.items():
        found = next(_versions(lines, package), "") or next(_required(metadata, package), "")
        made[name] = found.removeprefix(exact).strip() if exact else found
    return {name: value for name, value in made.items() if value}


def _versions(lines: list[str], package: str) -> Iterator[str]:
    for line in lines:
        plain = line.partition("#")[0].partition(";")[0].strip()
        match = re.match(rf"{re.escape(package)}(?:\[[\w,-]*\])?\s*([<>=!~].*)", plain)
        if match:
            yield match[1].strip()


def _required(metadata: str, package: str) -> Iterator[str]:
    for line in metadata.splitlines():
        if line.startswith("Requires-Dist: "):
            plain = re.sub(r"[()]", "", line.removeprefix("Requires-Dist: "))
            yield from _versions([plain], package)


def _header(metadata: str, name: str) -> str:
    start = f"{name}: "
    return next((x.removeprefix(start) for x in metadata.splitlines() if x.startswith(start)), "")


def _cuda(files: Mapping[str, str]) -> str:
    for file in ("vllm/envs.py", "setup.py"):
        match = _CUDA.search(files.get(file, ""))
        if match:
            return match[1]
    return ""
