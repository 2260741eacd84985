#!/bin/sh
MODEL=${MODEL:-ggml-org/gpt-oss-20b-GGUF}
exec llama-server -hf "$MODEL" -c 8192 -np 4 \
    -ngl 99 --host 0.0.0.0 -ctk q8_0
