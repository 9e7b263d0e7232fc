"""Each action, on scripts that are run before and after: they differ in what the fix promised."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from doctor.rulebook import load
from doctor.rulebook.actions import ACTIONS
from tests.conftest import Outcome

from .runs import USER, Host

Command = Callable[..., Outcome]

BAD_NODES = {"bad-nodes": ["gpu[07-09]"]}
NEWEST = {"vllm-version": "0.33.0"}
LESSONS = "| Release | What breaks |\n|---|---|\n| 0.11.2 | the server hangs |\n"


@dataclass(frozen=True)
class Case:
    """A script, and the calls that are ``gone`` and have ``come`` after its fixes.

    Only ``safe`` fixes are made, or the others too; those of hints with ``info``.
    """

    action: str
    script: str
    gone: Iterable[str] = ()
    come: Iterable[str] = ()
    safe: bool = False
    info: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.action}{', ' if self.why else ''}{self.why}"


CASES = [
    Case(
        "replace-value",
        """
        PARSER=hermes
        nvidia-smi "$PARSER"
        vllm serve openai/gpt-oss-20b --enable-auto-tool-choice --tool-call-parser hermes
        """,
        ["vllm serve openai/gpt-oss-20b --enable-auto-tool-choice --tool-call-parser hermes"],
        ["vllm serve openai/gpt-oss-20b --enable-auto-tool-choice --tool-call-parser openai"],
        safe=True,
    ),
    Case(
        "replace-value",
        """
        declare -A PARSERS=([a]=hermes)
        TOOLS=(--enable-auto-tool-choice --tool-call-parser "hermes")
        UTIL=${UTIL:-0.95}
        vllm serve openai/gpt-oss-20b "${TOOLS[@]}" \\
          --speculative-config '{"method": "ngram", "num_speculative_tokens": 3}'
        vllm serve openai/gpt-oss-120b --gpu-memory-utilization "$UTIL" \\
          --speculative-config '{"model": "nvidia/gpt-oss-120b-Eagle3-v3", "method": "eagle3"}'
        """,
        [
            "vllm serve openai/gpt-oss-20b --enable-auto-tool-choice --tool-call-parser hermes"
            ' --speculative-config {"method": "ngram", "num_speculative_tokens": 3}',
            "vllm serve openai/gpt-oss-120b --gpu-memory-utilization 0.95 --speculative-config"
            ' {"model": "nvidia/gpt-oss-120b-Eagle3-v3", "method": "eagle3"}',
        ],
        [
            "vllm serve openai/gpt-oss-20b --enable-auto-tool-choice --tool-call-parser openai"
            ' --speculative-config {"method": "ngram", "num_speculative_tokens": 3}',
            "vllm serve openai/gpt-oss-120b --gpu-memory-utilization 0.85 --speculative-config"
            ' {"model": "nvidia/gpt-oss-120b-Eagle3-v3", "method": "eagle3"}',
        ],
        why="in an array and in a default",
    ),
    Case(
        "replace-value",
        """
        SPEC='{"model": "RedHatAI/Qwen3-8B-speculator.eagle3", "method": "eagle3"}'
        vllm serve Qwen/Qwen3-14B --gpu-memory-utilization 0.8 --speculative-config "$SPEC"
        """,
        [
            "vllm serve Qwen/Qwen3-14B --gpu-memory-utilization 0.8 --speculative-config"
            ' {"model": "RedHatAI/Qwen3-8B-speculator.eagle3", "method": "eagle3"}'
        ],
        [
            "vllm serve Qwen/Qwen3-14B --gpu-memory-utilization 0.8 --speculative-config"
            ' {"model": "RedHatAI/Qwen3-14B-speculator.eagle3", "method": "eagle3"}'
        ],
        why="in JSON",
    ),
    Case(
        "add-flag",
        """
        ARGS="--port 8000 --tool-call-parser hermes"
        vllm serve Qwen/Qwen3-8B \\
          --tool-call-parser hermes \\
          --port 8001
        vllm serve Qwen/Qwen3-8B $ARGS
        """,
        [
            "vllm serve Qwen/Qwen3-8B --tool-call-parser hermes --port 8001",
            "vllm serve Qwen/Qwen3-8B --port 8000 --tool-call-parser hermes",
        ],
        [
            "vllm serve Qwen/Qwen3-8B --enable-auto-tool-choice --tool-call-parser hermes"
            " --port 8001",
            "vllm serve Qwen/Qwen3-8B --port 8000 --enable-auto-tool-choice"
            " --tool-call-parser hermes",
        ],
        safe=True,
    ),
    Case(
        "rewrite-flag",
        """
        ARGS=(--port 8000 --swap-space 16)
        MORE="--enable-reasoning --reasoning-parser qwen3 --swap-space '4'"
        vllm serve Qwen/Qwen3-8B \\
          --swap-space "4" \\
          --port 8001
        vllm serve Qwen/Qwen3-8B "${ARGS[@]}"; nvidia-smi
        vllm serve Qwen/Qwen3-8B --port 8002 \\
          --swap-space=4
        vllm serve Qwen/Qwen3-8B --enable-reasoning --no-enable-reasoning
        bash -c "vllm serve Qwen/Qwen3-8B --port 8003 --swap-space '4'"
        """,
        [
            "vllm serve Qwen/Qwen3-8B --swap-space 4 --port 8001",
            "vllm serve Qwen/Qwen3-8B --port 8000 --swap-space 16",
            "vllm serve Qwen/Qwen3-8B --port 8002 --swap-space=4",
            "vllm serve Qwen/Qwen3-8B --enable-reasoning --no-enable-reasoning",
            "vllm serve Qwen/Qwen3-8B --port 8003 --swap-space 4",
        ],
        [
            "vllm serve Qwen/Qwen3-8B --port 8001",
            "vllm serve Qwen/Qwen3-8B --port 8000",
            "vllm serve Qwen/Qwen3-8B --port 8002",
            "vllm serve Qwen/Qwen3-8B --no-enable-reasoning",
            "vllm serve Qwen/Qwen3-8B --port 8003",
        ],
        safe=True,
        config=NEWEST,
        why="to nothing",
    ),
    Case(
        "rewrite-flag",
        """
        ARGS="--guided-decoding-backend auto --port 1"
        N=5
        vllm serve Qwen/Qwen3-8B $ARGS
        vllm serve Qwen/Qwen3-8B --guided_decoding_backend="auto" --task embed
        vllm serve Qwen/Qwen3-8B --speculative-model "[ngram]" --num-speculative-tokens=$N \\
          --ngram-prompt-lookup-max 4
        vllm serve Qwen/Qwen3-8B --speculative_model '[ngram]' --num_speculative_tokens $N
        vllm serve Qwen/Qwen3-8B --enable-chunked-prefill False --enforce-eager=True
        """,
        [
            "vllm serve Qwen/Qwen3-8B --guided-decoding-backend auto --port 1",
            "vllm serve Qwen/Qwen3-8B --guided_decoding_backend=auto --task embed",
            "vllm serve Qwen/Qwen3-8B --speculative-model [ngram] --num-speculative-tokens=5"
            " --ngram-prompt-lookup-max 4",
            "vllm serve Qwen/Qwen3-8B --speculative_model [ngram] --num_speculative_tokens 5",
            "vllm serve Qwen/Qwen3-8B --enable-chunked-prefill False --enforce-eager=True",
        ],
        [
            "vllm serve Qwen/Qwen3-8B --structured-outputs-config.backend auto --port 1",
            "vllm serve Qwen/Qwen3-8B --structured-outputs-config.backend=auto"
            " --runner pooling --convert embed",
            "vllm serve Qwen/Qwen3-8B --speculative-config.method ngram"
            " --speculative-config.num_speculative_tokens=5"
            " --speculative-config.prompt_lookup_max 4",
            "vllm serve Qwen/Qwen3-8B --speculative-config.method ngram"
            " --speculative-config.num_speculative_tokens 5",
            "vllm serve Qwen/Qwen3-8B --no-enable-chunked-prefill --enforce-eager",
        ],
        safe=True,
        config=NEWEST,
        why="to other flags",
    ),
    Case(
        "rename-flag",
        """
        ARGS=(--tensor-paralel-size=4 --no-enable-prefix-cacheing)
        vllm serve Qwen/Qwen3-8B "${ARGS[@]}" --max-modell-len 8192
        """,
        [
            "vllm serve Qwen/Qwen3-8B --tensor-paralel-size=4 --no-enable-prefix-cacheing"
            " --max-modell-len 8192"
        ],
        [
            "vllm serve Qwen/Qwen3-8B --tensor-parallel-size=4 --no-enable-prefix-caching"
            " --max-model-len 8192"
        ],
    ),
    Case(
        "rename-variable",
        """
        export VLLM_LOG_LEVEL="DEBUG" KEPT=yes  # to see more
        vllm serve Qwen/Qwen3-8B
        """,
        ["KEPT=yes VLLM_LOG_LEVEL=DEBUG vllm serve Qwen/Qwen3-8B"],
        ["KEPT=yes VLLM_LOGGING_LEVEL=DEBUG vllm serve Qwen/Qwen3-8B"],
    ),
    Case(
        "export-variable",
        """
        VLLM_LOGGING_LEVEL="DEBUG" OWN=1  # to see more
        vllm serve Qwen/Qwen3-8B
        """,
        ["vllm serve Qwen/Qwen3-8B"],
        ["OWN=1 VLLM_LOGGING_LEVEL=DEBUG vllm serve Qwen/Qwen3-8B"],
        info=True,
    ),
    Case(
        "rewrite-variable",
        """
        export VLLM_USE_V1=1 KEPT=yes
        export VLLM_ATTENTION_BACKEND=FLASHINFER  # the fast one
        VLLM_USE_RAY_SPMD_WORKER=1 \\
          VLLM_ALL2ALL_BACKEND="naive" vllm serve Qwen/Qwen3-8B --port 1
        for port in 2 3; do
          vllm serve Qwen/Qwen3-8B --port $port > "$port.log" 2>&1 &
        done
        wait
        """,
        [
            "KEPT=yes VLLM_ALL2ALL_BACKEND=naive VLLM_ATTENTION_BACKEND=FLASHINFER"
            " VLLM_USE_RAY_SPMD_WORKER=1 VLLM_USE_V1=1 vllm serve Qwen/Qwen3-8B --port 1",
            *(
                "KEPT=yes VLLM_ATTENTION_BACKEND=FLASHINFER VLLM_USE_V1=1"
                f" vllm serve Qwen/Qwen3-8B --port {port}"
                for port in (2, 3)
            ),
        ],
        [
            "KEPT=yes vllm serve Qwen/Qwen3-8B --port 1"
            " --attention-backend FLASHINFER --all2all-backend naive",
            *(
                f"KEPT=yes vllm serve Qwen/Qwen3-8B --port {port} --attention-backend FLASHINFER"
                for port in (2, 3)
            ),
        ],
        config=NEWEST,
        info=True,
    ),
    Case(
        "write-line",
        """
        #SBATCH --gpus=2
        for port in 1 2; do
          vllm serve Qwen/Qwen3-8B --port $port &
        done
        wait
        """,
        [],
        ["vllm-doctor node --script HOST/job.sh"],
        info=True,
        config={"select": ["VD203"]},
    ),
    Case(
        "exclude-nodes",
        """
        #SBATCH --gpus=8   # all of them
        #SBATCH --exclude=cpu1,gpu07  # is slow
        srun vllm serve openai/gpt-oss-120b
        sbatch --gpus=4 --exclude cpu2 --wrap hostname
        salloc -G 2 -N 1
        """,
        [
            "#SBATCH --exclude=cpu1,gpu07  # is slow",
            "sbatch --gpus=4 --exclude cpu2 --wrap hostname",
            "salloc -G 2 -N 1",
        ],
        [
            "#SBATCH --exclude=cpu1,gpu[07-09]  # is slow",
            "sbatch --gpus=4 --exclude cpu2,gpu07,gpu08,gpu09 --wrap hostname",
            "salloc --exclude=gpu07,gpu08,gpu09 -G 2 -N 1",
        ],
        safe=True,
        config=BAD_NODES,
    ),
    Case(
        "exclude-nodes",
        """
        #SBATCH --gpus=8   # all of them
        srun vllm serve openai/gpt-oss-120b
        """,
        [],
        ["#SBATCH --exclude=gpu[07-09]"],
        safe=True,
        config=BAD_NODES,
        why="none until then",
    ),
    Case(
        "drop-nodes",
        """
        #SBATCH --gpus=8 --nodes=1-2
        #SBATCH --nodelist=gpu[06-07]
        #SBATCH --exclude=gpu[07-09]
        srun vllm serve openai/gpt-oss-120b
        """,
        ["#SBATCH --nodelist=gpu[06-07]"],
        ["#SBATCH --nodelist=gpu06"],
        config=BAD_NODES,
    ),
    Case(
        "name-user",
        """
        #SBATCH --gpus=1
        export TRITON_CACHE_DIR=@SHARED@/triton
        vllm serve Qwen/Qwen3-8B --port 1
        nvidia-smi "@SHARED@/triton/log" # not @SHARED@/triton in a comment
        nvidia-smi @SHARED@/triton-2 other/@SHARED@/triton
        """,
        [
            "TRITON_CACHE_DIR=HOST/shared/triton vllm serve Qwen/Qwen3-8B --port 1",
            "TRITON_CACHE_DIR=HOST/shared/triton nvidia-smi HOST/shared/triton/log",
            "TRITON_CACHE_DIR=HOST/shared/triton nvidia-smi HOST/shared/triton-2"
            " other/HOST/shared/triton",
        ],
        [
            "TRITON_CACHE_DIR=HOST/shared/@USER@_triton vllm serve Qwen/Qwen3-8B --port 1",
            "TRITON_CACHE_DIR=HOST/shared/@USER@_triton nvidia-smi HOST/shared/@USER@_triton/log",
            "TRITON_CACHE_DIR=HOST/shared/@USER@_triton nvidia-smi HOST/shared/triton-2"
            " other/HOST/shared/triton",
        ],
        config={"ignore": ["VD201"]},
    ),
    Case(
        "keep-cache",
        """
        export VLLM_CACHE_ROOT="/dev/shm/$USER/vllm"
        vllm serve Qwen/Qwen3-8B
        """,
        ["VLLM_CACHE_ROOT=/dev/shm/@USER@/vllm vllm serve Qwen/Qwen3-8B"],
        ["VLLM_CACHE_ROOT=HOST/home/.cache/@USER@/vllm vllm serve Qwen/Qwen3-8B"],
    ),
    Case(
        "separate-caches",
        """
        pip install vllm==0.11.0
        nvidia-smi
        for port in 8000 8001; do
          vllm serve Qwen/Qwen3-8B --port $port &
        done
        wait
        nvidia-smi after
        """,
        [f"vllm serve Qwen/Qwen3-8B --port {port}" for port in (8000, 8001)],
        [
            f"VLLM_CACHE_ROOT=HOST/home/.cache/vllm_{port} vllm serve Qwen/Qwen3-8B --port {port}"
            for port in (8000, 8001)
        ],
    ),
    Case(
        "separate-ports",
        """
        PORT=8000
        for i in 0 1 2; do
          vllm serve Qwen/Qwen3-8B --port $PORT &
        done
        wait
        nvidia-smi "$PORT"
        """,
        ["vllm serve Qwen/Qwen3-8B --port 8000"] * 2,
        ["vllm serve Qwen/Qwen3-8B --port 8001", "vllm serve Qwen/Qwen3-8B --port 8002"],
        config={"ignore": ["VD301"]},
    ),
    Case(
        "add-option",
        """
        srun --jobid=1 nvidia-smi
        timeout 5 srun --jobid 2 nvidia-smi
        srun --jobid=3 --overlap nvidia-smi
        """,
        ["srun --jobid=1 nvidia-smi", "srun --jobid 2 nvidia-smi"],
        ["srun --overlap --jobid=1 nvidia-smi", "srun --overlap --jobid 2 nvidia-smi"],
        safe=True,
    ),
    Case(
        "write-directive",
        """
        #SBATCH --nodes=1
        #SBTACH --gpus=8

        srun vllm serve openai/gpt-oss-120b
        #SBATCH --time=1:00:00
        nvidia-smi
        """,
        [],
        ["#SBATCH --gpus=8", "#SBATCH --time=1:00:00"],
        config={"ignore": ["VD2"]},
    ),
    Case(
        "use-pattern",
        """
        #SBATCH --nodes=1
        #SBATCH --output=logs/$SLURM_JOB_ID.out   # $USER reads it
        srun nvidia-smi "$SLURM_JOB_ID"
        """,
        ["#SBATCH --output=logs/$SLURM_JOB_ID.out   # $USER reads it"],
        ["#SBATCH --output=logs/%j.out   # $USER reads it"],
        safe=True,
    ),
    Case(
        "pin-release",
        """
        nvidia-smi 0.11.2
        pip install "vllm==0.11.2"
        vllm serve openai/gpt-oss-20b --port 1
        """,
        ["pip install vllm==0.11.2"],
        ["pip install vllm==0.13.0"],
        config={"kb": ["lessons.md"]},
    ),
    Case(
        "join-lines",
        """
        vllm serve Qwen/Qwen3-8B \\
          --port 8001 \\

          --enforce-eager
        true
        """,
        ["vllm serve Qwen/Qwen3-8B --port 8001"],
        ["vllm serve Qwen/Qwen3-8B --port 8001 --enforce-eager"],
    ),
    Case(
        "drop-suppression",
        """
        echo one  # vllm-doctor: ignore[VD101]
        """,
        safe=True,
    ),
]


def _script(case: Case, host: Host) -> str:
    lines = [line.removeprefix(" " * 8) for line in case.script.strip("\n").splitlines()]
    text = "#!/bin/bash\n" + "\n".join(lines).rstrip() + "\n"
    return text.replace("@SHARED@", str(host.shared))


def _fixed(command: Command, case: Case, host: Host, text: str) -> str:
    """The script after its fixes, under the case's configuration."""
    config = {"shared-folders": [str(host.shared)], **case.config}
    lines = [f"{name} = {value!r}" for name, value in config.items()]
    Path("lessons.md").write_text(LESSONS)
    Path(".vllm-doctor.toml").write_text("\n".join(lines) + "\n")
    Path("job.sh").write_text(text)
    options = [] if case.safe else ["--unsafe-fixes"]
    options += ["--show=info"] if case.info else []
    done = command("scan", "--fix", *options, "job.sh")
    assert "fault of vllm-doctor" not in done.err
    assert " fixed " in done.err, done.out + done.err
    return Path("job.sh").read_text()


