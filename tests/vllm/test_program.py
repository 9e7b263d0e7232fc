"""Which lines start a server."""

from __future__ import annotations

import pytest

from doctor.vllm.program import recognise

from .conftest import words

SERVERS = [
    ("vllm serve a/b --port 1", "serve", 3),
    ("vllm serve", "serve", 0),
    ("/opt/venv/bin/vllm serve a/b", "serve", 1),
    ("$VENV/bin/vllm serve a/b", "serve", 1),
    ("$VLLM_BIN serve a/b", "serve", 1),
    ("python -m vllm.entrypoints.openai.api_server --model a/b", "api_server", 2),
    ("python3.11 -u -X dev -m vllm.entrypoints.openai.api_server", "api_server", 0),
    ("/usr/bin/python3 -mvllm.entrypoints.openai.api_server --port 1", "api_server", 2),
    ("python -um vllm.entrypoints.openai.api_server", "api_server", 0),
    ("$PYTHON -m vllm.entrypoints.openai.api_server --model a/b", "api_server", 2),
    ("$VENV/bin/python -m vllm.entrypoints.openai.api_server", "api_server", 0),
    ("python -m vllm.entrypoints.launchers.api_server --model a/b", "api_server", 2),
    ("python vllm/entrypoints/openai/api_server.py --model a/b", "api_server", 2),
    ("python $ROOT/vllm/entrypoints/openai/api_server.py", "api_server", 0),
    ("python -m vllm.entrypoints.api_server --model a/b", "demo", 2),
    ("python -m vllm.entrypoints.cli.main serve a/b", "serve", 1),
    ("python -m vllm.scripts serve a/b", "serve", 1),
    ("python /opt/venv/bin/vllm serve a/b", "serve", 1),
]
OTHERS = [
    "vllm",
    "vllm bench serve --model a/b",
    "vllm chat",
    "vllm run-batch -i x -o y --model a/b",
    "vllm collect-env",
    "vllm serve --help",
    "vllm serve --help=ModelConfig",
    "vllm serve -h",
    "echo vllm serve a/b",
    "myvllm serve a/b",
    "python -m vllm.entrypoints.openai.run_batch -i x",
    "python -m vllm.entrypoints.cli.main bench",
    "python -m http.server 8000",
    "python -c 'import vllm'",
    "python serve.py --model a/b",
    "python",
    "python -m",
    "$CMD serve a/b",
    "$PYTHON vllm/entrypoints/openai/nothing.py",
    "",
]


@pytest.mark.parametrize(("line", "kind", "arguments"), SERVERS)
def test_a_server_is_recognised(line: str, kind: str, arguments: int) -> None:
    program = recognise(words(line))
    assert program is not None
    assert (program.kind, len(program.arguments)) == (kind, arguments)


@pytest.mark.parametrize("line", OTHERS)
def test_other_commands_are_not(line: str) -> None:
    assert recognise(words(line)) is None
