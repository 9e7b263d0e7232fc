#!/bin/bash
# written for vLLM 0.7.3
cat > serve.sbatch <<'EOF'
#!/bin/bash
#SBATCH --gpus=2
export VLLM_USE_V1=1
vllm serve mistralai/Mistral-7B-Instruct-v0.3 --enable-reasoning --reasoning-parser deepseek_r1 \
    --enable-chunked-prefill True --guided-decoding-backend outlines
EOF
sbatch serve.sbatch
