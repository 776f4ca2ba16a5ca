"""Hundreds of connections at once: none is lost, and what is stalled does not slow the others."""

import asyncio
import json
import time
import unittest

from raw_client import ServerTest

CLIENTS = 300


async def ask(port, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.close()


def request(path, body, key):
    data = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {key}", "Content-Type: application/json", "Connection: close"]
    return ("\r\n".join(lines) + f"\r\nContent-Length: {len(data)}\r\n\r\n").encode() + data


class Load(ServerTest):
    def all_of(self, one):
        async def ask_all():
            return await asyncio.gather(*(ask(self.server.port, one) for _ in range(CLIENTS)))

        return asyncio.run(ask_all())

    def check(self, one, end):
        answers = self.all_of(one)
        self.assertEqual(sum(end in answer for answer in answers), CLIENTS)
        self.server.control(default={"behaviour": "stall_midway", "stall_ms": 1500})
        began = time.monotonic()
        answers = self.all_of(one)
        self.assertEqual(sum(end in answer for answer in answers), CLIENTS)
        self.assertLess(time.monotonic() - began, 20)
        self.assertGreater(self.server.state()["counts"]["most_running"], CLIENTS // 2)


class CozeLoad(Load):
    script, arguments = "coze_server.py", ("--personal-token", "pat_1")

    def test_hundreds_of_chats(self):
        message = {"role": "user", "content": "a", "content_type": "text"}
        body = {"bot_id": "1", "user_id": "u", "stream": True, "additional_messages": [message]}
        self.check(request("/v3/chat", body, "pat_1"), b'"[DONE]"')


class OpenAiLoad(Load):
    script, arguments = "openai_server.py", ()

    def test_hundreds_of_chats(self):
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "a"}]}
        self.check(request("/v1/chat/completions", body, "key"), b"data: [DONE]")


del Load

if __name__ == "__main__":
    unittest.main()
