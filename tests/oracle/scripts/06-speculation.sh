#!/bin/bash
# written for vLLM 0.6.6
SPEC="--speculative-model meta-llama/Llama-3.2-1B-Instruct --num-speculative-tokens 5"
SPEC="$SPEC --speculative-draft-tensor-parallel-size 1"
python -m vllm.entrypoints.openai.api_server --model meta-llama/Llama-3.1-70B-Instruct \
    --tensor-parallel-size 4 --use-v2-block-manager $SPEC
