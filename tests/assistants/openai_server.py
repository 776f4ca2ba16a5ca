"""A server of OpenAI-compatible chat completions and embeddings, written from papers and not from our client.

It speaks as OpenAI, Azure OpenAI, vLLM, SGLang, llama.cpp, Ollama, DeepSeek, Qwen or a gateway, with every failure that a test asks
for at `/_control`, and refuses a request that any of them would refuse.
"""

import json
import re
import time
from email.utils import formatdate

import embeddings
import serving
from control import Application
from delivery import Delivery
from openai_behaviours import DEFAULTS, DIALECTS, PRESETS, style
from openai_checks import Refused, check, text_of, tool_names
from openai_chunks import Answer, error_body
from steps import break_off, meet, stall

OPTIONS = {
    "dialect": "openai",
    "keys": [],  # the right API keys; none: any that is not empty
    "keyless": False,  # no key is asked for
    "models": ["test-model"],
    "strict_model": False,  # a model that is not in the list is not found
    "alternating": False,  # roles must alternate, as templates of some models demand
    "stream_only": False,  # as some models of Qwen
    "unsupported": [],  # parameters that the model refuses
    "context_characters": None,  # a longer context is refused
    "dimensions": 64,  # of vectors
    "largest_batch": None,  # of texts to embed
    "keep": 20_000,  # requests in the record
}


ROUTES = [("POST", "/chat/completions", "chat"), ("POST", "/embeddings", "embeddings"), ("GET", "/models", "models")]


