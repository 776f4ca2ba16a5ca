"""A stand-in for Coze's open API, written from the vendor's contract and not from our client.

It issues tokens for signed JWTs, keeps conversations apart by the session name in them, and answers in every dialect and with every
failure that a test asks for at `/_control`.
"""

import asyncio
import json
import re
import time

import coze_chats as chats
import serving
from coze_auth import Issuer, TokenRefusal
from coze_behaviours import DEFAULTS, PRESETS
from coze_checks import refuse_unless
from coze_conversations import Conversations, Whole
from coze_state import RUNNING, Refusal, State, new_log_id
from control import Application
from steps import meet

KINDS = {"chat", "token", "create", "retrieve", "messages", "cancel", "submit", "clear", "delete", "other"}
OPTIONS = {
    "dialect": "coze",  # or "studio", the self-hosted one
    "invalid_token": {"status": 401, "code": 4100},
    "foreign_code": 4002,  # or 4101
    "longest_token_s": None,  # tokens end after so many seconds, whatever was asked for
    "expires_in": "absolute",  # or "relative"
    "bots": None,  # the only ones there are
    "unpublished": [],  # ids of workflows, apps and bots
    "keep": 20_000,  # requests in the record
}
ROUTES = [
    ("POST", r"/api/permission/oauth2/(?:account/[^/]+/|enterprise_id/[^/]+/)?token", "token", "token"),
    ("POST", r"/v1/workflows/chat", "chat", "workflow_chat"),
    ("POST", r"/v3/chat", "chat", "bot_chat"),
    ("GET POST", r"/v3/chat/retrieve", "retrieve", "retrieve_chat"),
    ("GET POST", r"/v3/chat/message/list", "messages", "list_messages"),
    ("POST", r"/v3/chat/cancel", "cancel", "cancel"),
    ("POST", r"/v3/chat/submit_tool_outputs", "submit", "submit"),
    ("POST", r"/v1/conversation/create", "create", "create"),
    ("GET", r"/v1/conversation/retrieve", "other", "retrieve_conversation"),
    ("GET", r"/v1/conversations", "other", "list_conversations"),
    ("POST", r"/v1/conversations/([^/]+)/clear", "clear", "clear"),
    ("PUT", r"/v1/conversations/([^/]+)", "other", "rename"),
    ("DELETE", r"/v1/conversations/([^/]+)", "delete", "delete"),
    ("GET POST", r"/v1/conversation/message/list", "other", "conversation_messages"),
    ("POST", r"/v1/conversation/message/create", "other", "create_message"),
    ("GET", r"/v1/conversation/message/retrieve", "other", "one_message"),
    ("POST", r"/v1/conversation/message/modify", "other", "modify_message"),
    ("POST", r"/v1/conversation/message/delete", "other", "delete_message"),
]
LARGEST = {"workflow_chat": 20 * 2**20}


