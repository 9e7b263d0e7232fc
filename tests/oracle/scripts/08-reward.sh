#!/bin/bash
# written for vLLM 0.8.4
case "$KIND" in
    reward) MODEL=Qwen/Qwen2.5-Math-PRM-7B; TASK=reward ;;
    score) MODEL=BAAI/bge-reranker-v2-m3; TASK=score ;;
    *) MODEL=Qwen/Qwen2.5-7B-Instruct; TASK=generate ;;
esac
vllm serve "$MODEL" --task "$TASK" --override-pooler-config '{"normalize": true}'
vllm serve intfloat/e5-mistral-7b-instruct --task embedding --port 8001
vllm serve Skywork/Skywork-Reward-V2-Llama-3.1-8B --task reward --port 8002