class OpenAi(Application):
    def __init__(self, options):
        super().__init__(PRESETS, DEFAULTS, {"chat", "embeddings", "models"}, options)

    def reset(self):
        super().reset()
        self.issued, self.answers = {}, []

    def state(self):
        calls = {id: call["function"] for id, call in self.issued.items()}
        return {"answers": self.answers, "tool_calls": calls}

    def plain(self):
        return style(self.script.item("ok")["parameters"], self.options["dialect"])

    async def serve(self, exchange):
        exchange.record["request_id"] = f"req_{time.monotonic_ns():x}"
        try:
            route, base = self.route(exchange.request)
            exchange.record["route"] = route
            self.counts[route] += 1
            self.authenticate(exchange.request)
            await getattr(self, route)(exchange, base)
        except Refused as refused:
            exchange.record["refused"] = refused.fields["message"]
            self.counts["refused"] += 1
            await self.refuse(exchange, self.plain() | refused.fields)

    def route(self, request):
        """What is asked for, and the deployment in Azure's paths."""
        for base in DIALECTS[self.options["dialect"]]["bases"]:
            pattern = re.escape(base).replace(r"\{deployment\}", "(?P<deployment>[^/]+)")
            for method, path, name in ROUTES:
                match = re.fullmatch(pattern + path, request.path)
                if match and request.method == method:
                    self.check_version(request, base)
                    return name, match.groupdict().get("deployment")
        self.counts["unknown_routes"] += 1
        raise Refused(404, f"Invalid URL ({request.method} {request.path})")

    @staticmethod
    def check_version(request, base):
        is_version = re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", request.query.get("api-version", ""))
        if "deployments" in base and not is_version:
            raise Refused(404, "Resource not found", "404")

    def authenticate(self, request):
        dialect = self.options["dialect"]
        if dialect == "ollama" or self.options["keyless"]:
            return
        kind, _, key = (request.header("authorization") or "").partition(" ")
        key = key if kind == "Bearer" else ""
        if dialect == "azure":
            key = request.header("api-key") or key
        if not key or (self.options["keys"] and key not in self.options["keys"]):
            raise Refused(401, f"Incorrect API key provided: {key[:4]}***.", "invalid_api_key")

    @staticmethod
    def body(request):
        if not (request.header("content-type") or "").startswith("application/json"):
            raise Refused(400, "you must provide a body of type application/json")
        try:
            return request.json()
        except ValueError:
            raise Refused(400, "We could not parse the JSON body of your request.") from None

    async def refuse(self, exchange, behaviour):
        body = behaviour["body"]
        if body is None:
            body = error_body(behaviour)
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        headers = [["x-request-id", exchange.record["request_id"]], *([name, str(value)] for name, value in behaviour["headers"].items())]
        if (after := behaviour["retry_after"]) is not None:
            headers.append(["Retry-After", formatdate(time.time() + 2, usegmt=True) if after == "date" else str(after)])
        await exchange.answer(behaviour["status"], text.encode(), headers, behaviour["content_type"])

    async def begin(self, exchange, behaviour):
        """The behaviour's beginning; whether that was already the answer."""
        exchange.record["behaviour"] = behaviour["name"]
        if await meet(self.gate, exchange, behaviour):
            return True
        if behaviour["status"] is not None:
            await self.refuse(exchange, behaviour)
        return behaviour["status"] is not None

    def check_model(self, body, deployment):
        model = deployment or (body.get("model") if isinstance(body, dict) else None)
        if not isinstance(model, str) or not model:
            raise Refused(400, "you must provide a model parameter", param="model")
        if self.options["strict_model"] and model not in self.options["models"]:
            raise Refused(404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found", "model")

    async def chat(self, exchange, deployment):
        body = self.body(exchange.request)
        self.check_model(body, deployment)
        check(body, self.options["dialect"], self.options, self.issued)
        behaviour = style(self.chosen(body), self.options["dialect"])
        if not await self.begin(exchange, behaviour):
            answer = Answer(behaviour, body, self.calls(behaviour, body))
            about = {"id": answer.id, "behaviour": behaviour["name"], "calls": answer.calls}
            self.answers.append(about | {"finish_reason": answer.finish_reason()})
            await (self.stream if body.get("stream") else self.whole)(exchange, answer)

    def chosen(self, body):
        """The scripted behaviour; after tool calls the one that made them goes on."""
        last = body["messages"][-1]
        if last["role"] == "tool" and last["tool_call_id"] in self.issued:
            return self.issued[last["tool_call_id"]]["behaviour"]
        question = next(text_of(message) for message in reversed(body["messages"]) if message["role"] in ("user", "tool"))
        return self.script.choose("chat", question)

    def calls(self, behaviour, body):
        """The tool calls of this round, if there is one and tools may be called."""
        tools, rounds = tool_names(body), behaviour["rounds"]
        since = body["messages"]
        users = [place for place, message in enumerate(since) if message["role"] == "user"]
        played = sum(1 for message in since[(users or [0])[-1]:] if message.get("tool_calls"))
        if not tools or not rounds or body.get("tool_choice") == "none" or (played >= len(rounds) and not behaviour["endless"]):
            return []
        return [self.issue(call, tools, behaviour) for call in rounds[min(played, len(rounds) - 1)]]

    def issue(self, call, tools, behaviour):
        arguments = call.get("arguments", {})
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        id = f"call_{len(self.issued) + 1:04}{time.monotonic_ns() % 10**9:09}"
        function = {"name": call.get("name") or tools[0], "arguments": text}
        self.issued[id] = {"function": function, "reasoning": "".join(behaviour["reasoning"]), "behaviour": behaviour}
        return {"id": id, "type": "function", "function": function}

    async def stream(self, exchange, answer):
        behaviour, sender = answer.behaviour, Delivery(exchange, answer.behaviour)
        head = [["Content-Type", "text/event-stream; charset=utf-8"], ["Cache-Control", "no-cache"]]
        await exchange.begin(200, [*head, ["x-request-id", exchange.record["request_id"]]], behaviour["framing"])
        for step in answer.steps():
            if step.is_piece and behaviour["piece_delay_ms"]:
                await self.gate.wait(behaviour["piece_delay_ms"] / 1000, exchange.left)
            await sender.send(step.data)
            if exchange.left.is_set():
                return
            if step.fault:
                await sender.flush()
            if step.fault in ("stall", "keep_alive"):
                await stall(self.gate, exchange, behaviour, exchange.left)
            elif step.fault:
                return await break_off(exchange, step.fault)
        await sender.flush()
        if behaviour["open_after_done"]:
            await self.gate.wait(behaviour["stall_ms"] / 1000, exchange.left)
        await sender.finish()

    async def whole(self, exchange, answer):
        """Without a stream; a queue's blank lines come before the object, and a fault in the middle cuts it."""
        behaviour, text = answer.behaviour, answer.whole().encode()
        await exchange.begin(200, [["Content-Type", "application/json"], ["x-request-id", exchange.record["request_id"]]])
        for _ in range(3 if behaviour["comments"] is not None else 0):
            await exchange.write(b"\n")
        if behaviour["fault"] is None or behaviour["at"] == "request":
            await exchange.write(text)
            return await exchange.finish()
        if behaviour["fault"] == "error_chunk":
            await exchange.write(json.dumps(error_body(behaviour | {"status": 500})).encode())
            return await exchange.finish()
        await exchange.write(text[: len(text) // 2])
        if behaviour["fault"] in ("stall", "keep_alive"):
            await self.gate.wait(behaviour["stall_ms"] / 1000, exchange.left)
            await exchange.write(text[len(text) // 2 :])
        is_abrupt = behaviour["fault"] in ("cut", "reset")
        await break_off(exchange, behaviour["fault"] if is_abrupt else "eof")

    async def embeddings(self, exchange, deployment):
        body = self.body(exchange.request)
        self.check_model(body, deployment)
        body = body | {"model": body.get("model", deployment)}
        if not embeddings.is_right(body):
            raise Refused(400, "'$.input' is invalid. Please check the API reference", param="input")
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        if self.options["largest_batch"] is not None and len(texts) > self.options["largest_batch"]:
            raise Refused(413, f"batch size {len(texts)} > maximum allowed batch size {self.options['largest_batch']}", type="Validation")
        self.counts["embedded_texts"] += len(texts)
        behaviour = style(self.script.choose("embeddings", "\n".join(texts)), self.options["dialect"])
        if await self.begin(exchange, behaviour):
            return
        if behaviour["fault"] in ("stall", "keep_alive"):
            await self.gate.wait(behaviour["stall_ms"] / 1000, exchange.left)
        await self.json(exchange, embeddings.answer(body, behaviour, self.options["dimensions"]))

    async def models(self, exchange, deployment):
        behaviour = style(self.script.choose("models"), self.options["dialect"])
        if not await self.begin(exchange, behaviour):
            data = [{"id": name, "object": "model", "created": 1686935002, "owned_by": "tests"} for name in self.options["models"]]
            await self.json(exchange, {"object": "list", "data": data})

    @staticmethod
    async def json(exchange, data):
        await exchange.answer(200, json.dumps(data, ensure_ascii=False).encode(), [["x-request-id", exchange.record["request_id"]]])


def main():
    parser = serving.parser(__doc__)
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="openai")
    parser.add_argument("--key", action="append", default=[], help="an API key; none given: any that is not empty")
    parser.add_argument("--options", type=json.loads, default={}, help="JSON: as `options` of the control route, for good")
    options = parser.parse_args()
    own = {"dialect": options.dialect, "keys": options.key}
    serving.run(OpenAi(OPTIONS | own | options.options), options)


if __name__ == "__main__":
    main()
