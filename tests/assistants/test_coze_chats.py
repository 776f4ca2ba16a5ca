"""Chats of the stand-in for Coze: checks, isolation, statuses, every dialect and every failure."""

import json
import time
import unittest

from coze_behaviours import OK_PIECES, PRESETS
from raw_client import read
from test_coze_tokens import CozeTest

TEXT = "".join(OK_PIECES)
DONE = {"done", "conversation.stream.done"}


class ChatTest(CozeTest):
    def workflow_body(self, text="hello", **more):
        messages = [{"role": "user", "content_type": "text", "content": text}]
        return {"workflow_id": "74", "app_id": "73", "parameters": {}, "additional_messages": messages} | more

    def bot_body(self, text="hello", **more):
        messages = [{"role": "user", "type": "question", "content_type": "text", "content": text}]
        return {"bot_id": "72", "user_id": "u", "stream": True, "additional_messages": messages} | more

    def workflow(self, behaviour=None, token="pat_1", timeout=5, **more):
        if behaviour:
            self.server.control(next=[behaviour])
        body = self.workflow_body(**more) | ({} if "conversation_id" in more else {"conversation_id": self.conversation(token)})
        return self.post("/v1/workflows/chat", body, token, timeout=timeout)

    def bot(self, behaviour=None, conversation=None, timeout=5, **more):
        if behaviour:
            self.server.control(next=[behaviour])
        query = f"?conversation_id={conversation}" if conversation else ""
        return self.post(f"/v3/chat{query}", self.bot_body(**more), timeout=timeout)

    def code(self, answer, code):
        self.assertEqual(answer.json()["code"], code, answer.body)
        self.assertTrue(answer.json()["msg"])
        self.assertEqual(answer.json()["detail"]["logid"], answer.headers["x-tt-logid"])

    def said(self, answer):
        """The text by the rules: pieces, replaced by the end of the same message."""
        texts = {}
        for name, data in answer.events():
            is_message = (data or "").endswith("}") and name.startswith("conversation.message")
            data = json.loads(data) if is_message else {}
            if (data.get("role"), data.get("type"), data.get("content_type")) != ("assistant", "answer", "text"):
                continue
            if name == "conversation.message.delta":
                texts[data["id"]] = texts.get(data["id"], "") + data["content"]
            elif name == "conversation.message.completed":
                texts[data["id"]] = data["content"]
        return "".join(texts.values())

    def chat_state(self):
        return self.server.state()["chats"][-1]


