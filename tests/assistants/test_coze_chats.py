"""Chats of the stand-in for Coze: checks, isolation, statuses, messages, what the control route does."""

import json
import time
import unittest

from coze_behaviours import PRESETS
from coze_case import TEXT, ChatTest
from raw_client import read


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
        body = self.workflow_body(conversation_id=conversation)
        with self.server.send("POST", "/v1/workflows/chat", body, ["Authorization: Bearer pat_1"]):
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

    def test_of_two_chats_at_once_one_is_refused(self):
        self.server.control(next=[{"delay_ms": 200, "times": 2}])
        body = self.workflow_body(conversation_id=self.conversation())
        several = [self.server.send("POST", "/v1/workflows/chat", body, ["Authorization: Bearer pat_1"]) for _ in range(2)]
        answers = [read(connection) for connection in several]
        for connection in several:
            connection.close()
        self.assertEqual(sorted(answer.headers["content-type"] for answer in answers), ["application/json", "text/event-stream"])

    def test_a_refused_request_uses_no_behaviour_up(self):
        self.server.control(next=["two_answers"])
        self.code(self.workflow(workflow_id=""), 4000)
        self.assertEqual(self.said(self.workflow()), "第一个答案。 First.第二个答案。")

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

    def test_messages_of_a_conversation(self):
        id = self.conversation()
        listed = f"/v1/conversation/message/list?conversation_id={id}"
        self.workflow(conversation_id=id)
        self.workflow("failed", conversation_id=id)
        for method in ("GET", "POST"):
            self.assertEqual([one["content"] for one in self.post(listed, method=method).json()["data"]], ["hello", TEXT])
        message = {"role": "user", "content": "mine", "content_type": "text"}
        made = self.post(f"/v1/conversation/message/create?conversation_id={id}", message).json()["data"]
        query = f"?conversation_id={id}&message_id={made['id']}"
        self.post(f"/v1/conversation/message/modify{query}", {"content": "other"})
        shown = self.post(f"/v1/conversation/message/retrieve{query}", method="GET").json()["data"]
        self.assertEqual(shown["content"], "other")
        self.assertEqual(self.post(f"/v1/conversation/message/delete{query}").json()["code"], 0)
        self.code(self.post(f"/v1/conversation/message/retrieve{query}", method="GET"), 4000)
        self.assertEqual(len(self.post("/v1/conversations?bot_id=72", method="GET").json()["data"]["conversations"]), 0)

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
        self.assertEqual(self.begin({"behaviour": "everything", "polls": 2}), "in_progress")
        self.assertEqual(self.post(f"/v3/chat/message/list{self.query}", method="GET").json()["data"], [])
        statuses = [self.retrieve(method)["status"] for method in ("GET", "POST", "GET")]
        self.assertEqual(statuses, ["in_progress", "in_progress", "completed"])
        listed = self.post(f"/v3/chat/message/list{self.query}", method="GET").json()["data"]
        self.assertNotEqual(listed[0]["type"], "answer")
        texts = [one["content"] for one in listed if (one["role"], one["type"], one["content_type"]) == ("assistant", "answer", "text")]
        self.assertEqual(texts, [TEXT])
        self.code(self.post("/v3/chat/cancel", self.body), 4104)

    def test_a_chat_may_be_created_only(self):
        self.assertEqual(self.begin("created_first"), "created")
        self.assertEqual([self.retrieve()["status"] for _ in range(3)], ["in_progress", "in_progress", "completed"])

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
