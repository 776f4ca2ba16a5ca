"""What messages and metadata must look like for Coze."""

import json

from coze_state import Refusal


def refuse_unless(is_right, what, code=4000):
    if not is_right:
        raise Refusal(code, f"Request parameter error: {what}" if code == 4000 else None)


def check_meta_data(body):
    data = body.get("meta_data", {})
    is_right = isinstance(data, dict) and len(data) <= 16 and all(
        isinstance(value, str) and 1 <= len(key) <= 64 and 1 <= len(value) <= 512 for key, value in data.items()
    )
    refuse_unless(is_right, "meta_data", 4003)


def check_messages(messages, most, content_types):
    """Returns the query: the last one, which must be the user's."""
    refuse_unless(isinstance(messages, list) and messages, "additional_messages")
    refuse_unless(len(messages) <= most, "additional_messages", 4004)
    for message in messages:
        refuse_unless(isinstance(message, dict), "additional_messages", 4005)
        refuse_unless(message.get("role") in ("user", "assistant"), "role", 4005)
        refuse_unless(message.get("type", "question") in ("question", "answer"), "type", 4005)
        refuse_unless(isinstance(message.get("content"), str) and message["content"], "content", 4005)
        refuse_unless(message.get("content_type", "text") in content_types, "content_type")
        check_object_string(message)
    refuse_unless(messages[-1]["role"] == "user", "the last message must be of role user")
    return messages[-1]["content"]


def check_object_string(message):
    if message.get("content_type") != "object_string":
        return
    try:
        refuse_unless(isinstance(json.loads(message["content"]), list), "object_string", 4005)
    except ValueError:
        raise Refusal(4005) from None
