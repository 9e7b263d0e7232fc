#!/usr/bin/env bash
# written for vLLM 0.6.6
set -euo pipefail

MODEL=${MODEL:-facebook/opt-6.7b}
DRAFT=${DRAFT:-facebook/opt-125m}
TOKENS=5

ARGS=(
    --gpu-memory-utilization 0.8
    --speculative-config.model "$DRAFT"
    --speculative-config.num_speculative_tokens "$TOKENS"
    --speculative-config.draft_tensor_parallel_size=1
)
vllm serve "$MODEL" "${ARGS[@]}" --port "${PORT:-8000}" 2>&1 | tee serve.log