class Requests(ChatTest):
    def test_workflows_check_their_request(self):
        for wrong in ({"app_id": None}, {"bot_id": "72"}, {"additional_messages": []}, {"parameters": None}, {"workflow_id": ""}):
            self.code(self.workflow(**wrong), 4000)
        body = self.workflow_body()
        for name in ("app_id", "additional_messages", "parameters"):
            self.code(self.post("/v1/workflows/chat", {key: value for key, value in body.items() if key != name}), 4000)
        user, assistant = ({"role": role, "content": "a", "content_type": "text"} for role in ("user", "assistant"))
        self.code(self.workflow(additional_messages=[user, assistant]), 4000)
        self.code(self.workflow(additional_messages=[user] * 51), 4004)
        self.code(self.workflow(additional_messages=[user | {"content_type": "object_string", "content": "[]"}]), 4000)
        self.code(self.workflow(additional_messages=[user | {"content": ""}]), 4005)
        self.server.control(options={"unpublished": ["74"]})
        self.code(self.workflow(), 4200)

    def test_bots_check_their_request(self):
        self.code(self.bot(bot_id=""), 4000)
        self.code(self.bot(user_id=None), 4000)
        self.code(self.bot(stream=False, auto_save_history=False), 4007)
        self.code(self.bot(meta_data={"k": ""}), 4003)
        self.code(self.bot(conversation="7480000000000000000"), 4002)
        self.server.control(options={"unpublished": ["72"]})
        self.code(self.bot(), 4015)
        self.server.control(options={"bots": ["1"]})
        self.code(self.bot(), 4006)

    def test_a_foreign_conversation_is_refused(self):
        one, other = self.token("s1"), self.token("s2")
        own = self.conversation(one)
        self.assertRegex(own, r"^\d{19}$")
        self.assertEqual(self.said(self.workflow(token=one, conversation_id=own)), TEXT)
        self.code(self.workflow(token=other, conversation_id=own), 4002)
        self.server.control(options={"foreign_code": 4101})
        self.code(self.workflow(token=other, conversation_id=own), 4101)
        self.code(self.post(f"/v1/conversations/{own}", token=other, method="DELETE"), 4101)

    def test_without_a_conversation_an_app_gives_everybody_the_same(self):
        ids = set()
        for session in ("s1", "s2"):
            answer = self.post("/v1/workflows/chat", self.workflow_body(), self.token(session))
            ids.add(json.loads(answer.events()[0][1])["conversation_id"])
        self.assertEqual(len(ids), 1)
        self.assertEqual(self.server.state()["counts"]["shared_conversation_uses"], 2)
        with_bot = [self.bot(conversation=None) for _ in range(2)]
        self.assertEqual(len({json.loads(answer.events()[0][1])["conversation_id"] for answer in with_bot}), 2)

    def test_a_conversation_has_one_running_chat(self):
        conversation = self.conversation()
        self.server.control(next=["stall_midway"])
        with self.server.send("POST", "/v1/workflows/chat", self.workflow_body(conversation_id=conversation), ["Authorization: Bearer pat_1"]):
            self.eventually(lambda: self.server.state()["counts"]["stalled"] == 1)
            self.code(self.workflow(conversation_id=conversation), 4016)
        # The client left, and the chat goes on until it is cancelled.
        self.code(self.workflow(conversation_id=conversation), 4016)
        cancel = {"conversation_id": conversation, "chat_id": self.chat_state()["id"]}
        self.assertEqual(self.post("/v3/chat/cancel", cancel).json()["data"]["status"], "canceled")
        self.code(self.post("/v3/chat/cancel", cancel), 4104)
        self.assertEqual(self.said(self.workflow(conversation_id=conversation)), TEXT)
        self.eventually(lambda: self.server.state()["chats"][0]["client_left"])
        self.assertEqual([one["was"] for one in self.server.state()["cancels"]], ["in_progress", "canceled"])

    def test_a_cancel_leaves_the_stream_open_and_silent(self):
        self.server.control(next=["stall_midway"])
        conversation = self.conversation()
        body = self.workflow_body(conversation_id=conversation)
        with self.server.send("POST", "/v1/workflows/chat", body, ["Authorization: Bearer pat_1"], timeout=1) as connection:
            self.eventually(lambda: self.server.state()["counts"]["stalled"] == 1)
            self.post("/v3/chat/cancel", {"conversation_id": conversation, "chat_id": self.chat_state()["id"]})
            answer = read(connection)
        self.assertEqual(answer.ended, "timeout")
        self.assertNotIn("conversation.chat.completed", [name for name, _ in answer.events()])

    def test_conversations_are_cleared_and_deleted(self):
        id = self.conversation(name="a", meta_data={"k": "v"})
        answer = self.post(f"/v1/conversations/{id}/clear").json()
        self.assertEqual(answer["data"]["conversation_id"], id)
        shown = self.post(f"/v1/conversation/retrieve?conversation_id={id}", method="GET").json()["data"]
        self.assertEqual(shown["last_section_id"], answer["data"]["id"])
        self.assertEqual(self.post(f"/v1/conversations/{id}", method="DELETE").json()["code"], 0)
        self.code(self.workflow(conversation_id=id), 4002)
        self.assertEqual(self.server.state()["deletes"][0]["conversation_id"], id)
        self.code(self.post("/v1/conversation/create", {"name": "x" * 101}), 4000)

    def test_every_answer_carries_a_log_id(self):
        answers = [self.workflow(), self.bot(), self.post("/nowhere"), self.post("/v1/conversation/create", {})]
        ids = [answer.headers["x-tt-logid"] for answer in answers]
        self.assertEqual(len(set(ids)), 4)
        self.assertEqual(answers[3].json()["detail"]["logid"], ids[3])


