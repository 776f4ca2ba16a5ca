"""What the stand-in for Coze remembers: conversations with their creators, chats with their status.

Invariants: a conversation has at most one running chat; it is usable only by the identity that created it, except the shared default
conversation of an app, which everybody gets who names none (the trap that the client must not step into).
"""

import asyncio
import itertools
import random
import time
from dataclasses import dataclass, field

from coze_behaviours import MESSAGES

RUNNING = {"created", "in_progress"}

_numbers = itertools.count(random.randrange(7_300_000_000, 7_500_000_000) * 10**9, 1_009)


class Refusal(Exception):
    """An error by Coze's code, in its envelope."""

    def __init__(self, code, msg=None, status=200):
        super().__init__(code)
        self.code, self.msg, self.status = code, msg or MESSAGES.get(code, "error"), status


def new_id():
    """19 digits."""
    return str(next(_numbers))


def new_log_id():
    return time.strftime("%Y%m%d%H%M%S", time.gmtime()) + f"{random.getrandbits(80):020X}"


def shortened(message):
    """A message for the record, which is to stay small."""
    content = message.get("content")
    return message if not isinstance(content, str) or len(content) < 10_000 else message | {"content": f"{content[:1000]}…"}


@dataclass
class Conversation:
    creator: str
    connector_id: str = "1024"
    bot_id: str | None = None
    name: str = ""
    meta_data: dict = field(default_factory=dict)
    is_shared: bool = False
    id: str = field(default_factory=new_id)
    section_id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=lambda: int(time.time()))
    is_deleted: bool = False
    messages: list = field(default_factory=list)
    chats: list = field(default_factory=list)
    clears: int = 0

    def shown(self):
        """As the API shows it."""
        return {
            "id": self.id, "name": self.name, "meta_data": self.meta_data, "created_at": self.created_at,
            "updated_at": self.created_at, "creator_id": "2478774393250001", "connector_id": self.connector_id,
            "last_section_id": self.section_id,
        }

    def running(self):
        return next((chat for chat in self.chats if chat.status in RUNNING), None)

    def recorded(self):
        return self.shown() | {
            "creator": self.creator, "is_shared": self.is_shared, "is_deleted": self.is_deleted, "clears": self.clears,
            "chats": [chat.id for chat in self.chats], "messages": [shortened(message) for message in self.messages],
        }


@dataclass
class Chat:
    conversation: Conversation
    creator: str
    endpoint: str
    behaviour: dict
    question: str
    is_stream: bool
    is_saved: bool = True
    bot_id: str | None = None
    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=lambda: int(time.time()))
    status: str = "created"
    last_error: dict | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    polls: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    ended_at: float | None = None
    client_left: bool = False
    answer_ids: dict = field(default_factory=dict)

    def answers(self):
        """The texts, each as its pieces."""
        several = self.behaviour["answers"]
        times = self.behaviour["repeat"]
        answers = [list(pieces) * times for pieces in (several if several is not None else [self.behaviour["pieces"]])]
        if size := self.behaviour["huge_piece_bytes"]:
            answers[-1].append("x" * size)
        return [pieces for pieces in answers if pieces]

    def answer_id(self, number):
        return self.answer_ids.setdefault(number, new_id())

    def text_of(self, pieces):
        """What counts as the answer's text at its end."""
        text = self.behaviour["completed_text"]
        return "".join(pieces) if text is None else text

    def end(self, status):
        """The chat's last status, unless it has one. A cancelled round is not kept as context."""
        if self.status not in RUNNING:
            return
        self.status, self.ended_at = status, time.time()
        if status == "completed" and self.is_saved:
            self.keep("user", "question", self.question, new_id())
            for number, pieces in enumerate(self.answers()):
                self.keep("assistant", "answer", self.text_of(pieces), self.answer_id(number))

    def keep(self, role, kind, content, id):
        """A message that stays in the conversation."""
        message = {"id": id, "conversation_id": self.conversation.id, "chat_id": self.id, "role": role, "type": kind, "content": content}
        self.conversation.messages.append(message | {"content_type": "text", "created_at": self.created_at})

    def recorded(self):
        gaps = [after - before for before, after in zip(self.polls, self.polls[1:])]
        return {
            "id": self.id, "conversation_id": self.conversation.id, "creator": self.creator, "endpoint": self.endpoint,
            "behaviour": self.behaviour["name"], "question": self.question, "is_stream": self.is_stream, "status": self.status,
            "cancelled": self.cancelled.is_set(), "polls": len(self.polls), "shortest_poll_gap": min(gaps, default=None),
            "outputs": self.outputs, "created_at": self.created_at, "ended_at": self.ended_at, "client_left": self.client_left,
            "answers": [shortened({"content": self.text_of(pieces)})["content"] for pieces in self.answers()],
        }


class State:
    def __init__(self):
        self.conversations, self.chats, self.shared = {}, {}, {}
        self.cancels, self.deletes = [], []

    def add(self, conversation):
        self.conversations[conversation.id] = conversation
        return conversation

    def conversation(self, id, creator, foreign_code=4002):
        """The one of this creator."""
        found = self.conversations.get(id) if isinstance(id, str) else None
        if found is None or found.is_deleted:
            raise Refusal(4002)
        if found.creator != creator and not found.is_shared:
            raise Refusal(foreign_code, f"{MESSAGES[foreign_code]}: it was created by another identity")
        return found

    def default_conversation(self, app_id, name, creator):
        """What everybody gets who names no conversation of an app."""
        key = (app_id, name)
        if key not in self.shared:
            self.shared[key] = self.add(Conversation(creator, name=name, is_shared=True))
        return self.shared[key]

    def chat(self, id, conversation):
        found = self.chats.get(id) if isinstance(id, str) else None
        if found is None or found.conversation is not conversation:
            raise Refusal(4001)
        return found

    def begin(self, chat):
        if chat.conversation.running():
            raise Refusal(4016)
        chat.conversation.chats.append(chat)
        self.chats[chat.id] = chat
        return chat

    def recorded(self):
        return {
            "conversations": [one.recorded() for one in self.conversations.values()],
            "chats": [one.recorded() for one in self.chats.values()],
            "cancels": self.cancels, "deletes": self.deletes,
        }
