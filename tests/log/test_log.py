"""`vllm-doctor log`: causes before what wraps them, whoever says them and however."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]
START = (
    "(APIServer pid=10) INFO 11-20 10:00:00 [api_server.py:1882] vLLM API server version 0.11.0\n"
    "(APIServer pid=10) INFO 11-20 10:00:00 [utils.py:328] non-default args: "
    "{'model_tag': 'Qwen/Qwen3-8B', 'model': 'Qwen/Qwen3-8B', 'tensor_parallel_size': 2}\n"
)
READY = "(APIServer pid=10) INFO:     Application startup complete.\n"
MEMORY = (
    "ValueError: Free memory on device (10.70/79.11 GiB) on startup is less than desired GPU "
    "memory utilization (0.9, 71.20 GiB). Decrease GPU memory utilization."
)
WORKER = "(Worker_TP{} pid=2{}) ERROR 11-20 10:00:09 [multiproc_executor.py:597] "
WRAPPED = (
    "(EngineCore_DP0 pid=11) ERROR 11-20 10:00:10 [core.py:708] Exception: WorkerProc "
    "initialization failed due to an exception in a background process. See stack trace for root "
    "cause.\n"
    "(APIServer pid=10) RuntimeError: Engine core initialization failed. See root cause above. "
    "Failed core proc(s): {}\n"
)


def read(command: Command, text: str | bytes, *more: str) -> Outcome:
    data = text if isinstance(text, bytes) else text.encode()
    return command("log", "-", "--format", "json", *more, stdin=data)


def codes(command: Command, text: str | bytes) -> list[str]:
    found = read(command, text)
    assert found.code == int(any(each["severity"] != "info" for each in found.found))
    return found.codes


def test_the_cause_comes_before_what_wraps_it(command: Command) -> None:
    found = read(command, START + WORKER.format(0, 0) + MEMORY + "\n" + WRAPPED)
    assert found.code == 1
    (told,) = found.found
    assert (told["code"], told["severity"], told["filename"]) == ("VL101", "error", "<stdin>")
    assert told["location"] == {"row": 3, "column": len(WORKER.format(0, 0)) + 1}
    assert told["lesson"] == "occupied-gpus"
    assert "10.70 of 79.11 GiB were free" in told["message"]
    assert "Worker_TP0 (pid 20)" in told["message"]
    assert [each["location"]["row"] for each in told["related"]] == [4, 5]


def test_the_first_cause_comes_first_and_each_once(command: Command) -> None:
    full = "OSError: [Errno 28] No space left on device: '/scratch/vllm'\n"
    ranks = "".join(WORKER.format(rank, rank) + MEMORY + "\n" for rank in range(8))
    found = read(command, START + WORKER.format(1, 1) + full + ranks + WRAPPED)
    assert found.codes == ["VL214", "VL101"]
    assert "/scratch/vllm" in found.found[0]["message"]
    assert "Worker_TP2 (pid 22) and 5 more, 8 times" in found.found[1]["message"]


def test_symptoms_are_told_only_without_a_cause(command: Command) -> None:
    timeout = (
        "[rank1]:[E1120 ProcessGroupNCCL.cpp:632] [Rank 1] Watchdog caught collective operation "
        "timeout: WorkNCCL(SeqNum=1, OpType=ALLREDUCE, NumelIn=1, Timeout(ms)=600000)\n"
    )
    assert codes(command, START + timeout + WRAPPED) == ["VL407"]
    assert codes(command, START + timeout + WORKER.format(0, 0) + MEMORY + "\n") == ["VL101"]


def test_what_another_signature_explains_better_is_not_told(command: Command) -> None:
    unknown = "ValueError: Model architectures ['LlamaForCausalLM'] are not supported for now.\n"
    broken = "ERROR 10-26 11:35:32 registry.py:267] Error in inspecting model architecture 'L'\n"
    assert codes(command, unknown) == ["VL501"]
    assert codes(command, broken + unknown) == ["VL503"], "the installation is broken"


def test_a_log_without_a_cause_says_where_to_look(command: Command) -> None:
    found = read(command, START + WRAPPED)
    assert found.codes == ["VL802"]
    assert "does not tell the cause" in found.found[0]["message"]
    died = (
        "(EngineCore_DP0 pid=1) ERROR 11-20 10:00:00 [multiproc_executor.py:140] Worker proc "
        "VllmWorker-1 died unexpectedly, shutting down executor.\n"
    )
    message = read(command, died).found[0]["message"]
    assert "VllmWorker-1" in message
    assert "oom_kill" in message
    assert "sacct" in message


def test_an_error_that_no_signature_knows(command: Command) -> None:
    unknown = "(EngineCore_DP0 pid=11) ERROR 11-20 10:00:09 [core.py:708] "
    trace = (
        unknown + "Traceback (most recent call last):\n"
        + unknown + '  File "/x/core.py", line 1, in run\n'
        + unknown + '    raise AssertionError("heads")\n'
        + unknown + "AssertionError: heads are missing\n"
    )  # fmt: skip
    found = read(command, START + trace + WRAPPED)
    assert found.codes == ["VL800"]
    assert "AssertionError: heads are missing" in found.found[0]["message"]
    assert found.found[0]["location"]["row"] == 6
    assert codes(command, "Traceback (most recent call last):\nKeyError: 'x'\n") == ["VL800"]
    ended = "".join("INFO 11-20 10:00:00 [x.py:1] all is well\n" for _ in range(100))
    assert codes(command, START + "KeyError: 'x'\n" + ended) == [], "it went on"


def test_slurm_has_the_last_word(command: Command) -> None:
    limit = (
        "slurmstepd: error: *** JOB 7 ON gpu07 CANCELLED AT 2026-11-20T10:00:00 DUE TO TIME "
        "LIMIT ***\n"
    )
    killed = "slurmstepd: error: Detected 1 oom_kill event in StepId=7.0.\n"
    ended = "srun: error: gpu07: task 0: Exited with exit code 1\n"
    assert codes(command, START + limit) == ["VL901"]
    assert codes(command, START + WRAPPED + killed + ended) == ["VL108"]
    assert codes(command, ended) == ["VL805"]
    cancelled = limit.replace(" DUE TO TIME LIMIT", "")
    assert codes(command, START + READY + cancelled + WRAPPED) == [], "somebody ended it"


INFO = "(EngineCore_DP0 pid=11) INFO 11-20 10:00:00 [shm_broadcast.py:548] "
WARNING = "(Worker_TP1 pid=21) WARNING 11-20 10:00:00 [custom_all_reduce.py:137] "
TOO_LONG = (
    "ValueError: This model's maximum context length is 8 tokens. However, your request has 9 "
    "input tokens\n"
)
HEALTHY = [
    START,
    START + READY,
    START + WARNING + "Custom allreduce is disabled because of PCIe\n" + READY,
    START + INFO + "No available shared memory broadcast block found in 60 seconds.\n" + READY,
    START + "PermissionError: [Errno 13] Permission denied: '/tmp/x'\n" + READY,
    START + READY + "(APIServer pid=10) INFO:     Shutting down\n" + WRAPPED,
    START + "KeyboardInterrupt\n" + WRAPPED,
    START + READY + "ERROR 11-20 [serving.py:1] Error in preprocessing\n" + TOO_LONG,
    START + READY + START + READY,
    "",
    "\0\1\2" * 1000,
    "no log at all\n",
]


@pytest.mark.parametrize("text", HEALTHY)
def test_a_healthy_log_gives_nothing(command: Command, text: str) -> None:
    found = read(command, text)
    assert (found.code, found.found) == (0, [])


def test_what_a_server_says_while_it_works_is_told(command: Command) -> None:
    wrong = (
        "TypeError: Hermes2ProToolParser.extract_tool_calls() got an unexpected keyword argument "
        "'token_ids'\n"
    )
    found = read(command, START + READY + wrong * 3)
    assert found.codes == ["VL701"]
    assert "`--tool-call-parser openai`" in found.found[0]["message"]


def test_two_servers_in_one_log(command: Command) -> None:
    other = START.replace("APIServer pid=10", "APIServer pid=99")
    text = START + other + WORKER.format(0, 0) + MEMORY + "\n" + READY + WRAPPED
    assert codes(command, text) == ["VL101"], "one is ready, the other is not"


def test_a_server_that_was_started_once_more(command: Command) -> None:
    assert codes(
        command, START + WORKER.format(0, 0) + MEMORY + "\n" + WRAPPED + START + READY
    ) == ["VL101"]


@pytest.mark.parametrize(
    ("prefix", "speaker"),
    [
        ("0: ", "task 0"),
        ("3: (Worker pid=1) ERROR 11-20 10:00:00 [core.py:708] ", "task 3, Worker (pid 1)"),
        ("(RayWorkerWrapper pid=7, ip=10.0.0.1) ERROR 11-20 10:00:00 [worker_base.py:1] ",
         "RayWorkerWrapper (pid 7)"),
        ("(VllmWorker rank=1 pid=5) ", "VllmWorker rank=1 (pid 5)"),
        ("(serve, pid=5) (EngineCore_0 pid=6) ", "serve (pid 5), EngineCore_0 (pid 6)"),
        ("(VllmWorker TP1 pid=5) ", "VllmWorker TP1 (pid 5)"),
        ("vllm-1  | ERROR 11-18 18:07:28 engine.py:366] ", "vllm-1"),
        ("[rank2]: ", "rank 2"),
        ("[2026-02-24T20:21:58Z] (EngineCore_DP0 pid=69) ", "EngineCore_DP0 (pid 69)"),
        ("Nov 18 14:15:04 gpu07 python3[280]: (EngineCore pid=28) ", "EngineCore (pid 28)"),
        ("\x1b[36m(Worker pid=9)\x1b[0m \x1b[31mERROR\x1b[0m 11-20 10:00:00 [core.py:1] ",
         "Worker (pid 9)"),
        ("Loading: 10%\rLoading: 50%\r(Worker pid=4) ", "Worker (pid 4)"),
        ("", ""),
    ],
)  # fmt: skip
def test_who_says_it(command: Command, prefix: str, speaker: str) -> None:
    (told,) = read(command, prefix + MEMORY + "\n").found
    assert told["code"] == "VL101"
    assert (f"Said by {speaker}." in told["message"]) is bool(speaker)
    start, end = told["location"]["column"], told["end_location"]["column"]
    assert end - start == len(MEMORY), "the prefix is no part of it"


def test_a_progress_bar_and_windows_line_ends(command: Command) -> None:
    bar = "".join(f"\rLoading shards: {n}%" for n in range(100_000))
    found = read(command, bar + "\r" + MEMORY + "\r\nafter\r\n")
    assert found.found[0]["location"] == {"row": 1, "column": 1}
    assert read(command, "a\r\n" + MEMORY + "\r\n").found[0]["location"]["row"] == 2


def test_long_lines_and_binary_parts(command: Command) -> None:
    junk = bytes(range(256)) * 20_000
    text = junk + b"\n" + b"x" * 3_000_000 + b" ValueError: no\n" + MEMORY.encode() + b"\n"
    found = read(command, text)
    assert found.codes == ["VL101"]
    assert found.found[0]["location"]["row"] == text[: text.rindex(b"Value")].count(b"\n") + 1


def test_rows_are_right_across_blocks(command: Command) -> None:
    filler = (
        "INFO 11-20 10:00:00 [loggers.py:127] Engine 000: Avg prompt throughput: 1.0 tokens/s\n"
    )
    found = read(command, filler * 40_000 + MEMORY + "\n" + filler * 40_000)
    assert found.found[0]["location"] == {"row": 40_001, "column": 1}


def test_packed_logs(command: Command, tmp_path: Path) -> None:
    text = (START + MEMORY + "\n").encode() * 500
    packed = gzip.compress(text)
    (tmp_path / "a.log.gz").write_bytes(packed)
    (tmp_path / "cut.log.gz").write_bytes(packed[: len(packed) - 20])
    for name in ("a.log.gz", "cut.log.gz"):
        assert command("log", name, "--format", "json").codes[0] == "VL101"
    assert read(command, packed).codes[0] == "VL101"


def test_a_log_packed_with_zstd(command: Command, tmp_path: Path) -> None:
    zstd = shutil.which("zstd")
    if zstd is None:
        pytest.skip("missing part: the program zstd")
    packed = subprocess.run(
        [zstd, "-c"], input=(MEMORY + "\n").encode(), capture_output=True
    ).stdout
    (tmp_path / "a.log.zst").write_bytes(packed)
    assert command("log", "a.log.zst", "--format", "json").codes == ["VL101"]
    assert read(command, packed).codes == ["VL101"]


def test_without_anything_that_reads_zstd(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doctor.log import stream

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(stream, "_zstd_module", lambda: None)
    (tmp_path / "a.zst").write_bytes(b"\x28\xb5\x2f\xfd rest")
    found = command("log", "a.zst")
    assert (found.code, "packed with zstd" in found.err) == (2, True)


def test_several_logs(command: Command, tmp_path: Path) -> None:
    (tmp_path / "good.log").write_text(START + READY)
    (tmp_path / "bad.log").write_text(START + MEMORY + "\n")
    found = command("log", "good.log", "bad.log", "--format", "json")
    assert [each["filename"] for each in found.found] == ["bad.log"]
    assert "in 1 of 2 logs" in command("log", "good.log", "bad.log").out
    missing = command("log", "gone.log", "bad.log")
    assert missing.code == 2
    assert "gone.log: can't be read: No such file" in missing.err
    assert "VL101" in missing.out, "the others are read"
    assert command("log").code == 2


def test_what_a_person_sees(command: Command, tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text(START + WORKER.format(0, 0) + MEMORY + "\n" + WRAPPED)
    out = command("log", "server.log").out
    assert "server.log:3:" in out
    assert "error[VL101]: Before vLLM started" in out
    assert "this followed from it" in out
    assert "Found 1 error in 1 log." in out
    (tmp_path / "good.log").write_text(START + READY)
    assert command("log", "good.log").out == "No problem found in 1 log.\n"


def test_the_remedy_is_that_of_the_release(command: Command) -> None:
    late = "TimeoutError: Timed out waiting for engine core processes to start. Waited 600s\n"
    old, new = (
        read(command, START.replace("0.11.0", release) + late).found[0]["message"]
        for release in ("0.11.0", "0.14.0")
    )
    assert "VLLM_ENGINE_READY_TIMEOUT_S" not in old
    assert "VLLM_ENGINE_READY_TIMEOUT_S" in new
    unknown = read(command, late).found[0]["message"]
    assert "With vLLM >=0.14.0: " in unknown
    assert "With" not in read(command, late, "--vllm-version", "0.14.0").found[0]["message"]


def test_the_arguments_in_the_log_are_judged(command: Command) -> None:
    speculation = {"model": "x/y-Eagle3", "num_speculative_tokens": 3, "method": "eagle3"}
    given = {"model": "meta-llama/Llama-3.1-8B", "gpu_memory_utilization": 0.95}
    start = START.partition("{")[0] + repr({**given, "speculative_config": speculation}) + "\n"
    full = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB.\n"
    assert codes(command, start + full) == ["VL106", "VD601"]
    assert codes(command, start + READY) == [], "it works"
    assert codes(command, START.partition("{")[0] + "{'model': <object>}\n" + full) == ["VL106"]


SCRIPT = """\
#!/bin/bash
#SBATCH --gpus=1
export VLLM_CACHE_ROOT=/scratch/cache
vllm serve Qwen/Qwen3-8B --port 8000 \\
  --gpu-memory-utilization 0.95 \\
  --speculative-config '{"model": "x/y-Eagle3", "num_speculative_tokens": 3, "method": "eagle3"}' &
