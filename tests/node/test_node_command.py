"""`vllm-doctor node` as people call it, on GPUs that the stand-in shows."""

from __future__ import annotations

import pytest

from tests.node.conftest import Node, Told

_CHECKS = {"VN101", "VN102", "VN103", "VN104", "VN105", "VN106", "VN107"}


@pytest.fixture
def node(node: Node) -> Node:
    """The command with the checks of GPUs and processes alone, whatever this machine lacks."""

    def run(scenario: str, *options: str, **environment: str) -> Told:
        return node(scenario, "--select", "VN1,VN2", *options, **environment)

    return run


def test_eight_free_gpus(node: Node) -> None:
    told = node("gpu\n" * 8, SLURM_GPUS_ON_NODE="8")
    assert [gpu["gpu"] for gpu in told.gpus] == [f"GPU {index}" for index in range(8)]
    assert told.status(*_CHECKS) == {"ok"}
    assert {check["message"] for code, check in told.checks.items() if code in _CHECKS} == {""}


#: For each check, what a GPU is like on which it fails, and what its evidence says.
_FAILING = {
    "memory that nobody visible holds": (
        "memory 81559 70000",
        {"VN101": "error", "VN102": "error"},
        "GPU 1: 68.4 of 79.1 GiB are held by a process that can't be seen from here.",
    ),
    "memory of a process that can't be seen": (
        "process 999999 70000\nmemory 81559 70000",
        {"VN101": "error", "VN102": "error"},
        "GPU 1: 68.4 of 79.1 GiB are held by pid 999999, which can't be seen from here.",
    ),
    "a little memory": (
        "memory 81559 3000",
        {"VN101": "warning", "VN102": "ok"},
        "GPU 1: 2.9 of 79.1 GiB are held by a process that can't be seen from here.",
    ),
    "errors of memory": (
        "ecc 1 5 2",
        {"VN103": "warning"},
        "GPU 1: 2 memory errors that could not be corrected.",
    ),
    "rows to be replaced": (
        "remapped 1 2 1 0",
        {"VN103": "warning"},
        "GPU 1: memory rows to be replaced.",
    ),
    "rows that were not replaced": (
        "remapped 1 2 0 1",
        {"VN103": "error"},
        "GPU 1: memory rows that could not be replaced.",
    ),
    "a reset that is due": (
        "recovery-action 1",
        {"VN103": "error"},
        "GPU 1: the driver asks for a reset.",
    ),
    "heat": (
        "clock-reasons 0x40",
        {"VN104": "warning"},
        "GPU 1 is slowed down by heat, a limit of the hardware.",
    ),
    "lost lanes": (
        "pcie-width 8 16",
        {"VN105": "warning"},
        "GPU 1: PCIe runs on 8 of 16 lanes.",
    ),
    "a dead NVLink": (
        "nvlinks 18 1",
        {"VN105": "warning"},
        "GPU 1: 1 of 18 NVLinks are down.",
    ),
    "another model": (
        "name NVIDIA A100-SXM4-80GB",
        {"VN106": "warning"},
        "2 GPUs: NVIDIA A100-SXM4-80GB, NVIDIA H100 80GB HBM3.",
    ),
    "another size": (
        "memory 40960 0",
        {"VN106": "warning"},
        "2 GPUs: NVIDIA H100 80GB HBM3.",
    ),
}


@pytest.mark.parametrize("what", _FAILING)
def test_a_check_that_fails(node: Node, what: str) -> None:
    gpu, failing, evidence = _FAILING[what]
    told = node(f"gpu\ngpu\n{gpu}\n", SLURM_GPUS_ON_NODE="2")
    found = {code: told.checks[code]["status"] for code in _CHECKS}
    assert found == {**dict.fromkeys(_CHECKS, "ok"), **failing}
    assert evidence in told.checks[next(iter(failing))]["evidence"]
    assert told.verdict == ("not fit" if "error" in failing.values() else "fit")
    assert told.code == int("error" in failing.values())


#: Functions that do not answer for one GPU, and the checks that can't be told then.
_SILENT = {
    "nvmlDeviceGetMemoryInfo*": {"VN101", "VN102", "VN106"},
    "nvmlDeviceGetTotalEccErrors": {"VN103"},
    "nvmlDeviceGetRemappedRows": {"VN103"},
    "nvmlDeviceGetCurrentClocksEventReasons": {"VN104"},
    "nvmlDeviceGetCurrPcieLinkWidth": {"VN105"},
    "nvmlDeviceGetMaxPcieLinkWidth": {"VN105"},
    "nvmlDeviceGetNvLinkState": {"VN105"},
    "nvmlDeviceGetName": {"VN106"},
    # What does not decide whether a server starts must not keep it from starting.
    "nvmlDeviceGetFieldValues": set(),
    "nvmlDeviceGetMigMode": set(),
    "nvmlDeviceGetCudaComputeCapability": set(),
}


