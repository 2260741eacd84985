import anthropic
import httpx
from anthropic.types import Message, TextBlock, Usage


def request_handler(request: httpx.Request) -> httpx.Response:
    message = Message(
        id="test_id",
        content=[TextBlock(text="Nine", type="text")],
        model="claude-3-haiku-20240307",
        role="assistant",
        type="message",
        usage=Usage(input_tokens=2, output_tokens=3),
    )
    return httpx.Response(200, json=message.model_dump(mode="json"))


def test_sync_messages() -> None:
    transport = httpx.MockTransport(request_handler)
    client = anthropic.Anthropic(api_key="foobar", http_client=httpx.Client(transport=transport))
    response = client.messages.create(
        max_tokens=1000, model="claude-3-haiku-20240307", messages=[{"role": "user", "content": "4 + 5?"}]
    )
    assert response.content[0].text == "Nine"
