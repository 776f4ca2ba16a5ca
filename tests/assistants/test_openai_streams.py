"""Answers of the OpenAI-compatible server: every spelling, end and failure, with and without a stream."""

import time
import unittest

from openai_behaviours import OK_PIECES
from openai_case import KEY, TEXT, OpenAiTest
from raw_client import read


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
            "usage_in_every_chunk", "usage_unasked", "no_usage", "finish_with_last", "queued", "waits_with_comments",
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

    def test_bytes_that_are_no_chunk(self):
        self.assertIn((None, '{"id":"chatcmpl-1","choices":[{"delta":'), self.chat("malformed").events())
        with self.assertRaises(UnicodeDecodeError):
            self.chat("invalid_utf8").body.decode()
        self.assertEqual(self.said(self.chat("long_answer")), TEXT * 2_000)
        answer = self.chat("keep_alive_then_closed")
        self.assertEqual((answer.ended, self.chunks(answer)), ("whole", []))

    def test_stalls(self):
        self.assertEqual(self.chat("stall_before_head", timeout=0.6), "timeout")
        for name, text in (("stall_before_first_byte", ""), ("stall_midway", "".join(OK_PIECES[:2])), ("stall_before_done", TEXT)):
            answer = self.chat(name, timeout=0.6)
            self.assertEqual((answer.ended, self.said(answer)), ("timeout", text), name)
        self.assertGreater(self.chat("keep_alive_for_ever", timeout=0.5).body.count(b": keep-alive\n"), 2)
        self.assertEqual(self.said(self.chat("keep_alive_midway", timeout=0.6)), "".join(OK_PIECES[:2]))
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
        self.assertEqual(self.whole("stall_midway", timeout=0.6).ended, "timeout")
        self.assertIn("error", self.whole("error_in_stream").json())


if __name__ == "__main__":
    unittest.main()
