"""What the self-tests of the OpenAI-compatible server share: a started server, requests, what a stream says."""

import json

from openai_behaviours import OK_PIECES
from raw_client import ServerTest

TEXT = "".join(OK_PIECES)
TOOLS = [
    {"type": "function", "function": {"name": name, "description": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("ask_faq", "hand_over")
]
KEY = ["Authorization: Bearer key-1"]


class OpenAiTest(ServerTest):
    script = "openai_server.py"
    arguments = ("--key", "key-1", "--dialect", "openai")

    def body(self, text="hello", **more):
        messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": text}]
        usual = {"model": "test-model", "messages": messages, "stream": True, "stream_options": {"include_usage": True}}
        return {name: value for name, value in (usual | more).items() if value is not None}

    def chat(self, behaviour=None, path="/v1/chat/completions", headers=KEY, timeout=5, **more):
        if behaviour:
            self.server.control(next=[behaviour])
        return self.server.call("POST", path, self.body(**more), headers, timeout)

    def whole(self, behaviour=None, **more):
        return self.chat(behaviour, stream=None, stream_options=None, **more)

    def chunks(self, answer):
        return [json.loads(data) for _, data in answer.events() if data and data != "[DONE]" and data.endswith("}")]

    def said(self, answer):
        choices = [choice for chunk in self.chunks(answer) for choice in chunk.get("choices") or []]
        return "".join((choice.get("delta") or {}).get("content") or "" for choice in choices)

    def finish(self, answer):
        choices = [choice for chunk in self.chunks(answer) for choice in chunk.get("choices") or []]
        return next((choice["finish_reason"] for choice in choices if choice.get("finish_reason")), None)

    def is_done(self, answer):
        return (None, "[DONE]") in answer.events()

    def calls(self, answer):
        """Tool calls put together by index, or by their order where there is none."""
        calls = {}
        for chunk in self.chunks(answer):
            for choice in chunk.get("choices") or []:
                for part in (choice.get("delta") or {}).get("tool_calls") or []:
                    call = calls.setdefault(part.get("index", 0), {"id": "", "name": "", "arguments": ""})
                    call["id"] = call["id"] or part.get("id") or ""
                    call["name"] = call["name"] or part["function"].get("name") or ""
                    call["arguments"] += part["function"].get("arguments") or ""
        return [calls[index] for index in sorted(calls)]

    def refused(self, answer, status, text=None):
        self.assertEqual(answer.status, status, answer.body)
        if text:
            self.assertIn(text, answer.body.decode())