def _called(calls: Iterable[str]) -> Counter[str]:
    return Counter(call.replace("@USER@", USER) for call in calls)


@pytest.fixture
def hosts(tmp_path: Path) -> tuple[Host, Host]:
    """One host on which the script runs as it was, one for the fixed script, alike by path."""
    return Host(tmp_path / "before"), Host(tmp_path / "after")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fixed_script_differs_in_what_was_promised(
    case: Case, command: Command, hosts: tuple[Host, Host]
) -> None:
    was, now = hosts
    text = _script(case, was)
    fixed = _fixed(command, case, was, text)
    before = was.run(text)
    after = now.run(fixed.replace(str(was.folder), str(now.folder)))
    assert before.calls - after.calls == _called(case.gone)
    assert after.calls - before.calls == _called(case.come)
    assert after.files == before.files
    assert after.code == before.code == 0


def test_standard_error_joins_the_log(command: Command, hosts: tuple[Host, Host]) -> None:
    case = Case(
        "join-errors",
        """
        vllm serve Qwen/Qwen3-8B > server.log &
        wait
        vllm serve Qwen/Qwen3-8B --port 1 | tee second.log
        nvidia-smi > gpus.log
        """,
        safe=True,
    )
    was, now = hosts
    text = _script(case, was)
    before, after = was.run(text), now.run(_fixed(command, case, was, text))
    assert after.calls == before.calls
    assert after.code == before.code == 0
    said, complained = "vllm says\n", "vllm complains\n"
    assert before.files == {
        "home/server.log": said,
        "home/second.log": said,
        "home/gpus.log": "nvidia-smi says\n",
    }
    assert after.files == {
        "home/server.log": said + complained,
        "home/second.log": said + complained,
        "home/gpus.log": "nvidia-smi says\n",
    }


