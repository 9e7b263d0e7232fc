"""Programs that start another one in a Python environment: uv, conda, poetry, pixi."""

from __future__ import annotations

from dataclasses import replace

from doctor.trace.programs.invocation import Start
from doctor.trace.programs.options import Unwrapped, Wrapper, names
from doctor.trace.programs.program import Program
from doctor.values.value import known


def _uv(unwrapped: Unwrapped, start: Start) -> Start:
    """``uv run -m MODULE`` is short for ``uv run python -m MODULE``."""
    if not start.arguments or not unwrapped.given("-m", "--module"):
        return start
    python = known("python", start.arguments[0].origin)
    return replace(start, arguments=(python, known("-m"), *start.arguments))


_UVX = Wrapper("pw", names("python with from with-editable index torch-backend"))

PROGRAMS = (
    Program(
        ("uv",),
        ("run",),
        wraps=Wrapper(
            "pw",
            names(
                "python with with-editable with-requirements extra group env-file directory "
                "project index index-url default-index extra-index-url package only-group "
                "no-group torch-backend"
            ),
        ),
        enters=_uv,
    ),
    Program(("uvx",), wraps=_UVX),
    Program(("uv",), ("tool run",), wraps=_UVX),
    Program(("conda", "mamba"), ("run",), wraps=Wrapper("np", names("name prefix cwd"))),
    Program(
        ("micromamba",),
        ("run",),
        wraps=Wrapper("nprea", names("name prefix root-prefix cwd env")),
    ),
    Program(("poetry",), ("run",), wraps=Wrapper()),
    Program(("pixi",), ("run",), wraps=Wrapper("e", names("environment manifest-path"))),
)
