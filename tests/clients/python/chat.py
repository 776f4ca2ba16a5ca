"""A shop's developer with the generated client: chats as a customer, reads the session, follows the stream, meets a problem, signs
in as staff and lists the sessions."""

import json
import os
import sys
import uuid
from typing import cast

from desk_client import AuthenticatedClient, Client
from desk_client.api.chat import chat, create_conversation, stream_chat
from desk_client.api.sessions import list_sessions, show_session
from desk_client.api.sign_in import sign_in
from desk_client.models import ChatAnswer, ChatRequest, ConversationAnswer, CreateRequest, ListAnswer, LoginAnswer
from desk_client.models import LoginRequest, Problem, SessionAnswer

url = sys.argv[1]
# The generator knows no operation that takes a token and does not need one; the first answer brings it.
without_token = cast(AuthenticatedClient, Client(base_url=url))
created = create_conversation.sync_detailed(client=without_token, body=CreateRequest(user_id="clients-py"))
assert isinstance(created.parsed, ConversationAnswer), created
token = created.headers["X-Visitor-Token"]

desk = AuthenticatedClient(base_url=url, token=token)
body = ChatRequest(message="How long is the warranty?", user_id="clients-py")
answer = chat.sync(client=desk, body=body, idempotency_key=str(uuid.uuid4()))
assert isinstance(answer, ChatAnswer) and answer.success and answer.message, answer
assert answer.session_name == "clients-py"

session = show_session.sync("clients-py", client=desk, min_position=answer.position)
assert isinstance(session, SessionAnswer), session
assert any(said.content == "How long is the warranty?" for said in session.data.session.history), session

missing = show_session.sync("another", client=desk)
assert isinstance(missing, Problem) and missing.code == "NOT_FOUND" and missing.status == 404, missing

asked = ChatRequest(message="And the battery?", user_id="clients-py")
stream = stream_chat.sync(client=desk, body=asked)
assert isinstance(stream, str), stream
kinds = [json.loads(line.removeprefix("data: "))["type"] for line in stream.splitlines() if line.startswith("data: ")]
assert kinds[0] == "accepted" and kinds[-1] == "done", kinds

login = LoginRequest(username="admin", password=os.environ["DESK_ADMIN_PASSWORD"], device_id="the device of a script")
signed_in = sign_in.sync(client=Client(base_url=url), body=login)
assert isinstance(signed_in, LoginAnswer), signed_in
staff = AuthenticatedClient(base_url=url, token=signed_in.access_token)
listed = list_sessions.sync(client=staff, min_position=answer.position, limit=200)
assert isinstance(listed, ListAnswer), listed
assert any(row.session_name == "clients-py" for row in listed.data.sessions), listed
