#!/bin/bash
# written for vLLM 0.9.1
vllm serve Qwen/Qwen3-8B --compilation-config 3 --port 8001
vllm serve Qwen/Qwen3-8B -O3 --port 8002
vllm serve Qwen/Qwen3-8B -O '{"level": 3, "cudagraph_capture_sizes": [1, 2, 4]}' --port 8003
vllm serve Qwen/Qwen3-8B --cuda-graph-sizes 1 2 4 --port 8004
