#!/bin/bash
# written for vLLM 0.6.3
tmux new-session -d -s server "vllm serve Qwen/Qwen2.5-7B-Instruct --engine-use-ray --tokenizer-pool-size 2"
apptainer exec --nv --env VLLM_USE_V1=0 vllm.sif vllm serve Qwen/Qwen2.5-7B-Instruct \
    --enable-prefix-caching --chat-template-text-format string --enforce-eager False --port 8001
