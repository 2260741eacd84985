import { customProvider, wrapLanguageModel } from 'ai';
import { openai } from '@ai-sdk/openai';
import { createPortkey } from '@portkey-ai/vercel-provider';

const portkey = createPortkey({ apiKey: process.env.PORTKEY_API_KEY });

// const openaiModel = openai('gpt-4-1-mini');
const chatModel = portkey.chatModel('us.anthropic.claude-sonnet-4-20250514-v1:0');

export const myProvider = customProvider({
  languageModels: {
    'chat-model': chatModel,
    'title-model': chatModel,
  },
  imageModels: {
    'small-model': openai.image('gpt-4o-mini'),
  },
});
