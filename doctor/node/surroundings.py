"""The probe of the Python environment that a server would run in: its vLLM, and its compiler.

It asks that environment's own interpreter for what is installed, which imports neither torch nor
vLLM.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.facts.node.world import Compiler, InstalledVllm, Surroundings
from doctor.node.bounds import clipped
from doctor.node.probe import Gap, Probe, Situation

_SECONDS = 3.0
_ASK = """
import importlib.metadata, json, os, sys, sysconfig
def version(name):
    try:
        return importlib.metadata.version(name)
    except Exception:
        return None
names = "vllm", "torch", "nvidia-cuda-runtime", "nvidia-cuda-runtime-cu12"
told = {name: version(name) for name in names}
told["headers"] = os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
told["python"] = "%d.%d" % sys.version_info[:2]
print(json.dumps(told))
"""
_PROGRAM = b"#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n"
_DRIVER = Path("/proc/driver/nvidia/version")


def look(situation: Situation) -> Iterator[Surroundings | InstalledVllm | Compiler | Gap]:
    environment = situation.environment
    python = interpreter(environment.get("PATH", ""))
    told = _ask(python, environment) if python else {}
    failed = told.get("problem")
    version = told.get("vllm")
    yield Surroundings(
        python=python,
        has_vllm=UNKNOWN if failed else bool(version),
        reasons={"has_vllm": str(failed)},
    )
    if python and version:
        yield _installed(python, told, environment)
        yield _compiler(environment, told)
    else:
        reason = str(failed) if failed else "no vLLM in the environment on the PATH"
        # Where it will run, in a container perhaps, there may be another compiler.
        yield from (Gap(kind, reason, applies=bool(failed)) for kind in (InstalledVllm, Compiler))


def installed(environment: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    """The vLLM, NVIDIA's driver and the Python of that environment, as far as they tell."""
    python = interpreter(environment.get("PATH", ""))
    told = _ask(python, environment) if python else {}
    driver = _driver()
    return told.get("vllm"), None if driver is UNKNOWN else str(driver), told.get("python")


def interpreter(path: str) -> str | None:
    """The interpreter that `vllm` on the PATH would run in, else the first `python` there."""
    if command := shutil.which("vllm", path=path):
        with open(command, "rb") as file:
            first = file.read(512).decode(errors="replace")
        if found := re.match(
            r"#!\s*(/\S*python[\d.]*)|#!/bin/sh\n'''exec' \"?([^\"\n]+?)\"? ", first
        ):
            return found[1] or found[2]
    return shutil.which("python3", path=path) or shutil.which("python", path=path)


def _ask(python: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """What an interpreter tells, or the ``problem`` that it has."""
    try:
        done = subprocess.run(
            [python, "-c", _ASK],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=dict(environment),
            cwd="/",
            timeout=_SECONDS,
        )
        told = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"problem": f"{python} gave no answer within {_SECONDS:g} s"}
    except OSError as error:
        return {"problem": f"{python} can't be run: {error.strerror}"}
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        return {"problem": f"{python} fails: {clipped(said[-1])}"}
    return dict(told)


# --- vLLM, CUDA and the driver ----------------------------------------------------------------


def _installed(
    python: str, told: Mapping[str, Any], environment: Mapping[str, str]
) -> InstalledVllm:
    cuda, driver = _cuda(told), _driver()
    reasons = {
        "cuda": "neither torch nor the CUDA runtime beside it tells of which CUDA it is",
        "driver": "NVIDIA's driver doesn't tell its version",
    }
    if "compat" in environment.get("LD_LIBRARY_PATH", ""):
        driver = UNKNOWN  # which driver counts then, only CUDA could tell
        reasons["driver"] = "a compatibility library of CUDA stands before the driver's own"
    return InstalledVllm(
        version=told["vllm"], python=python, cuda=cuda, driver=driver, reasons=reasons
    )


def _cuda(told: Mapping[str, Any]) -> float | UnknownType:
    """The CUDA of the torch that is installed: its runtime's, else the one that its tag names."""
    for name in ("nvidia-cuda-runtime", "nvidia-cuda-runtime-cu12"):
        if found := re.match(r"\d+\.\d+", told.get(name) or ""):
            return float(found[0])
    for name in ("torch", "vllm"):
        if found := re.search(r"\+cu(\d\d)(\d)$", told.get(name) or ""):
            return float(f"{found[1]}.{found[2]}")
    return UNKNOWN


def _driver() -> float | UnknownType:
    """The driver's version to its first point, from the kernel, else from NVIDIA's library."""
    try:
        text = _DRIVER.read_text()
    except OSError:
        text = _asked_driver()
    found = re.search(r"\b(\d{3})\.(\d+)", text)
    return float(f"{found[1]}.{found[2]}") if found else UNKNOWN


def _asked_driver() -> str:
    import pynvml

    try:
        pynvml.nvmlInitWithFlags(pynvml.NVML_INIT_FLAG_NO_GPUS)
        return str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError:
        return ""


# --- the compiler -----------------------------------------------------------------------------


def _compiler(environment: Mapping[str, str], told: Mapping[str, Any]) -> Compiler:
    """The compiler that Triton takes: `CC`, else gcc, else clang."""
    path = environment.get("PATH", "")
    named = environment.get("CC")
    found = [shutil.which(name, path=path) for name in ([named] if named else ["gcc", "clang"])]
    compiler = next(filter(None, found), None)
    headers = told.get("headers", UNKNOWN)
    works, problem = _compiles(compiler, environment) if compiler else (False, None)
    return Compiler(
        path=compiler or named,
        named_by="CC" if named else None,
        works=works,
        has_python_headers=headers,
        problem=problem,
        reasons={
            "has_python_headers": str(told.get("problem", "there is no Python on the PATH")),
            "works": f"{compiler} gave no answer within {_SECONDS:g} s",
        },
    )


def _compiles(
    compiler: str, environment: Mapping[str, str]
) -> tuple[bool | UnknownType, str | None]:
    """Whether it takes a small program, and what it says if it doesn't. Nothing is written."""
    try:
        done = subprocess.run(
            [compiler, "-fsyntax-only", "-x", "c", "-"],
            input=_PROGRAM,
            capture_output=True,
            env=dict(environment),
            cwd="/",
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return UNKNOWN, None
    except OSError as error:
        return False, str(error.strerror)
    said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
    return done.returncode == 0, None if done.returncode == 0 else clipped(said[0])


PROBE = Probe("surroundings", (Surroundings, InstalledVllm, Compiler), look)