class Coze(Conversations, Application):
    more_keys = {"revoke_tokens"}

    def __init__(self, issuer, options):
        self.issuer = issuer
        super().__init__(PRESETS, DEFAULTS, KINDS, options)

    def reset(self):
        super().reset()
        self.state_of = State()
        self.issuer.clear()

    def do_more(self, told):
        if session := told.get("revoke_tokens"):
            self.issuer.revoke(None if session is True else session)

    def state(self):
        return {
            "tokens": list(self.issuer.tokens.values()), "token_refusals": self.issuer.refusals,
            "waiting_at_gate": self.gate.waiting, **self.state_of.recorded(),
        }

    async def serve(self, exchange):
        exchange.record["log_id"] = new_log_id()
        for methods, path, kind, name in ROUTES:
            if (match := re.fullmatch(path, exchange.request.path)) and exchange.request.method in methods.split():
                break
        else:
            self.counts["unknown_routes"] += 1
            return await self.reply(exchange, Refusal(4200, "404 page not found", 404))
        self.counts[name] += 1
        exchange.record["route"] = name
        try:
            if name == "token":
                return await self.token(exchange)
            await self.authenticated(exchange, kind, name, match.groups())
        except Refusal as refusal:
            exchange.record["code"] = refusal.code
            await self.reply(exchange, refusal)
        except TokenRefusal as refusal:
            body = {"error_code": refusal.code, "error_message": refusal.message, "error": refusal.code}
            await self.json(exchange, refusal.status, body)

    async def authenticated(self, exchange, kind, name, ids):
        exchange.record["identity"] = identity = self.issuer.identity(exchange.request, self.options["invalid_token"])
        body = self.body(exchange.request, LARGEST.get(name, 15 * 2**20))
        if kind == "chat":
            return await self.chat(exchange, name, body, identity)
        if not await self.meet(exchange, self.script.choose(kind)):
            answer = getattr(self, name)(exchange, body, identity, *ids)
            data = await answer if asyncio.iscoroutine(answer) else answer
            if exchange.status is None:
                await self.reply(exchange, None, data)

    @staticmethod
    def body(request, largest):
        if len(request.body) > largest:
            raise Refusal(4000, "the body is too large")
        if not request.body:
            return {}
        if not (request.header("content-type") or "").startswith("application/json"):
            raise Refusal(4000, "Request parameter error: Content-Type")
        try:
            body = request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refusal(4000, "Request parameter error: the body is no JSON object")
        return body

    async def meet(self, exchange, behaviour):
        """What happens before anything is done; whether that was the answer."""
        exchange.record["behaviour"] = behaviour["name"]
        if await meet(self.gate, exchange, behaviour):
            return True
        if behaviour["body"] is not None:
            await self.json(exchange, behaviour["status"] or 200, behaviour["body"], behaviour)
        elif behaviour["code"] is not None:
            exchange.record["code"] = behaviour["code"]
            await self.reply(exchange, Refusal(behaviour["code"], behaviour["msg"], behaviour["status"] or 200), behaviour=behaviour)
        return behaviour["body"] is not None or behaviour["code"] is not None

    async def json(self, exchange, status, body, behaviour=DEFAULTS):
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        headers = [["X-Tt-Logid", exchange.record["log_id"]], *behaviour["headers"].items()]
        await exchange.answer(status, text.encode(), headers, behaviour["content_type"])

    async def reply(self, exchange, refusal, data=None, behaviour=DEFAULTS):
        """Coze's envelope."""
        detail = {"detail": {"logid": exchange.record["log_id"]}}
        if refusal is None:
            more = data if isinstance(data, Whole) else {"data": data}
            return await self.json(exchange, 200, {"code": 0, "msg": "", **more, **detail})
        code = refusal.code
        if self.options["dialect"] == "studio" and code < 10_000:
            code = 103_000_000 + code
        await self.json(exchange, refusal.status, {"code": code, "msg": refusal.msg, **detail}, behaviour)

    async def token(self, exchange):
        """A JWT is used up even where the answer fails."""
        token = self.issuer.issue(exchange.request, self.options)
        exchange.record["session_name"] = self.issuer.tokens[token["access_token"]]["session_name"]
        if await self.meet(exchange, self.script.choose("token")):
            del self.issuer.tokens[token["access_token"]]
        else:
            await self.json(exchange, 200, token)

    async def chat(self, exchange, name, body, identity):
        begin = chats.workflow_chat if name == "workflow_chat" else chats.bot_chat
        chat = begin(self, exchange, body, identity)
        if chat.conversation.running():
            raise Refusal(4016)
        chat.behaviour = self.script.choose("chat", chat.question)
        if await self.meet(exchange, chat.behaviour):
            return
        self.state_of.begin(chat)
        exchange.record |= {"chat_id": chat.id, "conversation_id": chat.conversation.id}
        if chat.is_stream:
            await chats.play(self, exchange, chat)
        else:
            chat.status = chat.behaviour["first_status"]
            await self.reply(exchange, None, chats.shown(self, chat))

    def asked_chat(self, exchange, body, identity):
        query = exchange.request.query | {name: body[name] for name in ("conversation_id", "chat_id") if name in body}
        conversation = self.state_of.conversation(query.get("conversation_id"), identity, self.options["foreign_code"])
        return self.state_of.chat(query.get("chat_id"), conversation)

    def retrieve_chat(self, exchange, body, identity):
        chat = self.asked_chat(exchange, body, identity)
        chats.advance(chat)
        return chats.shown(self, chat)

    def list_messages(self, exchange, body, identity):
        return chats.messages(self.asked_chat(exchange, body, identity))

    def cancel(self, exchange, body, identity):
        chat = self.asked_chat(exchange, body, identity)
        self.state_of.cancels.append({"at": time.time(), "chat_id": chat.id, "was": chat.status})
        if chat.status not in RUNNING:
            raise Refusal(4104)
        chat.end("canceled")
        chat.cancelled.set()
        return chats.shown(self, chat)

    async def submit(self, exchange, body, identity):
        chat = self.asked_chat(exchange, body, identity)
        outputs = body.get("tool_outputs")
        refuse_unless(chat.status == "requires_action", "the chat requires no action")
        calls = [call["id"] for call in chat.behaviour["requires_action"]]
        is_list = isinstance(outputs, list) and all(isinstance(output, dict) for output in outputs)
        refuse_unless(is_list and sorted(str(output.get("tool_call_id")) for output in outputs) == sorted(calls), "tool_outputs")
        refuse_unless(all(isinstance(output.get("output"), str) for output in outputs), "tool_outputs")
        chat.outputs += outputs
        chat.status, chat.polls, chat.is_stream = "created", [], body.get("stream", False)
        chat.behaviour = self.script.item("ok")["parameters"] | {"pieces": [f"You said: {outputs[0]['output']}"]}
        if chat.is_stream:
            await chats.play(self, exchange, chat)
            return None
        chat.status = chat.behaviour["first_status"]
        return chats.shown(self, chat)


def arguments():
    parser = serving.parser(__doc__)
    parser.add_argument("--public-key", metavar="FILE", help="PEM; without it no JWT is taken")
    parser.add_argument("--key-id", default="key-1", help="kid: the public key's fingerprint")
    parser.add_argument("--app-id", default="310000000002", help="iss: the OAuth app")
    parser.add_argument("--audience", action="append", default=[], help="aud; else the Host header, with or without its port")
    parser.add_argument("--personal-token", action="append", default=[])
    parser.add_argument("--options", type=json.loads, default={}, help="JSON: as `options` of the control route, for good")
    return parser.parse_args()


def main():
    options = arguments()
    issuer = Issuer(options.public_key, options.key_id, options.app_id, options.audience, options.personal_token)
    serving.run(Coze(issuer, OPTIONS | options.options), options)


if __name__ == "__main__":
    main()
