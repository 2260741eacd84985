import os
from llama_index.llms.openai import OpenAI
from llama_index.embeddings.openai import OpenAIEmbedding

MODEL = os.environ.get("CHAT_MODEL", "gpt-3.5-turbo")


def build():
    llm = OpenAI(temperature=0, model=MODEL, streaming=False)
    return llm, OpenAIEmbedding(model="text-embedding-ada-002")