class WithoutStream(ChatTest):
    def begin(self, behaviour="ok"):
        self.server.control(next=[behaviour])
        data = self.bot(stream=False).json()["data"]
        self.query = f"?conversation_id={data['conversation_id']}&chat_id={data['id']}"
        self.body = {"conversation_id": data["conversation_id"], "chat_id": data["id"]}
        return data["status"]

    def retrieve(self, method="GET"):
        return self.post(f"/v3/chat/retrieve{self.query}", method=method).json()["data"]

    def test_statuses_walk_and_messages_come_in_odd_order(self):
        self.assertEqual(self.begin({"behaviour": "everything", "polls": 2}), "created")
        self.assertEqual(self.post(f"/v3/chat/message/list{self.query}", method="GET").json()["data"], [])
        statuses = [self.retrieve(method)["status"] for method in ("GET", "POST", "GET")]
        self.assertEqual(statuses, ["in_progress", "in_progress", "completed"])
        listed = self.post(f"/v3/chat/message/list{self.query}", method="GET").json()["data"]
        self.assertNotEqual(listed[0]["type"], "answer")
        texts = [one["content"] for one in listed if (one["role"], one["type"], one["content_type"]) == ("assistant", "answer", "text")]
        self.assertEqual(texts, [TEXT])
        self.code(self.post("/v3/chat/cancel", self.body), 4104)

    def test_a_failure_stands_in_last_error(self):
        self.begin("failed")
        self.retrieve()
        data = self.retrieve()
        self.assertEqual((data["status"], data["last_error"]["code"]), ("failed", 5000))

    def test_it_may_never_finish_be_cancelled_or_canceled_by_others(self):
        self.begin("never_finishes")
        self.assertEqual({self.retrieve()["status"] for _ in range(5)}, {"in_progress"})
        self.assertEqual(self.post("/v3/chat/cancel", self.body).json()["data"]["status"], "canceled")
        self.begin({"behaviour": "canceled", "polls": 0})
        self.assertEqual(self.retrieve()["status"], "canceled")
        self.assertGreater(self.server.state()["chats"][0]["shortest_poll_gap"], 0)

    def test_an_action_is_required_and_submitted(self):
        self.begin({"behaviour": "requires_action", "polls": 0})
        data = self.retrieve()
        self.assertEqual(data["status"], "requires_action")
        call = data["required_action"]["submit_tool_outputs"]["tool_calls"][0]
        submit = f"/v3/chat/submit_tool_outputs{self.query}"
        self.code(self.post(submit, {"tool_outputs": [{"tool_call_id": "other", "output": "x"}]}), 4000)
        answer = self.post(submit, {"tool_outputs": [{"tool_call_id": call["id"], "output": "done"}], "stream": True})
        self.assertEqual(self.said(answer), "You said: done")
        self.assertEqual(self.chat_state()["outputs"][0]["output"], "done")

    def test_a_broken_stream_can_be_asked_for_its_result(self):
        answer = self.bot("eof_without_done")
        chat = json.loads(answer.events()[0][1])
        self.query = f"?conversation_id={chat['conversation_id']}&chat_id={chat['id']}"
        self.assertEqual(self.retrieve()["status"], "completed")
        listed = self.post(f"/v3/chat/message/list{self.query}", method="GET").json()["data"]
        self.assertIn(TEXT, [one["content"] for one in listed])


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
            ("failed", "conversation.chat.failed"), ("failed_midway", "conversation.chat.failed"), ("failed_bare", "conversation.chat.failed"),
            ("failed_without_done", "conversation.chat.failed"), ("error_event", "error"), ("error_event_with_code", "error"),
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

    def test_stalls(self):
        self.assertEqual(self.workflow("stall_before_head", timeout=0.3), "timeout")
        for name, body in (("stall_before_first_byte", False), ("stall_before_text", True), ("stall_midway", True), ("stall_before_done", True)):
            answer = self.workflow(name, timeout=0.3)
            self.assertEqual((answer.ended, bool(answer.body)), ("timeout", body), name)
        self.assertIn(b": keep-alive\n\n: keep-alive", self.workflow("keep_alive_for_ever", timeout=0.5).body)
        self.assertEqual(self.said(self.workflow({"behaviour": "stall_midway", "stall_ms": 100})), TEXT)
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
        self.server.control(next=[{"behaviour": "error", "code": 4009, "on": "create"}, {"behaviour": "error", "code": 5000, "on": "delete"}])
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


class Control(ChatTest):
    def test_every_behaviour_can_be_played(self):
        self.server.control(default={"stall_ms": 10})
        for name in PRESETS:
            quick = {"behaviour": name, "stall_ms": 10, "delay_ms": 0, "piece_delay_ms": 0, "open_after_done": False}
            self.server.control(next=[quick])
            self.workflow()
            self.server.control(next=[quick])
            self.bot()
        self.assertEqual(self.server.state()["counts"]["workflow_chat"], len(PRESETS))

    def test_typing_errors_are_refused(self):
        for wrong in (
            {"next": ["okay"]}, {"next": [{"behaviour": "ok", "peaces": []}]}, {"options": {"dialekt": "studio"}}, {"nixt": []},
            {"next": [{"behaviour": "ok", "on": "chats"}]},
        ):
            self.assertEqual(self.server.call("POST", "/_control", wrong).status, 400)

    def test_requests_are_recorded(self):
        self.workflow(text="recorded")
        request = next(one for one in self.server.state()["requests"] if one["path"] == "/v1/workflows/chat")
        self.assertEqual(request["body"]["additional_messages"][0]["content"], "recorded")
        self.assertIn(["Authorization", "Bearer pat_1"], request["headers"])
        self.assertEqual((request["status"], request["identity"], request["behaviour"]), (200, "personal", "ok"))
        self.assertEqual(request["chat_id"], self.chat_state()["id"])

    def test_connections_are_refused_for_a_while(self):
        self.server.control(refuse_for_ms=400)
        time.sleep(0.2)
        with self.assertRaises(ConnectionRefusedError):
            self.workflow()
        time.sleep(0.6)
        self.assertEqual(self.said(self.workflow()), TEXT)

    def test_connections_are_kept_alive(self):
        with self.server.send("POST", "/v1/conversation/create", {}, ["Authorization: Bearer pat_1"]) as connection:
            self.assertEqual(read(connection).status, 200)
            connection.sendall(b"GET /_control/counts HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(read(connection).json()["create"], 1)


if __name__ == "__main__":
    unittest.main()
