"""A GPU's health: errors of its memory, what the driver wants done, what slows it down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from doctor.base.unknown import UNKNOWN
from doctor.node.nvml import Questions

#: nvmlDeviceGpuRecoveryAction_t
_RECOVERIES: Mapping[int, str | None] = {
    0: None,
    1: "a reset",
    2: "a reboot of the node",
    3: "that nobody uses its peer links",
    4: "that the node is drained and it is reset",
}
#: nvmlClocksEventReason…; a cap of power is what busy GPUs do, and not among them.
_SLOWDOWNS: Mapping[int, str] = {
    0x08: "a limit of the hardware",
    0x20: "heat",
    0x40: "heat, a limit of the hardware",
    0x80: "the power supply",
}


def health(questions: Questions, gpu: Any) -> dict[str, Any]:
    """The attributes of ``Gpu`` about health."""
    nvml = questions.nvml
    errors = questions.ask(
        "ecc_errors",
        "nvmlDeviceGetTotalEccErrors",
        gpu,
        nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
        nvml.NVML_VOLATILE_ECC,
        optional=True,
    )
    rows, recovery = _row_remapping(questions, gpu), _recovery(questions, gpu)
    return {
        "ecc_errors": errors,
        "row_remapping": rows,
        "recovery": recovery,
        "ailments": ", ".join(_ailments(errors, rows, recovery)) or None,
        "throttled_by": _throttled_by(questions, gpu),
    }


def _ailments(errors: Any, rows: Any, recovery: Any) -> Iterator[str]:
    if errors is not UNKNOWN and errors:
        yield f"{errors} memory errors that could not be corrected"
    if rows in ("pending", "failed"):
        yield "memory rows " + ("that could not be replaced", "to be replaced")[rows == "pending"]
    if recovery is not UNKNOWN and recovery:
        yield f"the driver asks for {recovery}"


def _throttled_by(questions: Questions, gpu: Any) -> Any:
    reasons = questions.ask("throttled_by", "nvmlDeviceGetCurrentClocksEventReasons", gpu)
    if reasons is UNKNOWN:
        return UNKNOWN
    return ", ".join(words for bit, words in _SLOWDOWNS.items() if reasons & bit) or None


def _row_remapping(questions: Questions, gpu: Any) -> Any:
    rows = questions.ask("row_remapping", "nvmlDeviceGetRemappedRows", gpu, optional=True)
    if rows is UNKNOWN or rows is None:
        return rows
    _, _, pending, failed = rows
    return "failed" if failed else "pending" if pending else "fine"


def _recovery(questions: Questions, gpu: Any) -> Any:
    nvml = questions.nvml
    field = nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION
    values = questions.ask("recovery", "nvmlDeviceGetFieldValues", gpu, [field])
    if values is UNKNOWN:
        return UNKNOWN
    if values[0].nvmlReturn != nvml.NVML_SUCCESS:
        questions.reasons["recovery"] = "the driver is too old to tell it (recovery action)"
        return UNKNOWN
    action = values[0].value.uiVal
    return _RECOVERIES.get(action, f"the recovery action {action}")
