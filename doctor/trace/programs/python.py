"""Programs that start another one in a Python environment: uv, conda, poetry, pixi."""

from __future__ import annotations

from doctor.trace.programs.options import Wrapper, names
from doctor.trace.programs.program import Program

PROGRAMS = (
    Program(
        ("uv",),
        ("run",),
        wraps=Wrapper(
            "pmw",
            names(
                "python with with-editable with-requirements extra group env-file directory "
                "project index index-url default-index extra-index-url package only-group "
                "no-group torch-backend"
            ),
        ),
    ),
    Program(
        ("uvx",),
        wraps=Wrapper("pw", names("python with from with-editable index torch-backend")),
    ),
    Program(("conda", "mamba"), ("run",), wraps=Wrapper("np", names("name prefix cwd"))),
    Program(
        ("micromamba",),
        ("run",),
        wraps=Wrapper("nprea", names("name prefix root-prefix cwd env")),
    ),
    Program(("poetry",), ("run",), wraps=Wrapper()),
    Program(("pixi",), ("run",), wraps=Wrapper("e", names("environment manifest-path"))),
)