@pytest.mark.parametrize(
    ("function", "error"),
    [
        *((function, "NO_PERMISSION") for function in _SILENT),
        ("nvmlDeviceGetTotalEccErrors", "FUNCTION_NOT_FOUND"),
        ("nvmlDeviceGetTotalEccErrors", "UNKNOWN"),
    ],
)
def test_a_question_without_an_answer(node: Node, function: str, error: str) -> None:
    names = (
        [function]
        if not function.endswith("*")
        else [function.replace("*", ""), function.replace("*", "_v2")]
    )
    silence = "".join(f"answer {name} {error}\n" for name in names)
    told = node(f"gpu\ngpu\n{silence}", SLURM_GPUS_ON_NODE="2")
    unknown = {code for code in _CHECKS if told.checks[code]["status"] == "unknown"}
    assert unknown == _SILENT[function]
    assert {told.checks[code]["status"] for code in _CHECKS - unknown} == {"ok"}
    for code in unknown:
        assert told.checks[code]["message"] not in ("", None)
    critical = unknown & {"VN101", "VN102", "VN103"}
    assert (told.code, told.verdict) == ((2, "unknown") if critical else (0, "fit"))


@pytest.mark.parametrize("error", ["NO_PERMISSION", "NOT_SUPPORTED", "UNKNOWN"])
def test_holders_that_are_not_told(node: Node, error: str) -> None:
    silence = f"answer nvmlDeviceGetComputeRunningProcesses_v3 {error}\n"
    told = node(f"gpu\n{silence}gpu\n{silence}memory 81559 70000\n")
    assert told.status("VN101") == {"unknown"}
    assert told.checks["VN101"]["message"].startswith("GPU 1: ")  # nobody holds GPU 0
    assert told.status("VN102") == {"error"}


def test_what_a_gpu_has_not_is_not_unknown(node: Node) -> None:
    nothing = "".join(
        f"answer {name} NOT_SUPPORTED\n"
        for name in (
            "nvmlDeviceGetTotalEccErrors",
            "nvmlDeviceGetRemappedRows",
            "nvmlDeviceGetNvLinkState",
            "nvmlDeviceGetMigMode",
            "nvmlDeviceGetFieldValues",
        )
    )
    told = node(f"gpu\n{nothing}")
    assert told.status(*_CHECKS - {"VN106", "VN107"}) == {"ok"}
    assert told.gpus[0]["ecc_errors"] is None
    assert set(told.gpus[0]["unknown"]) == {"recovery"}


def test_memory_that_is_not_told_is_unknown(node: Node) -> None:
    told = node("gpu\nprocess 999999 none\nmemory 81559 70000\n")
    assert told.gpus[0]["holders"] == ["pid 999999, which can't be seen from here"]
    assert told.status("VN101", "VN102") == {"error"}


def test_a_driver_that_knows_the_first_version_of_the_call_only(node: Node) -> None:
    told = node("gpu\nanswer nvmlDeviceGetMemoryInfo_v2 FUNCTION_NOT_FOUND\n")
    assert told.status("VN101", "VN102") == {"ok"}
    assert told.gpus[0]["total"] == 79.6


def test_a_lost_gpu_leaves_the_others(node: Node) -> None:
    told = node("gpu\ngpu\nanswer * GPU_IS_LOST\ngpu\n", SLURM_GPUS_ON_NODE="3")
    assert [gpu["lost"] for gpu in told.gpus] == [False, True, False]
    assert told.checks["VN103"]["evidence"] == ["GPU 1: the driver has lost this GPU."]
    assert told.status("VN103") == {"error"}
    assert told.status("VN101", "VN102") == {"unknown"}
    assert told.checks["VN101"]["message"] == "GPU 1: the driver has lost this GPU"
    assert (told.code, told.verdict) == (1, "not fit")


def test_a_failure_does_not_hide_what_is_unknown(node: Node) -> None:
    told = node(
        "gpu\nmemory 81559 3000\ngpu\n"
        "answer nvmlDeviceGetMemoryInfo NO_PERMISSION\n"
        "answer nvmlDeviceGetMemoryInfo_v2 NO_PERMISSION\n"
    )
    assert told.status("VN101") == {"warning"}
    assert told.checks["VN101"]["evidence"][1].startswith("GPU 1: an ordinary user may not ask")
    assert (told.code, told.verdict) == (2, "unknown")