def test_a_log_is_kept_under_a_name_of_its_own(
    command: Command, hosts: tuple[Host, Host], tmp_path: Path
) -> None:
    node = Path(f"/tmp/vllm-doctor-{tmp_path.parent.name}-{os.getpid()}")
    case = Case(
        "keep-log",
        f"""
        #SBATCH --gpus=1
        #SBATCH --output=server.out
        LOG=second.log
        vllm serve Qwen/Qwen3-8B > "{node}/first.log" 2>&1
        vllm serve Qwen/Qwen3-8B --port 1 > $LOG 2>&1
        nvidia-smi "$LOG"
        """,
        info=True,
        config={"select": ["VD803", "VD805"]},
    )
    was, now = hosts
    text = _script(case, was)
    fixed = _fixed(command, case, was, text)
    node.mkdir()
    try:
        before = was.run(text)
    finally:
        shutil.rmtree(node)
    after = now.run(fixed)
    both = "vllm says\nvllm complains\n"
    assert before.files == {"home/second.log": both}
    assert after.files == {
        f"home/logs/{node.name}/first-4711.log": both,
        "home/second-4711.log": both,
    }
    assert before.calls - after.calls == _called(
        ["#SBATCH --output=server.out", "nvidia-smi second.log"]
    )
    assert after.calls - before.calls == _called(
        ["#SBATCH --output=server-%j.out", "nvidia-smi second-4711.log"]
    )
    assert after.code == before.code == 0


