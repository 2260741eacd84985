#!/usr/bin/env bash
ask() {
  local name="$1" prompt="$2" default="$3"
  read -p "$prompt [$default]: " answer
  export "$name"="${answer:-$default}"
}
ask "HUGGINGFACEHUB_API_TOKEN" "token" ""
export EMBEDDING_MODEL_ID="BAAI/bge-base-en-v1.5"
export RERANK_MODEL_ID="BAAI/bge-reranker-base"
export LLM_MODEL_ID="meta-llama/Meta-Llama-3-8B-Instruct"
export NUM_CARDS=1
