"""What the OpenAI-compatible server refuses, its dialects, and its record."""

import unittest

from openai_behaviours import DIALECTS, PRESETS, REFUSALS
from openai_case import KEY, TEXT, TOOLS, OpenAiTest


class Refusals(OpenAiTest):
    def test_each_refusal_for_the_first_requests_then_an_answer(self):
        for name, fields in REFUSALS.items():
            self.server.control(next=[{"behaviour": name, "times": 2}])
            for answer in (self.chat(), self.whole()):
                self.assertEqual(answer.status, fields["status"], name)
                if fields.get("code"):
                    self.assertEqual(answer.json()["error"]["code"], fields["code"])
            self.assertEqual(self.said(self.chat()), TEXT)

    def test_retry_after(self):
        self.assertEqual(self.chat("rate_limited_retry_after").headers["retry-after"], "1")
        self.assertIn("GMT", self.chat("rate_limited_date").headers["retry-after"])
        self.assertNotIn("retry-after", self.chat("rate_limited").headers)
        answer = self.chat({"behaviour": "rate_limited", "headers": {"x-ratelimit-reset-requests": "1s"}})
        self.assertEqual(answer.headers["x-ratelimit-reset-requests"], "1s")

    def test_shapes(self):
        self.assertEqual(self.chat("error_flat").json()["object"], "error")
        self.assertIsInstance(self.chat("error_string").json()["error"], str)
        self.assertEqual(self.chat("insufficient_quota").json()["error"]["type"], "insufficient_quota")
        self.assertIn("innererror", self.chat("content_filter_refusal").json()["error"])

    def test_requests_are_checked(self):
        system, user, assistant = ({"role": role, "content": "a"} for role in ("system", "user", "assistant"))
        call = {"id": "c1", "type": "function", "function": {"name": "ask_faq", "arguments": "{}"}}
        calling = {"role": "assistant", "content": None, "tool_calls": [call]}
        result = {"role": "tool", "tool_call_id": "c1", "content": "x"}
        for messages in (
            [], [system], [user, system, user], [user, assistant], [user | {"role": "bot"}], [user | {"content": ""}],
            [user | {"content": None}], [user | {"extra": 1}], [user, result], [user, calling], [user, calling, user],
            [user, calling, result, result], [user, calling, result | {"tool_call_id": "c2"}],
            [user, {**calling, "tool_calls": [call, call]}, result, result], [user, {**calling, "tool_calls": []}],
            [user, {**calling, "tool_calls": [{**call, "index": 0}]}, result],
        ):
            self.refused(self.chat(messages=messages), 400)
        for messages in ([user], [system, user, assistant, user], [assistant, user], [system, user, calling, result]):
            self.assertEqual(self.said(self.chat(messages=messages)), TEXT)
        for more in (
            {"stream": None}, {"stream_options": {"include": True}}, {"temperature": 3}, {"max_tokens": 0}, {"enable_thinking": False},
            {"tool_choice": "auto"}, {"tools": []}, {"tools": TOOLS + TOOLS}, {"tools": TOOLS, "tool_choice": "any"},
            {"max_tokens": 1, "max_completion_tokens": 1}, {"model": ""},
        ):
            self.refused(self.chat(**more), 400)
        self.assertEqual(self.server.state()["counts"]["refused"], 27)

    def test_keys_paths_and_models(self):
        self.refused(self.chat(headers=[]), 401, "invalid_api_key")
        self.refused(self.chat(headers=["Authorization: Bearer key-2"]), 401)
        self.refused(self.chat(path="/chat/completions"), 404)
        self.assertEqual(self.server.call("GET", "/v1/models", headers=KEY).json()["data"][0]["id"], "test-model")
        self.server.control(options={"strict_model": True})
        self.refused(self.chat(model="other"), 404, "model_not_found")

    def test_options_make_it_stricter(self):
        self.server.control(options={"unsupported": ["max_tokens"], "context_characters": 100, "alternating": True})
        self.refused(self.chat(max_tokens=5), 400, "unsupported_parameter")
        self.refused(self.chat(text="x" * 100), 400, "context_length_exceeded")
        self.refused(self.chat(messages=[{"role": "assistant", "content": "hi"}, {"role": "user", "content": "a"}]), 400, "alternate")
        self.server.control(options={"stream_only": True})
        self.refused(self.whole(), 400, "stream")


