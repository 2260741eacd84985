import { OpenAI } from "openai";

const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY, baseURL: "https://router.huggingface.co/v1" });

export async function title(text: string) {
  return client.chat.completions.create({ model: "meta-llama/Llama-3.3-70B-Instruct", messages: [{ role: "user", content: text }] });
}
