# vllm would be an option
TEXT = "openai gpt-4o"
print(TEXT)
