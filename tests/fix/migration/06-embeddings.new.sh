#!/bin/bash
# written for vLLM 0.6.6
MODEL=BAAI/bge-multilingual-gemma2
if [ "$1" = reward ]; then
    vllm serve Qwen/Qwen2.5-Math-RM-72B --runner pooling --tensor-parallel-size 4 --port 8001
else
    vllm serve "$MODEL" --runner pooling --convert embed --pooler-config '{"pooling_type": "LAST"}' \
        --disable-log-requests
fi
vllm serve Qwen/Qwen2.5-7B-Instruct --port 8002