wait
"""


def test_the_script_that_led_to_it(command: Command, tmp_path: Path) -> None:
    (tmp_path / "serve.sbatch").write_text(SCRIPT)
    full = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB.\n"
    found = read(command, START + full, "--script", "serve.sbatch").found
    assert [each["code"] for each in found] == ["VL106", "VD601"]
    places = {(each["filename"], each["location"]["row"]) for each in found[0]["related"]}
    assert places == {("serve.sbatch", 5), ("serve.sbatch", 6)}
    assert found[1]["filename"] == "serve.sbatch"
    assert found[1]["fix"]["edits"]
    shown = command("log", "-", "--script", "serve.sbatch", stdin=(START + full).encode())
    assert "vllm-doctor scan serve.sbatch --fix" in shown.out
    assert read(command, START + READY, "--script", "serve.sbatch").found == []
    unknown = "vllm: error: unrecognized arguments: --speculative-config\n"
    (told, *_) = read(command, unknown, "--script", "serve.sbatch").found
    assert told["related"][0]["location"]["row"] == 6
    assert command("log", "-", "--script", "gone.sbatch").code == 2


def test_a_token_in_a_log_is_not_printed(command: Command) -> None:
    token = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA2cD4f"
    out = read(command, f"ValueError: bad header {token}\n").out
    assert json.loads(out)
    assert token not in out


def test_a_flood_of_errors_takes_bounded_memory(command: Command) -> None:
    lines = "".join(f"(Worker_TP{n} pid={n}) ValueError: number {n}\n" for n in range(20_000))
    found = read(command, lines + WRAPPED)
    assert len(found.found) == 1
    restarts = (START + MEMORY + "\n" + WRAPPED + READY) * 500
    assert len(read(command, restarts).found) == 1
