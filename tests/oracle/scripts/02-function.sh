#!/bin/bash
# written for vLLM 0.9.2
serve() {
    local model=$1 port=$2
    shift 2
    vllm serve "$model" --port "$port" --guided-decoding-backend xgrammar \
        --num-scheduler-steps 8 --multi-step-stream-outputs False "$@" > "logs/$port.log" 2>&1 &
}
serve Qwen/Qwen2.5-7B-Instruct 8001 --task generate
serve BAAI/bge-m3 8002 --task embed --override-pooler-config '{"pooling_type": "CLS"}'
wait
