"""What the self-tests of the stand-in for Coze share: a started server, tokens, requests, the text that a stream says."""

import json
import os
import tempfile
import time

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from coze_behaviours import OK_PIECES
from raw_client import KEY, ServerTest, signed

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
OAUTH = "/api/permission/oauth2/token"
TEXT = "".join(OK_PIECES)


def public_key_file():
    handle, name = tempfile.mkstemp(suffix=".pem")
    os.write(handle, KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    os.close(handle)
    return name


class CozeTest(ServerTest):
    script = "coze_server.py"
    file = public_key_file()
    arguments = ("--public-key", file, "--key-id", "kid-1", "--app-id", "31", "--personal-token", "pat_1")

    def jwt(self, header=(), key=KEY, **claims):
        now = int(time.time())
        usual = {"iss": "31", "aud": "127.0.0.1", "iat": now - 5, "exp": now + 600, "jti": os.urandom(16).hex(), "session_name": "s1"}
        return signed({"alg": "RS256", "typ": "JWT", "kid": "kid-1", **dict(header)}, usual | claims, key)

    def ask_token(self, jwt, **more):
        body = {"duration_seconds": 86399, "grant_type": GRANT} | more
        return self.server.call("POST", OAUTH, body, [f"Authorization: Bearer {jwt}"])

    def token(self, session="s1"):
        return self.ask_token(self.jwt(session_name=session)).json()["access_token"]

    def post(self, path, body=None, token="pat_1", method="POST", **more):
        return self.server.call(method, path, body, [f"Authorization: Bearer {token}"], **more)

    def conversation(self, token="pat_1", **body):
        return self.post("/v1/conversation/create", body, token).json()["data"]["id"]


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
