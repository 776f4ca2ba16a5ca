"""The events of one chat as a list of steps, with the fault that its behaviour asks for put in its place. Pure: nothing is sent here."""

import json
import time

import delivery
from coze_state import new_id
from steps import Step, interrupted

ZERO = {"token_count": 0, "output_count": 0, "input_count": 0}


def finish(kind):
    return json.dumps({"msg_type": kind, "data": '{"finish_reason":0,"FinData":""}', "from_module": None, "from_unit": None})


# Messages around the answer by kind: event, role, type, content, content type. None of them is for customers.
DONE = "conversation.message.completed"
DELTA = "conversation.message.delta"
SEARCH = '{"name":"search-api","arguments":{"input_query":"退货"},"plugin_id":7288,"plugin_name":"search","plugin_type":1}'
BEFORE = {
    "question": [(DONE, "user", "question", "LEAK question", "text")],
    "knowledge": [(DONE, "assistant", "knowledge", "LEAK knowledge", "text")],
    "knowledge_recall": [(DONE, "assistant", "verbose", '{"msg_type":"knowledge_recall","data":"LEAK recall"}', "text")],
    "function_call": [(DONE, "assistant", "function_call", SEARCH, "text")],
    "tool_output": [(DONE, "assistant", "tool_output", "LEAK tool_output", "text")],
    "tool_response": [(DONE, "tool", "tool_response", "LEAK tool_response", "text")],
    "other_deltas": [
        (DELTA, "assistant", "verbose", "LEAK verbose delta", "text"), (DELTA, "user", "answer", "LEAK user delta", "text"),
        (DELTA, "assistant", "follow_up", "LEAK follow_up delta", "text"),
    ],
    "audio": [("conversation.audio.delta", "assistant", "answer", "TEVBSw==", "audio")],
}
AFTER = {
    "card": [(DONE, "assistant", "answer", '{"card_type":3,"template_url":"LEAK card"}', "card")],
    "object_string": [(DONE, "assistant", "answer", '[{"type":"image","file_id":"LEAK object"}]', "object_string")],
    "empty_result": [(DONE, "assistant", "verbose", '{"msg_type":"empty result","data":"empty result"}', "text")],
    "verbose": [(DONE, "assistant", "verbose", finish("generate_answer_finish"), "text")],
    "follow_up": [(DONE, "assistant", "follow_up", text, "text") for text in ("LEAK follow_up 1?", "LEAK follow_up 2?")],
}


class Writer:
    """Spells the events of one chat."""

    def __init__(self, chat, is_studio):
        self.chat, self.behaviour, self.is_studio = chat, chat.behaviour, is_studio
        self.is_workflow = chat.endpoint == "workflow"
        self.order = 0

    def event(self, name, data):
        # Keys come in another order from event to event, as in real traces of workflows.
        self.order += 1
        if self.is_workflow and isinstance(data, dict) and self.order % 2 == 0:
            data = dict(reversed(data.items()))
        return delivery.event(name, data, self.behaviour, spaced=self.is_workflow)

    def chat_object(self, status, usage=ZERO, last_error=None):
        return chat_object(self.chat, status, usage, last_error)

    def chat_event(self, name, status, **more):
        spelled = {"canceled": "cancelled", "requires_action": "required_action"} if self.is_studio else {}
        data = self.chat_object(spelled.get(status, status), **more)
        return Step(self.event(f"conversation.chat.{name}", data), status=status, point=name)

    def message(self, name, kind, content, *, id=None, role="assistant", content_type="text", **more):
        data = {
            "id": id or new_id(), "conversation_id": self.chat.conversation.id, "role": role, "type": kind, "content": content,
            "content_type": content_type, "chat_id": self.chat.id, **more,
        }
        if self.is_workflow:
            data["section_id"] = self.chat.conversation.section_id
        elif self.chat.bot_id:
            data["bot_id"] = self.chat.bot_id
        return self.event(name, data)


def chat_object(chat, status, usage=ZERO, last_error=None):
    behaviour = chat.behaviour
    data = {"id": chat.id, "conversation_id": chat.conversation.id}
    if chat.bot_id and chat.endpoint == "v3":
        data["bot_id"] = chat.bot_id
    if behaviour["sparse"]:
        return data | {"last_error": {"code": None, "msg": None}, "status": status, "usage": {}}
    data |= {"created_at": chat.created_at, "completed_at": int(time.time()), "last_error": last_error or {"code": 0, "msg": ""}}
    data |= {"status": status, "usage": usage, "section_id": chat.conversation.section_id}
    return data | ({"failed_at": int(time.time())} if status == "failed" else {})


