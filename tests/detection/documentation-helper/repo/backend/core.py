import os

import pinecone
from langchain.chains import RetrievalQA
from langchain.chat_models import ChatOpenAI
from langchain.embeddings.openai import OpenAIEmbeddings
from langchain.vectorstores import Pinecone

pinecone.init(api_key=os.environ["PINECONE_API_KEY"])
INDEX_NAME = "medium-blogs-embeddings-index"


def run_llm(query: str):
    embeddings = OpenAIEmbeddings(openai_api_key=os.environ["OPENAI_API_KEY"])
    store = Pinecone.from_existing_index(embedding=embeddings, index_name=INDEX_NAME)
    chat = ChatOpenAI(verbose=True, temperature=0)
    return RetrievalQA.from_chain_type(llm=chat, retriever=store.as_retriever())({"query": query})
