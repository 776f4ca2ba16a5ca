"""An answer of chat completions as chunks of a stream, or as one object. Pure: nothing is sent here."""

import json
import random
import time

import delivery
from steps import Step, interrupted

FILTERS = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}


class Answer:
    """What is said to one request: text, or tool calls."""

    def __init__(self, behaviour, body, calls):
        self.behaviour, self.body, self.calls = behaviour, body, calls
        self.created, self.model = int(time.time()), body.get("model") or "deployed-model"
        small, long = str(random.randrange(1000)), f"{random.getrandbits(96):024x}"
        self.id = {"unique": "chatcmpl-" + long, "empty": "", "small": "chatcmpl-" + small}[behaviour["chunk_id"]]
        asked = body.get("stream_options") or {}
        place = behaviour["usage_place"]
        self.has_usage = place != "none" and (place in ("always", "last_chunk") or asked.get("include_usage", False))
        self.sent = 0

    def pieces(self):
        pieces = list(self.behaviour["preamble"]) if self.calls else self.behaviour["pieces"] * self.behaviour["repeat"]
        size = self.behaviour["huge_piece_bytes"]
        return pieces + ["x" * size] if size and not self.calls else pieces

    def finish_reason(self):
        return self.behaviour["finish_reason"] or ("tool_calls" if self.calls else "stop")

    def event(self, data):
        return delivery.event(None, data, self.behaviour, spaced=True)

    def chunk(self, choices, **more):
        self.sent += 1
        place, usage = self.behaviour["usage_place"], {}
        if self.has_usage:
            usage = {"usage": self.behaviour["usage"] if place == "every" else None}
        data = {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model, "choices": choices}
        return self.event(data | usage | more)

    def delta(self, delta, finish_reason=None, **more):
        role = self.behaviour["role"]
        if role == "every" or (role == "first" and not self.sent):
            delta = {"role": "assistant", **delta}
        return self.chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}], **more)

    def steps(self):
        """The stream from its first chunk to its end, with the fault in it."""
        whole = [*self.opening(), *self.thinking(), *self.text(), *self.tool_chunks(), *self.legacy(), *self.end()]
        return interrupted(whole, self.behaviour, "start", {"error_chunk": self.failure, "malformed": self.malformed})

    def opening(self):
        if self.behaviour["first_chunk"] == "prompt_filter":
            data = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
            yield Step(self.event(data | {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": FILTERS}]}))
        if self.behaviour["role"] != "none":
            yield Step(self.delta({"content": ""}), point="start")
        else:
            yield Step(point="start")

    def thinking(self):
        field = self.behaviour["reasoning_field"]
        for text in self.behaviour["reasoning"]:
            yield Step(self.delta({"content": None, field: text}))

    def text(self):
        pieces = self.pieces()
        for place, text in enumerate(pieces):
            is_last = place == len(pieces) - 1 and not self.calls and self.behaviour["finish"] == "with_last"
            if self.behaviour["noise"]:
                yield from (Step(data) for data in self.noise())
            yield Step(self.delta({"content": text}, self.finish_reason() if is_last else None), is_piece=True)

    def noise(self):
        yield self.chunk([])
        yield self.chunk(None)
        yield self.event({"id": "", "object": "chat.completion.chunk", "provider": "somebody"})
        yield self.chunk([{"index": 0, "delta": None, "finish_reason": None}])
        yield self.chunk([{"index": 0, "finish_reason": None}])
        yield self.chunk([{"index": 0, "delta": {}}])
        yield self.chunk([{"index": 0, "delta": {"content": None, "tool_calls": None}, "finish_reason": None}])
        yield self.chunk([{"index": 0, "delta": {"content": ""}, "finish_reason": ""}])

    def tool_chunks(self):
        """The calls; of several, the fragments take turns."""
        if self.behaviour["fragments"] == "whole":
            for index, call in enumerate(self.calls):
                yield Step(self.delta({"tool_calls": [{"index": index, **call}]}))
            return
        fragments = [self.fragments(index, call) for index, call in enumerate(self.calls)]
        for place in range(max(map(len, fragments), default=0)):
            for one in fragments:
                if place < len(one):
                    yield Step(self.delta({"tool_calls": [one[place]]}))

    def fragments(self, index, call):
        kind, size, arguments = self.behaviour["fragments"], self.behaviour["argument_size"], call["function"]["arguments"]
        numbered = {} if kind == "no_index" else {"index": index}
        first = {**numbered, "id": call["id"], "type": "function", "function": {"name": call["function"]["name"], "arguments": ""}}
        again = {"repeated_ids": {"id": call["id"], "type": "function"}, "empty_ids": {"id": "", "type": "function"}}.get(kind, {})
        name = {"repeated_ids": {"name": call["function"]["name"]}, "empty_ids": {"name": ""}}.get(kind, {})
        parts = [arguments[start : start + size] for start in range(0, len(arguments), size)]
        return [first] + [{**numbered, **again, "function": {**name, "arguments": part}} for part in parts]

    def legacy(self):
        if call := self.behaviour["legacy_call"]:
            yield Step(self.delta({"function_call": call}))

    def end(self):
        behaviour, place = self.behaviour, self.behaviour["usage_place"]
        if behaviour["finish"] == "own" or (behaviour["finish"] == "with_last" and (self.calls or not self.pieces())):
            usage = {"usage": behaviour["usage"]} if self.has_usage and place == "last_chunk" else {}
            yield Step(self.delta({}, self.finish_reason(), **usage), point="finish")
        if self.has_usage and place != "last_chunk":
            yield Step(self.chunk([], usage=behaviour["usage"]))
        yield Step(point="usage")
        if behaviour["done"]:
            yield from self.done()

    def done(self):
        data = self.event("[DONE]")
        yield Step(data if self.behaviour["final_newline"] else data.rstrip(b"\r\n"))
        if self.behaviour["after_done"]:
            yield Step(self.delta({"content": "LEAK after done"}))

    def failure(self):
        """An error inside the stream, after HTTP 200."""
        shape, error = self.behaviour["chunk_shape"], error_fields(self.behaviour)
        if shape == "with_choices":
            choices = [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]
            yield Step(self.chunk(choices, error={"code": "server_error", "message": error["message"]}))
        else:
            data = {"wrapped": {"error": error}, "flat": {"object": "error", **error}, "string": {"error": error["message"]}}[shape]
            yield Step(self.event(data))
        if self.behaviour["done_after_error"]:
            yield from self.done()

    def malformed(self):
        yield Step(self.event('{"id":"chatcmpl-1","choices":[{"delta":'))
        yield from self.done()

    def whole(self):
        """The same as one object."""
        message = {"role": "assistant", "content": "".join(self.pieces()) or (None if self.calls else "")}
        if self.behaviour["reasoning"]:
            message[self.behaviour["reasoning_field"]] = "".join(self.behaviour["reasoning"])
        if self.calls:
            message["tool_calls"] = self.calls
        if call := self.behaviour["legacy_call"]:
            message["function_call"] = call
        data = {"id": self.id, "object": "chat.completion", "created": self.created, "model": self.model}
        data["choices"] = [{"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish_reason()}]
        return json.dumps(data | {"usage": self.behaviour["usage"]}, ensure_ascii=self.behaviour["escapes"])


def error_fields(behaviour):
    fields = {name: behaviour[name] for name in ("message", "type", "param", "code")}
    if fields["type"] is None and behaviour["fault"]:
        fields["type"] = "server_error"
    return fields | ({"innererror": behaviour["inner_error"]} if behaviour["inner_error"] else {})


def error_body(behaviour):
    """The body of an error answer, in the dialect's shape."""
    error, shape = error_fields(behaviour), behaviour["error_shape"]
    if shape in ("numbered", "flat") and error["code"] is None:
        error["code"] = behaviour["status"]
    if shape == "flat":
        return {"object": "error", **error}
    return {"error": error["message"] if shape == "string" else error}
