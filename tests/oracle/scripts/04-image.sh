#!/bin/bash
# written for vLLM 0.6.6
docker run --rm --gpus all -p 8000:8000 -e VLLM_ATTENTION_BACKEND=FLASHINFER \
    vllm/vllm-openai:latest \
    --model meta-llama/Llama-3.2-11B-Vision-Instruct \
    --limit-mm-per-prompt image=4 \
    --worker-use-ray \
    --swap-space 4 \
    --disable-frontend-multiprocessing
