#!/bin/bash
# written for vLLM 0.9.2
docker run --rm --gpus all --ipc=host -p 8000:8000 \
    -v ~/.cache/huggingface:/root/.cache/huggingface \
    vllm/vllm-openai:latest \
    --model Qwen/Qwen2.5-VL-7B-Instruct \
    --limit-mm-per-prompt '{"image": 4}' \
    --disable-mm-preprocessor-cache \
    --enable-multimodal-encoder-data-parallel \
    --trust-remote-code
