"""Tool calls and embeddings of the OpenAI-compatible server."""

import base64
import json
import struct
import unittest

from openai_case import KEY, TEXT, TOOLS, OpenAiTest


def function(call):
    return {name: call[name] for name in ("name", "arguments")}


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
            asked = [{"id": call["id"], "type": "function", "function": function(call)} for call in calls]
            messages.append({"role": "assistant", "content": self.said(answer) or None, "tool_calls": asked})
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
        self.assertEqual(self.embed("a", "stall_before_head", timeout=0.6), "timeout")
        self.assertEqual(self.embed("a", "reset_before_head"), "reset")
        for texts in ([], "", [""], None, [1]):
            self.assertEqual(self.embed(texts).status, 400)
        self.server.control(options={"largest_batch": 2})
        self.assertEqual(self.embed(["a"] * 3).status, 413)


if __name__ == "__main__":
    unittest.main()