def test_a_log_is_written_where_there_was_none(command: Command, hosts: tuple[Host, Host]) -> None:
    case = Case(
        "write-log",
        """
        #SBATCH --gpus=1
        vllm serve Qwen/Qwen3-8B > /dev/null 2>&1
        vllm serve Qwen/Qwen3-8B --port 1 >/dev/null 2>/dev/null
        tmux send-keys -t server "vllm serve Qwen/Qwen3-8B --port 2" Enter
        """,
        info=True,
        config={"select": ["VD801"]},
    )
    was, now = hosts
    text = _script(case, was)
    fixed = _fixed(command, case, was, text)
    before = was.run(text)
    after = now.run(fixed)
    both = "vllm says\nvllm complains\n"
    assert before.files == {}
    assert after.files == {
        "home/logs/server-8000-4711.log": both,
        "home/logs/server-1-4711.log": both,
    }
    line = "tmux send-keys -t server vllm serve Qwen/Qwen3-8B --port 2"
    assert before.calls - after.calls == _called([f"{line} Enter"])
    log = "HOST/home/logs/server-2-4711.log"
    assert after.calls - before.calls == _called([f"{line} 2>&1 | tee {log} Enter"])
    assert after.code == before.code == 0


@pytest.mark.skipif(shutil.which("pkill") is None, reason="missing part: pkill")
def test_only_what_the_script_started_is_ended(command: Command, hosts: tuple[Host, Host]) -> None:
    model = uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))  # nobody else's
    case = Case(
        "kill-own-only",
        f"""
        #SBATCH --gpus=1
        vllm serve {model} > server.log 2>&1 &
        server=$!
        sleep 1
        pkill -f "vllm serve {model}"
        wait "$server"
        """,
        config={"select": ["VD903"]},
    )
    was, now = hosts
    text = _script(case, was)
    fixed = _fixed(command, case, was, text)
    for host, script, survives in ((was, text, False), (now, fixed, True)):
        (host.bin / "vllm").write_text("#!/bin/sh\nsleep 20\n")
        with subprocess.Popen([host.bin / "vllm", "serve", model]) as other:
            assert host.run(script).code == 128 + 15
            if survives:
                assert other.poll() is None
                other.kill()
            assert other.wait(timeout=60) == (-9 if survives else -15)


