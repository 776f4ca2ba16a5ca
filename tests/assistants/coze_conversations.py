"""Conversations of the stand-in for Coze: made, shown, cleared, deleted; their messages."""

import time

import coze_checks as checks
from coze_state import Conversation, new_id


class Whole(dict):
    """Fields that stand beside `code`, not in `data`."""


class Conversations:
    """Needs `state_of` and `options`."""

    def create(self, exchange, body, identity):
        name, messages = body.get("name", ""), body.get("messages", [])
        checks.refuse_unless(isinstance(name, str) and len(name) <= 100, "name")
        checks.refuse_unless(isinstance(messages, list) and len(messages) <= 16, "messages", 4004)
        checks.check_meta_data(body)
        connector = body.get("connector_id", "1024")
        made = Conversation(identity, connector, body.get("bot_id"), name, body.get("meta_data", {}), messages=list(messages))
        return self.state_of.add(made).shown()

    def owned(self, id, identity):
        return self.state_of.conversation(id, identity, self.options["foreign_code"])

    def retrieve_conversation(self, exchange, body, identity):
        return self.owned(exchange.request.query.get("conversation_id"), identity).shown()

    def list_conversations(self, exchange, body, identity):
        bot = exchange.request.query.get("bot_id")
        own = [one for one in self.state_of.conversations.values() if one.creator == identity and not one.is_deleted]
        return {"conversations": [one.shown() for one in own if one.bot_id == bot], "has_more": False}

    def clear(self, exchange, body, identity, id):
        conversation = self.owned(id, identity)
        conversation.section_id, conversation.messages = new_id(), []
        conversation.clears += 1
        return {"id": conversation.section_id, "conversation_id": conversation.id}

    def rename(self, exchange, body, identity, id):
        conversation = self.owned(id, identity)
        conversation.name = body.get("name", conversation.name)
        return conversation.shown()

    def delete(self, exchange, body, identity, id):
        conversation = self.owned(id, identity)
        conversation.is_deleted = True
        self.state_of.deletes.append({"at": time.time(), "conversation_id": id, "identity": identity})
        return None

    def conversation_messages(self, exchange, body, identity):
        asked = exchange.request.query.get("conversation_id") or body.get("conversation_id")
        messages = self.owned(asked, identity).messages
        first, last = (messages[place].get("id", "") if messages else "" for place in (0, -1))
        return Whole(data=messages, first_id=first, last_id=last, has_more=False)

    def create_message(self, exchange, body, identity):
        conversation = self.owned(exchange.request.query.get("conversation_id"), identity)
        checks.check_messages([{**body, "role": "user"}], 1, ("text", "object_string"))
        made = {"id": new_id(), "conversation_id": conversation.id, **body}
        conversation.messages.append(made)
        return made

    def found_message(self, exchange, identity):
        query = exchange.request.query
        conversation = self.owned(query.get("conversation_id"), identity)
        found = next((one for one in conversation.messages if one.get("id") == query.get("message_id")), None)
        checks.refuse_unless(found is not None, "message_id")
        return conversation, found

    def one_message(self, exchange, body, identity):
        return self.found_message(exchange, identity)[1]

    def modify_message(self, exchange, body, identity):
        _, message = self.found_message(exchange, identity)
        message |= {name: body[name] for name in ("content", "content_type", "meta_data") if name in body}
        return message

    def delete_message(self, exchange, body, identity):
        conversation, message = self.found_message(exchange, identity)
        conversation.messages.remove(message)
        return message
