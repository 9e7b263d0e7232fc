#!/bin/bash
# written for vLLM 0.8.5
export VLLM_USE_V1=1
export VLLM_ATTENTION_BACKEND=TRITON_ATTN_VLLM_V1
export VLLM_USE_TRITON_FLASH_ATTN=0 HF_HOME=/scratch/hf
vllm serve Qwen/Qwen2.5-72B-Instruct -tp 8 --compilation-config '{"level": 3}'
