"""Accelerators for which vLLM needs a plug-in, with variables and caches of the plug-in's own."""

from __future__ import annotations

from collections.abc import Iterable

from doctor.base.regex import regex

#: Variables of TPUs, of Huawei's, Intel's and Amazon's accelerators, and of vLLM's plug-ins.
_SIGNS = regex(
    r"(?:LIB)?TPU_\w+|PJRT_DEVICE|ASCEND_\w+|HCCL_\w+|HABANA_\w+|PT_HPU_\w+|NEURON_\w+"
    r"|VLLM_PLUGINS|VLLM_ASCEND_\w+"
)


def show(names: Iterable[str]) -> bool:
    """Whether the variables that a script sets show that its server runs with a plug-in."""
    return any(_SIGNS.fullmatch(name) for name in names)