def test_a_script_waits_for_its_servers(command: Command, hosts: tuple[Host, Host]) -> None:
    case = Case(
        "wait-at-end",
        """
        #SBATCH --nodes=1
        (sleep 1; touch "$HOME/served") &
        vllm serve Qwen/Qwen3-8B > server.log 2>&1 &
        """,
    )
    was, now = hosts
    text = _script(case, was)
    fixed = _fixed(command, case, was, text)
    assert fixed == text + "wait\n"
    assert "home/served" in now.run(fixed).files


def test_only_what_is_ones_own_is_deleted(command: Command, hosts: tuple[Host, Host]) -> None:
    case = Case(
        "delete-own-only",
        """
        rm -rf @SHARED@/torchinductor_*
        rm -f @SHARED@/cache_* 2>/dev/null || true
        rm -rf @SHARED@/*.lock "$HOME/own"
        """,
        safe=True,
    )
    was, now = hosts
    text = _script(case, was)
    fixed = _fixed(command, case, was, text)
    for host in hosts:
        (host.shared / "cache_folder").mkdir()
        (host.home / "own").mkdir()
        for name in (f"torchinductor_{USER}", "cache_1", "a.lock", ".hidden.lock", "b.txt"):
            (host.shared / name).write_text("")
            if os.geteuid() == 0:
                other = host.shared / name.replace(USER, "other").replace("1", "2")
                other = other.with_name(other.name.replace("a.", "b.").replace("hidden", "other"))
                other.write_text("")
                os.chown(other, 12345, 12345)
    was.run(text)
    now.run(fixed.replace(str(was.folder), str(now.folder)))
    own = {"cache_folder", ".hidden.lock", "b.txt"}
    others = {"torchinductor_other", "cache_2", "b.lock", ".other.lock"}
    left = {path.name for path in now.shared.iterdir()}
    assert own <= left
    assert not left & {f"torchinductor_{USER}", "cache_1", "a.lock"}
    assert others <= left or os.geteuid() != 0
    assert not {path.name for path in was.shared.iterdir()} & {"torchinductor_other", "cache_2"}
    assert not (now.home / "own").exists()


#: Actions that have a test of their own here.
OWN_TESTS = {
    "join-errors",
    "keep-log",
    "write-log",
    "kill-own-only",
    "wait-at-end",
    "delete-own-only",
}


def test_each_action_has_a_test() -> None:
    assert {case.action for case in CASES} | OWN_TESTS == set(ACTIONS)


def test_each_action_is_what_a_rule_wants() -> None:
    rules = load().rules
    remedies = [remedy for rule in rules for remedy in (rule.fix, *(c.fix for c in rule.cases))]
    assert {remedy.action for remedy in remedies if remedy and remedy.action} == set(ACTIONS)