@pytest.mark.parametrize(
    ("gpus", "environment", "status", "said"),
    [
        (8, {"SLURM_GPUS_ON_NODE": "8"}, "ok", ""),
        (7, {"SLURM_GPUS_ON_NODE": "8"}, "error", "fewer GPUs than Slurm granted"),
        (2, {"SLURM_GPUS_ON_NODE": "1"}, "error", "the GPUs of others"),
        (
            2,
            {"SLURM_GPUS_ON_NODE": "2", "CUDA_VISIBLE_DEVICES": "1"},
            "info",
            "leaves the others unused",
        ),
        (
            2,
            {"SLURM_GPUS_ON_NODE": "2", "CUDA_VISIBLE_DEVICES": "1", "SLURM_GPUS_PER_TASK": "1"},
            "ok",
            "",
        ),
        (2, {"SLURM_GPUS_ON_NODE": "2", "CUDA_VISIBLE_DEVICES": "0,5"}, "error", "names 5"),
        (2, {}, "skipped", "not inside a Slurm job"),
    ],
)
def test_the_count_against_the_grant(
    node: Node, gpus: int, environment: dict[str, str], status: str, said: str
) -> None:
    told = node("gpu\n" * gpus, **environment)
    assert told.status("VN107") == {status}
    assert said in told.checks["VN107"]["message"]


def test_others_gpus_are_not_judged(node: Node) -> None:
    told = node("gpu\nmemory 81559 70000\ngpu\n", CUDA_VISIBLE_DEVICES="1")
    assert [gpu["gpu"] for gpu in told.gpus] == ["GPU 1"]
    assert (told.code, told.verdict) == (0, "fit")


def test_a_mig_device(node: Node) -> None:
    scenario = "gpu\nmig MIG-1 9728 100\nmig MIG-2 9728 9000\necc 1 0 3\n"
    told = node(scenario, CUDA_VISIBLE_DEVICES="MIG-2")
    (gpu,) = told.gpus
    assert (gpu["gpu"], gpu["uuid"], gpu["mig"]) == ("MIG device 1 of GPU 0", "MIG-2", True)
    assert (gpu["total"], gpu["free"]) == (9.5, 0.7)
    assert told.status("VN101", "VN102") == {"error"}
    assert told.status("VN103") == {"warning"}  # its GPU's memory


@pytest.mark.parametrize(
    ("options", "share", "status"),
    [
        ((), 0.9, "ok"),
        (("--vllm-version", "0.19.1"), 0.9, "ok"),
        (("--vllm-version", "0.20.0"), 0.92, "error"),
        (("--vllm-version", "0.20.0", "--gpu-memory-utilization", "0.5"), 0.5, "ok"),
    ],
)
def test_the_share_of_memory(
    node: Node, options: tuple[str, ...], share: float, status: str
) -> None:
    told = node("gpu\nmemory 81559 7500\n", *options)
    assert told.gpus[0]["share"] == share
    assert told.status("VN102") == {status}


def test_an_init_that_hangs(node: Node) -> None:
    told = node("answer nvmlInitWithFlags HANG\ngpu\n", "--timeout", "3")
    assert (told.code, told.verdict) == (2, "unknown")
    assert told.status(*_CHECKS) == {"unknown"}
    assert "something hangs" in told.checks["VN101"]["message"]


def test_a_driver_that_is_not_loaded_under_a_grant(node: Node) -> None:
    told = node("answer nvmlInitWithFlags DRIVER_NOT_LOADED\n", SLURM_GPUS_ON_NODE="8")
    assert told.status("VN107") == {"error"}
    assert told.status("VN101", "VN102", "VN103") == {"unknown"}
    assert told.code == 1


def test_no_gpu_and_no_grant(node: Node) -> None:
    told = node("answer nvmlInitWithFlags DRIVER_NOT_LOADED\n")
    assert told.status(*_CHECKS) == {"skipped"}
    assert told.gpus == []
    assert told.code == 0


def test_a_library_that_crashes(node: Node) -> None:
    told = node("this is no scenario\n")  # the stand-in aborts
    assert told.status(*_CHECKS) == {"unknown"}
    assert "SIGABRT" in told.checks["VN101"]["message"]
    assert told.status("VN202") != {"unknown"}