class Dialects(OpenAiTest):
    def test_each_has_its_paths(self):
        for dialect, own in DIALECTS.items():
            self.server.control(options={"dialect": dialect})
            for base in own["bases"]:
                path = base.replace("{deployment}", "gpt") + "/chat/completions?api-version=2024-10-21"
                self.assertEqual(self.said(self.chat(path=path)), TEXT, dialect)

    def test_azure(self):
        self.server.control(options={"dialect": "azure"})
        path = "/openai/deployments/gpt/chat/completions"
        answer = self.chat(path=path + "?api-version=2024-10-21", headers=["api-key: key-1"], model=None)
        first = self.chunks(answer)[0]
        self.assertEqual((first["choices"], first["id"], first["model"]), ([], "", ""))
        self.assertIn("prompt_filter_results", first)
        self.refused(self.chat(path=path, headers=["api-key: key-1"]), 404)
        self.refused(self.chat(path=path + "?api-version=2024-10-21", headers=["api-key: no"]), 401)

    def test_ollama_takes_no_key_and_its_ids_are_small(self):
        self.server.control(options={"dialect": "ollama"})
        self.assertRegex(self.chunks(self.chat(headers=[]))[0]["id"], r"^chatcmpl-\d{1,3}$")
        [call] = self.calls(self.chat("calls_a_tool", tools=TOOLS))
        self.assertEqual(call["name"], "ask_faq")

    def test_vllm(self):
        self.server.control(options={"dialect": "vllm"})
        self.assertTrue(all(chunk["usage"] for chunk in self.chunks(self.chat())))
        self.assertEqual(self.chat("bad_request").json()["error"]["code"], 400)
        self.server.control(options={"dialect": "vllm_old"})
        self.assertEqual(self.chat("bad_request").json()["object"], "error")

    def test_deepseek_wants_its_reasoning_back(self):
        self.server.control(options={"dialect": "deepseek"})
        answer = self.chat("thinking_calls", tools=TOOLS)
        [call] = self.calls(answer)
        function = {name: call[name] for name in ("name", "arguments")}
        asking = {"role": "assistant", "content": None, "tool_calls": [{"id": call["id"], "type": "function", "function": function}]}
        result = {"role": "tool", "tool_call_id": call["id"], "content": "x"}
        user = {"role": "user", "content": "a"}
        self.refused(self.chat(messages=[user, asking, result], tools=TOOLS), 400, "must be passed back")
        asking["reasoning_content"] = "I must look it up."
        self.assertEqual(self.said(self.chat(messages=[user, asking, result], tools=TOOLS)), TEXT)

    def test_qwen_knows_more_parameters(self):
        self.server.control(options={"dialect": "qwen"})
        self.assertEqual(self.said(self.chat(path="/compatible-mode/v1/chat/completions", enable_thinking=False)), TEXT)

    def test_gateway(self):
        self.server.control(options={"dialect": "gateway"})
        chunks = self.chunks(self.chat("noise"))
        self.assertEqual(chunks[0]["id"], "")
        self.assertFalse(any("role" in (choice.get("delta") or {}) for chunk in chunks for choice in chunk.get("choices") or []))


class Control(OpenAiTest):
    def test_every_behaviour_can_be_played(self):
        for name in PRESETS:
            quick = {"behaviour": name, "stall_ms": 10, "delay_ms": 0, "piece_delay_ms": 0, "open_after_done": False}
            self.server.control(next=[quick, quick])
            self.chat(tools=TOOLS)
            self.whole(tools=TOOLS)
        self.assertEqual(self.server.state()["counts"]["chat"], 2 * len(PRESETS))

    def test_markers_and_records(self):
        self.server.control(marked={"red": {"pieces": ["r"]}})
        self.assertEqual((self.said(self.chat(text="a red one")), self.said(self.chat())), ("r", TEXT))
        request = self.server.state()["requests"][0]
        self.assertEqual(request["body"]["messages"][1]["content"], "a red one")
        self.assertIn(["Authorization", "Bearer key-1"], request["headers"])


if __name__ == "__main__":
    unittest.main()
