#!/bin/bash
# written for vLLM 0.7.3
OPTS=(
    --speculative-model "[ngram]"
    --num-speculative-tokens 4
    --ngram-prompt-lookup-max 4
    --ngram-prompt-lookup-min 2
    --disable-logprobs-during-spec-decoding
)
vllm serve Qwen/Qwen2.5-14B-Instruct "${OPTS[@]}" --preemption-mode recompute
