#!/bin/bash
# written for vLLM 0.9.2
COMMON="--enable-expert-parallel --enable-eplb --num-redundant-experts 32"
vllm serve deepseek-ai/DeepSeek-R1 -tp 8 $COMMON --eplb-window-size 1000 --eplb-step-interval=3000
vllm serve deepseek-ai/DeepSeek-R1 -tp 8 $COMMON --no-eplb-log-balancedness --port 8001