def steps(chat, is_studio=False):
    """Everything that happens in the stream."""
    writer = Writer(chat, is_studio)
    before = [writer.chat_event("created", "created"), writer.chat_event("in_progress", "in_progress")]
    before += [Step(data) for data in around(writer, BEFORE)]
    if size := chat.behaviour["huge_line_bytes"]:
        before.append(Step(writer.message(DONE, "verbose", '{"msg_type":"huge","data":"' + "x" * size + '"}')))
    if chat.behaviour["unknown_events"]:
        before += [Step(data) for data in unknown_events(writer)]
    whole = before + answers(writer) + [Step(data) for data in around(writer, AFTER)] + end(writer)
    failures = {"failed": lambda: [failed(writer), *after_failure(writer)], "error_event": lambda: error_event(writer)}
    failures["malformed"] = lambda: [Step(writer.event(DELTA, '{"id":"7","type":"answer","content":'))]
    return interrupted(whole, writer.behaviour, "in_progress", failures)


def around(writer, table):
    for kind in writer.behaviour["kinds"]:
        for name, role, type, content, content_type in table.get(kind, []):
            yield writer.message(name, type, content, role=role, content_type=content_type)


def unknown_events(writer):
    newline = writer.behaviour["newline"]
    yield writer.event("invalid", "{}")
    yield writer.event("conversation.message.novelty", {"id": new_id(), "type": "answer", "role": "assistant", "content": "LEAK novelty"})
    yield f"id: 7{newline}retry: 1000{newline}{newline}".encode()
    yield f"event{newline}data{newline}{newline}".encode()
    yield f"unknown field: LEAK{newline}{newline}".encode()


def answers(writer):
    """Pieces and ends of all answers, one after another, or in turns."""
    chat, several = writer.chat, writer.chat.answers()
    if not several and writer.behaviour["reasoning"]:
        return reasoning(writer, chat.answer_id(0))
    pieces = [answer(writer, number, texts) for number, texts in enumerate(several)]
    if writer.behaviour["interleaved"]:
        rounds = max((len(one) for one, _ in pieces), default=0)
        parts = [one[place] for place in range(rounds) for one, _ in pieces if place < len(one)]
        return parts + [end for _, end in pieces if end]
    return [step for one, end in pieces for step in [*one, *([end] if end else [])]]


def answer(writer, number, texts):
    behaviour, id = writer.behaviour, writer.chat.answer_id(number)
    parts = reasoning(writer, id) if number == 0 else []
    if behaviour["deltas"]:
        parts += [Step(writer.message(DELTA, "answer", text, id=id), is_piece=True) for text in texts]
    if not behaviour["message_completed"]:
        return parts, None
    thought = "".join(behaviour["reasoning"])
    more = {"reasoning_content": thought} if thought else {}
    return parts, Step(writer.message(DONE, "answer", writer.chat.text_of(texts), id=id, **more), point="answer")


def reasoning(writer, id):
    return [Step(writer.message(DELTA, "answer", "", id=id, reasoning_content=text)) for text in writer.behaviour["reasoning"]]


def end(writer):
    behaviour = writer.behaviour
    if calls := behaviour["requires_action"]:
        return [requires_action(writer, calls), done(writer)]
    completed = writer.chat_event("completed", "completed", usage=behaviour["usage"])
    if spelling := behaviour["status_spelling"]:
        data = chat_object(writer.chat, spelling, behaviour["usage"])
        completed.data = writer.event("conversation.chat.completed", data)
    return [completed, done(writer)]


def requires_action(writer, calls):
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    status = "required_action" if writer.is_studio else "requires_action"
    data = writer.chat_object(status, usage=writer.behaviour["usage"]) | {"required_action": action}
    return Step(writer.event("conversation.chat.requires_action", data), status="requires_action", point="completed")


def done(writer):
    """The last event, which has several spellings."""
    usual = "empty" if writer.is_studio else "debug_url" if writer.is_workflow else "string"
    kind = writer.behaviour["done"] or usual
    if kind == "missing":
        return Step(point="done")
    url = "https://www.coze.cn/work_flow?execute_id=1111&space_id=111&workflow_id=1111"
    data = {"string": '"[DONE]"', "bare": "[DONE]", "debug_url": {"debug_url": url}, "empty": "", "no_data": None}[kind]
    encoded = writer.event("conversation.stream.done" if writer.is_studio else "done", data)
    if not writer.behaviour["final_newline"]:
        encoded = encoded.rstrip(b"\r\n")
    return Step(encoded, point="done")


def failed(writer):
    error = writer.behaviour["last_error"]
    if writer.behaviour["bare_failure"]:
        return Step(writer.event("conversation.chat.failed", error), status="failed")
    return writer.chat_event("failed", "failed", last_error=error)


def error_event(writer):
    return [Step(writer.event("error", writer.behaviour["error_data"]), status="failed"), *after_failure(writer)]


def after_failure(writer):
    return [done(writer)] if writer.behaviour["done_after_failure"] else []
