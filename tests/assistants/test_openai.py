"""The OpenAI-compatible server: every dialect and failure, tools, embeddings."""

import base64
import json
import struct
import time
import unittest

from openai_behaviours import DIALECTS, OK_PIECES, PRESETS, REFUSALS
from raw_client import ServerTest, read

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


class Streams(OpenAiTest):
    def test_the_plain_stream(self):
        answer = self.chat()
        self.assertTrue(answer.body.startswith(b'data: {"id":"chatcmpl-'))
        self.assertTrue(answer.body.endswith(b"data: [DONE]\n\n"))
        chunks = self.chunks(answer)
        self.assertEqual(chunks[0]["choices"][0]["delta"], {"role": "assistant", "content": ""})
        self.assertEqual((self.said(answer), self.finish(answer)), (TEXT, "stop"))
        self.assertEqual((chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"]), ([], 21))
        self.assertEqual({chunk["usage"] for chunk in chunks[:-1]}, {None})
        self.assertTrue(all("usage" not in chunk for chunk in self.chunks(self.chat(stream_options=None))))

    def test_the_text_is_the_same_in_every_spelling(self):
        for name in (
            "tight", "crlf", "cr", "bytes", "split_utf8", "joined", "odd_writes", "escaped", "data_lines", "byte_order_mark", "comments",
            "no_final_newline", "close_framing", "reasoning", "reasoning_newer", "noise", "azure_first_chunk", "usage_in_last_chunk",
            "usage_in_every_chunk", "usage_unasked", "no_usage", "finish_with_last", "queued",
        ):
            answer = self.chat(name)
            self.assertEqual((self.said(answer), self.finish(answer)), (TEXT, "stop"), name)
            self.assertTrue(self.is_done(answer), name)
        self.assertIn(b": OPENROUTER PROCESSING\n", self.chat("comments").body)
        self.assertEqual({len(chunk) for chunk in self.chat("bytes").chunks}, {1})
        self.assertEqual(len(self.said(self.chat("huge_piece"))), len(TEXT) + 3_000_000)
        self.assertIn("LEAK after done", self.chat("after_done").body.decode())

    def test_usage_by_server(self):
        for name, with_usage, last in (("usage_in_last_chunk", 1, "stop"), ("no_usage", 0, None), ("usage_unasked", 1, None)):
            chunks = self.chunks(self.chat(name, stream_options=None))
            given = [chunk for chunk in chunks if chunk.get("usage")]
            self.assertEqual(len(given), with_usage, name)
            self.assertTrue(last is None or given[0]["choices"][0]["finish_reason"] == last)
        self.assertTrue(all(chunk["usage"] for chunk in self.chunks(self.chat("usage_in_every_chunk"))))

    def test_noise_has_every_kind_of_emptiness(self):
        chunks = self.chunks(self.chat("noise"))
        self.assertTrue(any("choices" not in chunk for chunk in chunks))
        self.assertTrue(any(chunk.get("choices", 0) is None for chunk in chunks))
        deltas = [choice.get("delta", "absent") for chunk in chunks for choice in chunk.get("choices") or []]
        for wanted in (None, "absent", {}, {"content": None, "tool_calls": None}, {"content": ""}):
            self.assertIn(wanted, deltas)

    def test_ends(self):
        for name in ("length", "content_filter"):
            self.assertEqual(self.finish(self.chat(name)), name)
        self.assertEqual(self.said(self.chat("content_filter_at_once")), "")
        self.assertEqual(self.finish(self.chat("finish_unknown")), "eos")
        self.assertEqual((self.said(self.chat("empty_answer")), self.finish(self.chat("empty_answer"))), ("", "stop"))
        for name in ("no_done", "finished_without_done"):
            answer = self.chat(name)
            self.assertEqual((self.is_done(answer), self.finish(answer), answer.ended), (False, "stop", "whole"))
        self.assertEqual(self.chat("open_after_done", timeout=0.5).ended, "timeout")

    def test_streams_that_break_off(self):
        for name, ended in (("truncated", "whole"), ("truncated_mid_line", "whole"), ("cut", "cut"), ("reset", "reset")):
            answer = self.chat(name)
            self.assertEqual((answer.ended, self.is_done(answer), self.finish(answer)), (ended, False, None), name)
            self.assertEqual(self.said(answer), "".join(OK_PIECES[:2]))
        self.assertEqual(self.chat("truncated_at_once").body, b"")
        with self.assertRaises(UnicodeDecodeError):
            self.chat("truncated_mid_character").body.decode()
        self.assertEqual((self.chat("reset_before_head"), self.chat("close_before_head")), ("reset", "cut"))

    def test_errors_in_the_stream(self):
        for name in ("error_in_stream", "error_in_stream_at_once", "error_in_stream_with_choices", "error_in_stream_string"):
            answer = self.chat(name)
            self.assertEqual((answer.status, sum("error" in chunk for chunk in self.chunks(answer))), (200, 1), name)
            self.assertEqual(self.is_done(answer), name in ("error_in_stream", "error_in_stream_at_once"))
        self.assertTrue(any(chunk["object"] == "error" for chunk in self.chunks(self.chat("error_in_stream_flat"))))
        self.assertEqual(self.said(self.chat("error_in_stream")), "".join(OK_PIECES[:2]))

    def test_stalls(self):
        self.assertEqual(self.chat("stall_before_head", timeout=0.3), "timeout")
        for name, text in (("stall_before_first_byte", ""), ("stall_midway", "".join(OK_PIECES[:2])), ("stall_before_done", TEXT)):
            answer = self.chat(name, timeout=0.3)
            self.assertEqual((answer.ended, self.said(answer)), ("timeout", text), name)
        self.assertGreater(self.chat("keep_alive_for_ever", timeout=0.5).body.count(b": keep-alive\n"), 2)
        self.assertEqual(self.said(self.chat("keep_alive_midway", timeout=0.3)), "".join(OK_PIECES[:2]))
        began = time.monotonic()
        self.assertEqual(self.said(self.chat("slow")), TEXT)
        self.assertGreater(time.monotonic() - began, 1)

    def test_a_client_that_leaves_is_noticed(self):
        self.server.control(next=["stall_midway"])
        with self.server.send("POST", "/v1/chat/completions", self.body(), KEY):
            self.eventually(lambda: self.server.state()["counts"]["stalled"] == 1)
        self.eventually(lambda: self.server.state()["counts"]["stalled"] == 0)
        self.eventually(lambda: self.server.state()["requests"][0].get("client_left"))

    def test_a_stall_can_be_released(self):
        self.server.control(next=["stall_midway"])
        with self.server.send("POST", "/v1/chat/completions", self.body(), KEY) as connection:
            self.eventually(lambda: self.server.state()["counts"]["stalled"] == 1)
            self.server.control(release=True)
            self.assertEqual(self.said(read(connection)), TEXT)


class WithoutStream(OpenAiTest):
    def test_a_whole_answer(self):
        data = self.whole("reasoning").json()
        message = data["choices"][0]["message"]
        self.assertEqual((message["content"], message["reasoning_content"]), (TEXT, "让我想想 LEAK thought"))
        self.assertEqual((data["choices"][0]["finish_reason"], data["usage"]["total_tokens"]), ("stop", 21))

    def test_a_queue_sends_blank_lines(self):
        answer = self.whole("queued")
        self.assertTrue(answer.body.startswith(b"\n\n\n{"))
        self.assertEqual(answer.json()["choices"][0]["message"]["content"], TEXT)

    def test_it_can_break_off(self):
        for name, ended in (("truncated", "whole"), ("cut", "cut"), ("reset", "reset")):
            answer = self.whole(name)
            self.assertEqual(answer.ended, ended, name)
            with self.assertRaises(ValueError):
                answer.json()
        self.assertEqual(self.whole("stall_midway", timeout=0.3).ended, "timeout")
        self.assertIn("error", self.whole("error_in_stream").json())


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
        self.assertEqual(self.chat({"behaviour": "rate_limited", "headers": {"x-ratelimit-reset-requests": "1s"}}).headers["x-ratelimit-reset-requests"], "1s")

    def test_shapes(self):
        self.assertEqual(self.chat("error_flat").json()["object"], "error")
        self.assertIsInstance(self.chat("error_string").json()["error"], str)
        self.assertEqual(self.chat("insufficient_quota").json()["error"]["type"], "insufficient_quota")
        self.assertIn("innererror", self.chat("content_filter_refusal").json()["error"])

    def test_requests_are_checked(self):
        system, user, assistant = ({"role": role, "content": "a"} for role in ("system", "user", "assistant"))
        call = {"id": "c1", "type": "function", "function": {"name": "ask_faq", "arguments": "{}"}}
        calling, result = {"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c1", "content": "x"}
        for messages in (
            [], [system], [user, system, user], [user, assistant], [user | {"role": "bot"}], [user | {"content": ""}], [user | {"content": None}],
            [user | {"extra": 1}], [user, result], [user, calling], [user, calling, user], [user, calling, result, result],
            [user, calling, result | {"tool_call_id": "c2"}], [user, {**calling, "tool_calls": [call, call]}, result, result],
            [user, {**calling, "tool_calls": []}], [user, {**calling, "tool_calls": [{**call, "index": 0}]}, result],
        ):
            self.refused(self.chat(messages=messages), 400)
        for messages in ([user], [system, user, assistant, user], [assistant, user], [system, user, calling, result]):
            self.assertEqual(self.said(self.chat(messages=messages)), TEXT, messages)
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


class Tools(OpenAiTest):
    def converse(self, behaviour, most=6, **more):
        """Rounds of calls and results until there is a text; returns the calls of each round and the text."""
        messages, rounds = [{"role": "user", "content": "where is it?"}], []
        self.server.control(next=[behaviour])
        for _ in range(most):
            answer = self.chat(messages=messages, tools=TOOLS, **more)
            calls = self.calls(answer)
            if not calls:
                return rounds, self.said(answer)
            rounds.append(calls)
            functions = [{"id": call["id"], "type": "function", "function": {name: call[name] for name in ("name", "arguments")}} for call in calls]
            messages.append({"role": "assistant", "content": self.said(answer) or None, "tool_calls": functions})
            messages += [{"role": "tool", "tool_call_id": call["id"], "content": "here"} for call in calls]
        return rounds, None

    def test_calls_come_in_fragments_and_then_an_answer(self):
        for name in (
            "calls_a_tool", "calls_a_tool_after_text", "calls_whole", "calls_with_repeated_ids", "calls_with_empty_ids",
            "calls_without_index", "calls_finished_by_stop", "parallel_calls", "two_rounds", "thinking_calls",
        ):
            rounds, text = self.converse(name)
            self.assertEqual(text, TEXT, name)
            self.assertEqual(json.loads(rounds[0][0]["arguments"]), {"question": '退货 "how"?', "urgent": False}, name)
            self.assertEqual(len(rounds), 2 if name == "two_rounds" else 1)
            self.assertEqual(len(rounds[0]), 2 if name == "parallel_calls" else 1)
        self.assertEqual(self.finish(self.chat("calls_a_tool", tools=TOOLS)), "tool_calls")
        self.assertEqual(self.finish(self.chat("calls_finished_by_stop", tools=TOOLS)), "stop")

    def test_scripted_names_and_arguments(self):
        rounds, _ = self.converse({"rounds": [[{"name": "hand_over", "arguments": {"reason": "angry"}}]], "argument_size": 1})
        self.assertEqual((rounds[0][0]["name"], rounds[0][0]["arguments"]), ("hand_over", '{"reason": "angry"}'))
        self.assertEqual(self.converse("unknown_tool")[0][0][0]["name"], "rm_rf")
        self.assertEqual(self.converse("broken_arguments")[0][0][0]["arguments"], '{"question": ')
        self.assertEqual(self.converse("empty_arguments")[0][0][0]["arguments"], "")

    def test_endless_calls_end_where_tools_may_not_be_called(self):
        rounds, text = self.converse("endless_calls")
        self.assertEqual((len(rounds), text), (6, None))
        self.assertEqual(self.converse("endless_calls", tool_choice="none"), ([], TEXT))
        self.assertEqual(self.said(self.chat("endless_calls")), TEXT)

    def test_what_was_issued_must_come_back_unchanged(self):
        [call] = self.calls(self.chat("calls_a_tool", tools=TOOLS))
        function = {"name": call["name"], "arguments": "{}"}
        asking = {"role": "assistant", "content": None, "tool_calls": [{"id": call["id"], "type": "function", "function": function}]}
        messages = [{"role": "user", "content": "a"}, asking, {"role": "tool", "tool_call_id": call["id"], "content": "x"}]
        self.refused(self.chat(messages=messages, tools=TOOLS), 400, "not what was issued")

    def test_without_a_stream(self):
        choice = self.whole("parallel_calls", tools=TOOLS).json()["choices"][0]
        self.assertEqual((choice["finish_reason"], choice["message"]["content"]), ("tool_calls", None))
        self.assertEqual(len(choice["message"]["tool_calls"]), 2)

    def test_the_older_function_call(self):
        answer = self.chat("legacy_call")
        self.assertEqual((self.finish(answer), self.said(answer)), ("function_call", ""))
        self.assertIn(b'"function_call":{"name":"lookup"', answer.body)


class Embeddings(OpenAiTest):
    def embed(self, texts, behaviour=None, timeout=5, **more):
        if behaviour:
            self.server.control(next=[{"behaviour": behaviour, "on": "embeddings"}])
        return self.server.call("POST", "/v1/embeddings", {"model": "e", "input": texts, **more}, KEY, timeout)

    def vectors(self, *arguments, **more):
        data = self.embed(*arguments, **more).json()["data"]
        return [one["embedding"] for one in sorted(data, key=lambda one: one["index"])]

    def test_texts_with_the_same_words_are_near(self):
        one, other, far = self.vectors(["return my bike", "the bike I return", "电池能充多久"])
        near = lambda a, b: sum(x * y for x, y in zip(a, b))
        self.assertAlmostEqual(near(one, one), 1)
        self.assertGreater(near(one, other), near(one, far) + 0.2)
        self.assertEqual(self.vectors("return my bike"), [one])
        chinese, same = self.vectors(["电池能用多久", "电池能充多久"])
        self.assertGreater(near(far, chinese), 0.5)
        self.assertEqual(same, far)

    def test_sizes_and_base64(self):
        self.assertEqual(len(self.vectors("a")[0]), 64)
        self.assertEqual(len(self.vectors("a", dimensions=8)[0]), 8)
        encoded = self.embed("a", encoding_format="base64").json()["data"][0]["embedding"]
        floats = struct.unpack("<64f", base64.b64decode(encoded))
        for one, other in zip(floats, self.vectors("a")[0]):
            self.assertAlmostEqual(one, other, places=6)

    def test_what_goes_wrong(self):
        order = [one["index"] for one in self.embed(["a", "b", "c"], "shuffled").json()["data"]]
        self.assertNotEqual(order, sorted(order))
        self.assertEqual(len(self.vectors(["a", "b"], "too_few_vectors")), 1)
        self.assertEqual(len(self.vectors("a", "other_dimensions")[0]), 3)
        self.assertEqual(set(self.vectors("a", "null_vectors")[0]), {None})
        self.assertEqual(self.embed("a", "overloaded").status, 503)
        self.assertEqual(self.embed("a", "not_json").status, 200)
        self.assertEqual(self.embed("a", "stall_before_head", timeout=0.3), "timeout")
        self.assertEqual(self.embed("a", "reset_before_head"), "reset")
        for texts in ([], "", [""], None, [1]):
            self.assertEqual(self.embed(texts).status, 400)
        self.server.control(options={"largest_batch": 2})
        self.assertEqual(self.embed(["a"] * 3).status, 413)


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
