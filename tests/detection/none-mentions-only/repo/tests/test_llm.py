import openai

openai.OpenAI().chat.completions.create(model="gpt-4o", messages=[])
