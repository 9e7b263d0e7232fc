#!/bin/bash
# written for vLLM 0.9.0
serve="vllm serve Qwen/Qwen2.5-7B-Instruct"
$serve --guided-decoding-backend xgrammar:no-fallback --port 8001
$serve --guided-decoding-backend xgrammar --guided-decoding-disable-any-whitespace --port 8002
$serve --guided-decoding-backend guidance --guided-decoding-disable-additional-properties --port 8003
$serve --guided-decoding-backend outlines --guided-decoding-disable-fallback --port 8004
