from llama_index import ServiceContext
from llama_index.agent import OpenAIAgent
from llama_index.embeddings.openai import OpenAIEmbedding, OpenAIEmbeddingMode, OpenAIEmbeddingModelType
from llama_index.llms import OpenAI

from app.core.config import settings

OPENAI_TOOL_LLM_NAME = "gpt-3.5-turbo-0613"
OPENAI_CHAT_LLM_NAME = "gpt-3.5-turbo-0613"


def get_tool_service_context(handlers):
    llm = OpenAI(temperature=0, model=OPENAI_TOOL_LLM_NAME, streaming=False, api_key=settings.OPENAI_API_KEY)
    embedding_model = OpenAIEmbedding(
        mode=OpenAIEmbeddingMode.SIMILARITY_MODE,
        model_type=OpenAIEmbeddingModelType.TEXT_EMBED_ADA_002,
        api_key=settings.OPENAI_API_KEY,
    )
    return ServiceContext.from_defaults(llm=llm, embed_model=embedding_model)


def get_chat_engine(tools):
    chat_llm = OpenAI(temperature=0, model=OPENAI_CHAT_LLM_NAME, streaming=True)
    return OpenAIAgent.from_tools(tools=tools, llm=chat_llm)
