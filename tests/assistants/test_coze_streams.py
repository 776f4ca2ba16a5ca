"""Streams of the stand-in for Coze: every dialect and every failure."""

import time
import unittest

from coze_behaviours import OK_PIECES
from coze_case import TEXT, ChatTest
from raw_client import read

DONE = {"done", "conversation.stream.done"}


class Streams(ChatTest):
    def names(self, answer):
        return [name for name, _ in answer.events()]

    def test_both_spacings_and_both_ends(self):
        workflow, bot = self.workflow(), self.bot()
        self.assertTrue(workflow.body.startswith(b"event: conversation.chat.created\ndata: {"))
        self.assertTrue(bot.body.startswith(b"event:conversation.chat.created\ndata:{"))
        self.assertEqual(bot.events()[-1], ("done", '"[DONE]"'))
        self.assertIn(b"\\u0026space_id", workflow.body)
        self.assertEqual(workflow.headers["content-type"], "text/event-stream")
        expected = ["created", "in_progress"], ["conversation.chat.completed", "done"]
        self.assertEqual(self.names(workflow)[:2], [f"conversation.chat.{name}" for name in expected[0]])
        self.assertEqual(self.names(workflow)[-2:], expected[1])
        self.assertTrue(self.workflow("tight").body.startswith(b"event:conv"))

    def test_the_text_is_the_same_in_every_dialect(self):
        for name in (
            "tight", "spaced", "crlf", "cr", "bytes", "split_utf8", "joined", "odd_writes", "escaped", "data_lines", "byte_order_mark",
            "comments", "unknown_events", "long_line", "no_final_newline", "close_framing", "done_empty", "done_without_data",
            "done_bare", "sparse", "misspelled", "everything", "reasoning", "only_completed", "only_deltas",
        ):
            for answer in (self.workflow(name), self.bot(name)):
                self.assertEqual(self.said(answer), TEXT, name)
                self.assertEqual(answer.ended, "whole")
                self.assertIn("conversation.chat.completed", self.names(answer))

    def test_bytes_are_written_as_asked(self):
        self.assertEqual({len(chunk) for chunk in self.workflow("bytes").chunks}, {1})
        self.assertEqual({len(chunk) for chunk in self.workflow("odd_writes").chunks[:-1]}, {7})
        self.assertEqual(len(self.workflow("joined").chunks), 1)
        with self.assertRaises(UnicodeDecodeError):
            for chunk in self.workflow("split_utf8").chunks:
                chunk.decode()
        self.assertNotIn(b"\r\n", self.workflow("cr").body)
        self.assertNotIn(b"\n", self.workflow("crlf").body.replace(b"\r\n", b""))
        self.assertTrue(self.workflow("escaped").body.isascii())
        self.assertTrue(self.workflow("byte_order_mark").body.startswith(b"\xef\xbb\xbf"))
        self.assertFalse(self.bot("no_final_newline").body.endswith(b"\n"))
        self.assertNotIn("transfer-encoding", self.workflow("close_framing").headers)

    def test_long_lines(self):
        self.assertGreater(max(map(len, self.workflow("long_line").body.split(b"\n"))), 10_000)
        self.assertGreater(max(map(len, self.workflow("huge_line").body.split(b"\n"))), 5_000_000)
        self.assertEqual(len(self.said(self.workflow("huge_piece"))), len(TEXT) + 3_000_000)

    def test_what_is_said(self):
        self.assertEqual(self.said(self.workflow("two_answers")), "第一个答案。 First.第二个答案。")
        self.assertEqual(self.said(self.workflow("interleaved_answers")), "第一个。第二个。")
        self.assertEqual(self.said(self.workflow("long_answer")), TEXT * 2_000)
        self.assertEqual(self.said(self.workflow("completed_differs")), "What counts is this text.")
        for name in ("empty_result", "empty_answer", "no_messages"):
            answer = self.workflow(name)
            self.assertEqual(self.said(answer), "")
            self.assertIn("conversation.chat.completed", self.names(answer))
        self.assertIn("empty result", self.workflow("empty_result").body.decode())
        everything = self.workflow("everything").body.decode()
        for leak in ("knowledge", "recall", "tool_output", "tool_response", "question", "verbose delta", "card", "object", "follow_up 2"):
            self.assertIn(f"LEAK {leak}", everything)
        self.assertIn('"reasoning_content":"secret thought"', self.workflow("reasoning").body.decode())
        self.assertIn("compleated", self.workflow("misspelled").body.decode())
        self.assertIn('"usage":{}', self.workflow("sparse").body.decode())

    def test_requires_action(self):
        answer = self.workflow("requires_action")
        self.assertIn("conversation.chat.requires_action", self.names(answer))
        self.assertNotIn("conversation.chat.completed", self.names(answer))
        self.assertEqual(self.chat_state()["status"], "requires_action")
        self.assertEqual(self.said(self.workflow("requires_action_after_text")), TEXT)

    def test_failures_in_the_stream(self):
        for name, event in (
            ("failed", "conversation.chat.failed"), ("failed_midway", "conversation.chat.failed"),
            ("failed_bare", "conversation.chat.failed"), ("failed_without_done", "conversation.chat.failed"),
            ("error_event", "error"), ("error_event_with_code", "error"),
            ("error_event_at_once", "error"),
        ):
            answer = self.workflow(name)
            self.assertIn(event, self.names(answer), name)
            self.assertNotIn("conversation.chat.completed", self.names(answer), name)
            self.assertEqual(self.chat_state()["status"], "failed")
        self.assertEqual(self.said(self.workflow("failed_midway")), "".join(OK_PIECES[:2]))
        self.assertIn(("conversation.chat.failed", '{"code":701231,"msg":"error"}'), self.workflow("failed_bare").events())
        self.assertIn(("error", "{}"), self.workflow("error_event").events())
        self.assertNotIn("done", self.names(self.workflow("failed_without_done")))

    def test_streams_that_break_off(self):
        for name, ended in (("eof_without_done", "whole"), ("eof_mid_line", "whole"), ("cut", "cut"), ("reset", "reset")):
            answer = self.workflow(name)
            self.assertEqual(answer.ended, ended, name)
            self.assertFalse(DONE & set(self.names(answer)))
            self.assertTrue(TEXT.startswith(self.said(answer)) and self.said(answer))
        self.assertFalse(self.workflow("eof_mid_line").body.endswith(b"\n"))
        self.assertEqual(self.workflow("eof_at_once").body, b"")
        self.assertNotIn("conversation.chat.completed", self.names(self.workflow("eof_after_answer")))
        self.assertEqual(self.names(self.workflow("eof_after_completed"))[-1], "conversation.chat.completed")
        with self.assertRaises(UnicodeDecodeError):
            self.workflow("eof_mid_character").body.decode()
        self.assertEqual(self.workflow("reset_before_head"), "reset")
        self.assertEqual(self.workflow("close_before_head"), "cut")

    def test_bytes_that_are_no_event(self):
        self.assertIn(("conversation.message.delta", '{"id":"7","type":"answer","content":'), self.workflow("malformed").events())
        with self.assertRaises(UnicodeDecodeError):
            self.workflow("invalid_utf8").body.decode()

    def test_stalls(self):
        self.assertEqual(self.workflow("stall_before_head", timeout=0.6), "timeout")
        for name, body in (
            ("stall_before_first_byte", False), ("stall_before_text", True), ("stall_midway", True), ("stall_before_done", True),
        ):
            answer = self.workflow(name, timeout=0.6)
            self.assertEqual((answer.ended, bool(answer.body)), ("timeout", body), name)
        self.assertIn(b": keep-alive\n\n: keep-alive", self.workflow("keep_alive_for_ever", timeout=0.5).body)
        self.assertEqual(self.said(self.workflow({"behaviour": "stall_midway", "stall_ms": 100})), TEXT)
        self.assertNotIn("done", self.names(self.workflow("keep_alive_then_closed")))
        self.assertEqual(self.workflow("open_after_done", timeout=0.5).ended, "timeout")
        began = time.monotonic()
        self.assertEqual(self.said(self.workflow("slow")), TEXT)
        self.assertGreater(time.monotonic() - began, 1)

    def test_a_stall_can_be_released(self):
        self.server.control(next=["stall_midway"])
        body = self.workflow_body(conversation_id=self.conversation())
        with self.server.send("POST", "/v1/workflows/chat", body, ["Authorization: Bearer pat_1"]) as connection:
            self.eventually(lambda: self.server.state()["counts"]["stalled"] == 1)
            self.server.control(release=True)
            self.assertEqual(self.said(read(connection)), TEXT)

    def test_json_instead_of_a_stream(self):
        for name, status, code, kind in (
            ("error", 200, 4000, "application/json"), ("error_4xx", 400, 4000, "application/json"),
            ("json_as_stream", 200, 4000, "text/event-stream"), ("unauthorized", 401, 4100, "application/json"),
            ("token_invalid", 200, 700012006, "application/json"), ("too_many_requests", 429, 4020, "application/json"),
        ):
            answer = self.workflow(name)
            self.assertEqual((answer.status, answer.headers["content-type"]), (status, kind))
            self.code(answer, code)
        self.assertEqual(self.workflow("bad_gateway").status, 502)
        self.assertEqual(self.workflow("not_json").body, b'{"code":')
        self.assertEqual(self.workflow("http_error").status, 500)

    def test_each_code_for_the_first_requests_then_an_answer(self):
        for code in (4002, 4009, 4011, 4013, 4016, 4020, 4100, 4101, 4102, 4105, 4200, 5000, 700012006, 702240010):
            self.server.control(next=[{"behaviour": "error", "code": code, "times": 2}])
            answers = [self.workflow() for _ in range(3)]
            for answer in answers[:2]:
                self.code(answer, code)
            self.assertEqual(self.said(answers[2]), TEXT)

    def test_markers_choose_the_behaviour(self):
        self.server.control(marked={"red": "two_answers", "blue": [{"behaviour": "error", "code": 4009}, {"pieces": ["b"]}]})
        self.assertEqual(self.said(self.workflow(text="a red one")), "第一个答案。 First.第二个答案。")
        self.code(self.workflow(text="a blue one"), 4009)
        self.assertEqual([self.said(self.workflow(text="a blue one")) for _ in range(2)], ["b", "b"])
        self.assertEqual(self.said(self.workflow(text="another")), TEXT)

    def test_other_requests_fail_as_told(self):
        told = [("create", 4009), ("delete", 5000)]
        self.server.control(next=[{"behaviour": "error", "code": code, "on": on} for on, code in told])
        self.code(self.post("/v1/conversation/create", {}), 4009)
        id = self.conversation()
        self.code(self.post(f"/v1/conversations/{id}", method="DELETE"), 5000)
        self.assertEqual(self.post(f"/v1/conversations/{id}", method="DELETE").json()["code"], 0)

    def test_coze_studio(self):
        self.server.control(options={"dialect": "studio"})
        answer = self.post("/v3/chat", {name: value for name, value in self.bot_body().items() if name != "stream"})
        self.assertEqual(answer.events()[-1], ("conversation.stream.done", ""))
        self.assertEqual(answer.headers["x-accel-buffering"], "no")
        self.assertIn('"status":"required_action"', self.bot("requires_action").body.decode())
        self.assertEqual(self.bot({"behaviour": "error", "code": 103000001}).json()["code"], 103000001)
        self.code(self.bot(user_id=""), 103004000)
        data = self.bot("never_finishes", stream=False).json()["data"]
        cancelled = self.post("/v3/chat/cancel", {"conversation_id": data["conversation_id"], "chat_id": data["id"]}).json()
        self.assertEqual(cancelled["data"]["status"], "cancelled")


if __name__ == "__main__":
    unittest.main()
