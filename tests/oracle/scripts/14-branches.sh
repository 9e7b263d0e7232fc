#!/bin/bash
# written for vLLM 0.9.2
EXTRA=""
if [ "$MULTIMODAL" = 1 ]; then
    EXTRA="--limit-mm-per-prompt image=2,video=0 --disable-mm-preprocessor-cache"
fi
for i in 0 1; do
    CUDA_VISIBLE_DEVICES=$i VLLM_ATTENTION_BACKEND=XFORMERS vllm serve Qwen/Qwen2.5-VL-7B-Instruct \
        --port $((8000 + i)) --swap-space=16 $EXTRA \
        --enable-multimodal-encoder-data-parallel &
done
wait
