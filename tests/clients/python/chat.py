"""A shop's developer with the generated client: chats as a customer, reads the session, and meets a problem."""

import sys
import uuid
from typing import cast

from desk_client import AuthenticatedClient, Client
from desk_client.api.customer import chat, create_conversation, show_session
from desk_client.models import ChatAnswer, ChatRequest, ConversationAnswer, CreateRequest, Problem, SessionAnswer

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
