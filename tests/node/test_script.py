"""`vllm-doctor node --script`: what a script needs, against what the node has."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from .conftest import Node, Told
from .test_world import environment

Check = dict[str, Any]


@pytest.fixture
def against(node: Node, tmp_path: Path) -> Callable[..., Check]:
    """A check of a script, VN601 unless another is asked for, on the node of a scenario."""

    def run(
        text: str, scenario: str = "gpu\n" * 8, *options: str, code: str = "VN601", **more: str
    ) -> Check:
        script = tmp_path / "serve.sbatch"
        script.write_text(text)
        told: Told = node(scenario, "--select", "VN6", "--script", str(script), *options, **more)
        return told.checks[code]

    return run


def job(*lines: str, header: str = "#SBATCH --gpus-per-node=2") -> str:
    return "\n".join(("#!/bin/bash", header, *lines, ""))


SERVE = "vllm serve Qwen/Qwen3-8B"


def test_a_script_that_fits(against: Callable[..., Check]) -> None:
    assert against(job(f"{SERVE} --tensor-parallel-size 2 --port 18437"))["status"] == "ok"


class TestGpus:
    def test_more_than_are_visible(self, against: Callable[..., Check]) -> None:
        check = against(job(f"{SERVE} --tensor-parallel-size 4"), "gpu\ngpu\n")
        assert check["status"] == "error"
        assert "Line 3 needs 4 GPUs, and this node has 2 GPUs" in check["message"]

    def test_the_job_s_own_count(self, against: Callable[..., Check]) -> None:
        text = job(f"{SERVE}", header="#SBATCH --gpus-per-node=8")
        assert "The job needs 8 GPUs" in against(text, "gpu\n")["message"]

    def test_one_that_a_server_is_bound_to(self, against: Callable[..., Check]) -> None:
        loop = (
            "for i in 0 1 2 3; do CUDA_VISIBLE_DEVICES=$i vllm serve M --port $((18430+i)) & done"
        )
        assert "needs 4 GPUs" in against(job(loop, "wait"), "gpu\ngpu\n")["message"]
        assert against(job(loop, "wait"), "gpu\n" * 4)["status"] == "ok"

    def test_a_count_that_nobody_knows(self, against: Callable[..., Check]) -> None:
        text = job(f'{SERVE} --tensor-parallel-size "$1" --port 18437', header="")
        assert against(text, "gpu\n")["status"] in ("ok", "skipped")

    def test_a_server_over_several_nodes(self, against: Callable[..., Check]) -> None:
        header = "#SBATCH --nodes=2 --gpus-per-node=2"
        text = job(f"{SERVE} --tensor-parallel-size 4 --port 18437", header=header)
        assert against(text, "gpu\ngpu\n")["status"] == "ok"

    def test_a_driver_that_does_not_answer(self, against: Callable[..., Check]) -> None:
        hang = "answer nvmlInitWithFlags HANG\ngpu\n"
        assert against(job(SERVE), hang, "--timeout", "5")["status"] == "unknown"

    def test_a_node_without_any(self, against: Callable[..., Check]) -> None:
        check = against(job(SERVE), "answer nvmlInitWithFlags DRIVER_NOT_LOADED\n")
        assert check["status"] == "unknown"
        assert "this node shows no GPU" in check["message"]


class TestMemory:
    def test_less_than_the_share(self, against: Callable[..., Check]) -> None:
        held = "gpu\ngpu\nmemory 81559 20000\n"
        text = job(f"{SERVE} -tp 2 --gpu-memory-utilization 0.9 --port 18437")
        check = against(text, held)
        assert "needs 0.9 of the memory of GPU 1, and" in check["message"]
        less = job(f"{SERVE} -tp 2 --gpu-memory-utilization 0.5 --port 18437")
        assert against(less, held)["status"] == "ok"

    def test_one_that_can_not_be_seen(self, against: Callable[..., Check]) -> None:
        blind = "gpu\nanswer nvmlDeviceGetMemoryInfo_v2 NO_PERMISSION\n"
        blind += "answer nvmlDeviceGetMemoryInfo NO_PERMISSION\n"
        text = job(f"{SERVE} --port 18437", header="")
        assert against(text, blind)["status"] == "unknown"


class TestModels:
    """VN602: the weights of a model beside the memory of the GPUs, here 79.1 GiB each."""

    LARGE = "vllm serve meta-llama/Llama-3.3-70B-Instruct --port 18437"

    @pytest.fixture
    def fits(self, against: Callable[..., Check]) -> Callable[..., Check]:
        return partial(against, code="VN602")

    def test_one_that_does_not_fit(self, fits: Callable[..., Check]) -> None:
        check = fits(job(f"{self.LARGE} --gpu-memory-utilization 0.9"))
        assert check["status"] == "error"
        assert "0.9 of the 79.1 GiB of 1 of this node's GPUs is 71.2 GiB" in check["message"]

    def test_one_that_fits_into_two(self, fits: Callable[..., Check]) -> None:
        assert fits(job(f"{self.LARGE} -tp 2"))["status"] == "ok"

    def test_the_largest_gpus_count(self, fits: Callable[..., Check]) -> None:
        small = "gpu\nmemory 40960 0\n"
        assert fits(job(f"{self.LARGE} -tp 2"), small + "gpu\ngpu\n")["status"] == "ok"
        assert fits(job(f"{self.LARGE} -tp 2"), small * 2)["status"] == "error"

    def test_fewer_gpus_than_it_takes(self, fits: Callable[..., Check]) -> None:
        assert fits(job(f"{self.LARGE} -tp 4"), "gpu\ngpu\n")["status"] == "skipped"

    def test_a_model_that_nobody_knows(self, fits: Callable[..., Check]) -> None:
        check = fits(job("vllm serve acme/Own-70B --port 18437"))
        assert check["status"] == "skipped"
        assert "no model of which it is known what its weights take" in check["message"]

    def test_one_of_several_on_a_line(self, fits: Callable[..., Check]) -> None:
        loop = "for model in meta-llama/Llama-3.3-70B-Instruct $OTHER; do vllm serve $model; done"
        assert fits(job(loop))["status"] == "skipped"

    def test_gpus_that_can_not_be_seen(self, fits: Callable[..., Check]) -> None:
        assert fits(job(self.LARGE), "answer nvmlInitWithFlags DRIVER_NOT_LOADED\n")["status"] == (
            "unknown"
        )

    def test_memory_that_can_not_be_seen(self, fits: Callable[..., Check]) -> None:
        blind = "gpu\nanswer nvmlDeviceGetMemoryInfo_v2 NO_PERMISSION\n"
        blind += "answer nvmlDeviceGetMemoryInfo NO_PERMISSION\n"
        check = fits(job(self.LARGE), blind)
        assert (check["status"], check["message"]) == ("unknown", "a GPU doesn't tell its memory")


class TestPorts:
    def test_one_that_is_taken(self, against: Callable[..., Check]) -> None:
        with socket.create_server(("", 0)) as server:
            port = server.getsockname()[1]
            check = against(job(f"{SERVE} --port {port}"))
        assert f"needs port {port} of this node" in check["message"]
        assert f"pid {os.getpid()}" in check["message"]

    def test_one_on_another_machine(self, against: Callable[..., Check]) -> None:
        with socket.create_server(("", 0)) as server:
            port = server.getsockname()[1]
            text = job(f"ssh gpu99 {SERVE} --port {port}")
            assert against(text)["status"] in ("ok", "skipped")


class TestReleases:
    def run(self, against: Callable[..., Check], folder: Path, text: str) -> Check:
        path = environment(folder, vllm="0.9.2")
        return against(text, PATH=f"{path}:{os.environ['PATH']}")

    def test_one_that_is_too_old(self, against: Callable[..., Check], tmp_path: Path) -> None:
        text = job("vllm serve openai/gpt-oss-20b --port 18437")
        check = self.run(against, tmp_path, text)
        assert "and this node has vLLM 0.9.2" in check["message"]

    def test_one_that_does(self, against: Callable[..., Check], tmp_path: Path) -> None:
        assert self.run(against, tmp_path, job(f"{SERVE} --port 18437"))["status"] == "ok"

    def test_an_environment_of_the_script_s_own(
        self, against: Callable[..., Check], tmp_path: Path
    ) -> None:
        text = job("source venv/bin/activate", "vllm serve openai/gpt-oss-20b --port 18437")
        assert self.run(against, tmp_path, text)["status"] == "ok"


class TestFolders:
    def test_a_cache_and_a_log_that_can_not_be_written(
        self, against: Callable[..., Check], tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        blocked = tmp_path / "file"
        text = job(
            f"export VLLM_CACHE_ROOT={blocked}/vllm",
            f"{SERVE} --port 18437 > {blocked}/logs/server.log",
        )
        check = against(text)
        assert f"needs to write {blocked}/vllm, and you may not write {blocked}" in check["message"]
        assert f"needs to write {blocked}/logs" in check["message"]

    def test_folders_that_may_be_written(
        self, against: Callable[..., Check], tmp_path: Path
    ) -> None:
        text = job(
            'export VLLM_CACHE_ROOT="$HOME/vllm"', f'{SERVE} --port 18437 > "$HOME/a/server.log"'
        )
        assert against(text, HOME=str(tmp_path))["status"] == "ok"

    def test_one_that_hangs(
        self, against: Callable[..., Check], served: Callable[[str], Path]
    ) -> None:
        text = job(f"export VLLM_CACHE_ROOT={served('freeze')}/vllm", f"{SERVE} --port 18437")
        check = against(text)
        assert (check["status"], "does not answer" in check["message"]) == ("unknown", True)


class TestTheNodeItself:
    def test_one_that_the_script_excludes(self, against: Callable[..., Check]) -> None:
        text = job(f"{SERVE} --port 18437", header="#SBATCH --exclude=gpu[06-07]")
        check = against(text, SLURMD_NODENAME="gpu07")
        assert "it excludes gpu07" in check["message"]
        assert against(text, SLURMD_NODENAME="gpu08")["status"] == "ok"

    def test_one_that_the_script_does_not_ask_for(self, against: Callable[..., Check]) -> None:
        text = job(f"{SERVE} --port 18437", header="#SBATCH --nodelist=gpu01")
        assert "and not gpu07" in against(text, SLURMD_NODENAME="gpu07")["message"]


def test_a_script_without_servers(against: Callable[..., Check]) -> None:
    assert against("echo hello\n")["status"] == "skipped"


def test_a_file_that_is_none(against: Callable[..., Check]) -> None:
    check = against("\0\0")
    assert (check["status"], "binary data" in check["message"]) == ("unknown", True)


def test_a_file_that_is_not_there_is_a_wrong_call(command: Callable[..., Any]) -> None:
    outcome = command("node", "--script", "gone.sh")
    assert (outcome.code, "gone.sh" in outcome.err) == (2, True)


def test_nothing_of_the_script_is_run(against: Callable[..., Check], tmp_path: Path) -> None:
    against(job(f"touch {tmp_path}/run; $(touch {tmp_path}/run)", SERVE))
    assert not (tmp_path / "run").exists()
