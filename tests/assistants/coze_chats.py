"""Chats of the stand-in for Coze: what a request must look like, the stream that is played, and everything that is asked about a chat.

A chat goes on when its client leaves: only its end or a cancel frees the conversation for the next one.
"""

import time

import delivery
from coze_checks import check_messages, check_meta_data, refuse_unless
from coze_state import RUNNING, Chat, Conversation, Refusal, new_id
from coze_steps import AFTER, BEFORE, chat_object, steps
from steps import break_off, stall

SECONDS_OF_SILENCE = 600


def workflow_chat(app, exchange, body, identity):
    """`POST /v1/workflows/chat`: the chat that it begins."""
    options = app.options
    refuse_unless(isinstance(body.get("workflow_id"), str) and body["workflow_id"], "workflow_id")
    given = [name for name in ("app_id", "bot_id") if name in body]
    refuse_unless(len(given) == 1, "exactly one of app_id and bot_id")
    refuse_unless(isinstance(body[given[0]], str) and body[given[0]], given[0])
    refuse_unless(isinstance(body.get("parameters"), dict), "parameters")
    ext = body.get("ext", {})
    refuse_unless(isinstance(ext, dict) and all(isinstance(value, str) for value in ext.values()), "ext")
    question = check_messages(body.get("additional_messages"), 50, ("text",))
    if body["workflow_id"] in options["unpublished"] or body[given[0]] in options["unpublished"]:
        raise Refusal(4200)
    warn_about_workflow(exchange, body)
    conversation = workflow_conversation(app, body, identity, given[0])
    return Chat(conversation, identity, "workflow", {}, question, True, bot_id=body.get("bot_id"))


def warn_about_workflow(exchange, body):
    warnings = exchange.record.setdefault("warnings", [])
    if "USER_INPUT" in body["parameters"]:
        warnings.append("USER_INPUT in parameters has no effect")
    if "CONVERSATION_NAME" in body["parameters"] and "conversation_id" in body:
        warnings.append("CONVERSATION_NAME is ignored when conversation_id is given")


def workflow_conversation(app, body, identity, kind):
    if "conversation_id" in body:
        return existing(app, body["conversation_id"], identity, body.get("connector_id", "1024"))
    if kind == "bot_id":
        return app.state_of.add(Conversation(identity, bot_id=body["bot_id"]))
    app.counts["shared_conversation_uses"] += 1
    return app.state_of.default_conversation(body["app_id"], body["parameters"].get("CONVERSATION_NAME", "Default"), identity)


def existing(app, id, identity, connector_id):
    conversation = app.state_of.conversation(id, identity, app.options["foreign_code"])
    if conversation.connector_id != connector_id:
        raise Refusal(app.options["foreign_code"], "the conversation belongs to another channel")
    return conversation


def bot_chat(app, exchange, body, identity):
    """`POST /v3/chat`: the chat that it begins."""
    options, id = app.options, exchange.request.query.get("conversation_id")
    for name in ("bot_id", "user_id"):
        refuse_unless(isinstance(body.get(name), str) and body[name], name)
    is_stream = body.get("stream", options["dialect"] == "studio")
    is_saved = body.get("auto_save_history", True)
    refuse_unless(isinstance(is_stream, bool) and isinstance(is_saved, bool), "stream or auto_save_history")
    refuse_unless(is_stream or is_saved, "auto_save_history", 4007)
    check_meta_data(body)
    question = check_messages(body.get("additional_messages"), 100, ("text", "object_string"))
    if options["bots"] is not None and body["bot_id"] not in options["bots"]:
        raise Refusal(4006)
    if body["bot_id"] in options["unpublished"]:
        raise Refusal(4015, f"The bot_id {body['bot_id']} has not been published to the channel Agent As API")
    if "conversation_id" in body:
        exchange.record.setdefault("warnings", []).append("conversation_id in the body has no effect; it belongs into the query")
    connector = body.get("connector_id", "1024")
    conversation = existing(app, id, identity, connector) if id else app.state_of.add(Conversation(identity, connector, body["bot_id"]))
    return Chat(conversation, identity, "v3", {}, question, is_stream, is_saved, bot_id=body["bot_id"])


async def play(app, exchange, chat):
    """The chat's stream from its head to its end."""
    sender = delivery.Delivery(exchange, chat.behaviour)
    more = [["X-Accel-Buffering", "no"]] if app.options["dialect"] == "studio" else []
    head = [["Content-Type", "text/event-stream"], ["Cache-Control", "no-cache"], ["X-Tt-Logid", exchange.record["log_id"]], *more]
    await exchange.begin(200, head, chat.behaviour["framing"])
    try:
        for step in steps(chat, app.options["dialect"] == "studio"):
            if step.is_piece and chat.behaviour["piece_delay_ms"]:
                await app.gate.wait(chat.behaviour["piece_delay_ms"] / 1000, chat.cancelled)
            if chat.cancelled.is_set():
                # The paper: a cancel does not close the stream. It falls silent.
                return await app.gate.wait(SECONDS_OF_SILENCE, exchange.left)
            if await take_step(app, exchange, chat, sender, step):
                return
        await sender.flush()
        if chat.behaviour["open_after_done"]:
            await app.gate.wait(SECONDS_OF_SILENCE, exchange.left)
        await sender.finish()
    finally:
        chat.client_left = exchange.left.is_set()
        chat.end(chat.behaviour["then"])


async def take_step(app, exchange, chat, sender, step):
    """Whether the stream is over."""
    if step.status in RUNNING:
        chat.status = step.status
    elif step.status:
        chat.last_error = chat.behaviour["last_error"] if step.status == "failed" else None
        chat.end(step.status)
    await sender.send(step.data)
    if step.fault is None:
        return False
    await sender.flush()
    if step.fault in ("stall", "keep_alive"):
        await stall(app.gate, exchange, chat.behaviour, chat.cancelled)
        return False
    chat.end(chat.behaviour["then"])
    await break_off(exchange, step.fault)
    return True


def advance(chat):
    """A chat without a stream gets on by being asked about."""
    chat.polls.append(time.time())
    if chat.is_stream or chat.status not in RUNNING:
        return
    chat.status = "in_progress"
    polls = chat.behaviour["polls"]
    if polls is None or len(chat.polls) <= polls or chat.behaviour["fault"] == "stall":
        return
    has_failed = chat.behaviour["fault"] in ("failed", "error_event")
    usual = "failed" if has_failed else "requires_action" if chat.behaviour["requires_action"] else "completed"
    chat.last_error = chat.behaviour["last_error"] if has_failed else None
    chat.end(chat.behaviour["final"] or usual)


def shown(app, chat):
    """The chat object as retrieve gives it."""
    is_running = chat.status in RUNNING
    spelled = {"canceled": "cancelled", "requires_action": "required_action"} if app.options["dialect"] == "studio" else {}
    status = spelled.get(chat.status, chat.status)
    if chat.status == "completed":
        status = chat.behaviour["status_spelling"] or status
    usage = {} if is_running else {"usage": chat.behaviour["usage"]}
    data = chat_object(chat, status, last_error=chat.last_error, **usage)
    if chat.status == "requires_action":
        calls = {"tool_calls": chat.behaviour["requires_action"]}
        data["required_action"] = {"type": "submit_tool_outputs", "submit_tool_outputs": calls}
    return data


def messages(chat):
    """What message/list gives: nothing before the end, and then in an order that nobody may count on."""
    if chat.status != "completed":
        return []
    answers = [message(chat, "answer", chat.text_of(pieces), chat.answer_id(number)) for number, pieces in enumerate(chat.answers())]
    others = [
        message(chat, kind, content, new_id(), role, content_type)
        for table in (AFTER, BEFORE) for name in chat.behaviour["kinds"]
        for event, role, kind, content, content_type in table.get(name, []) if event.endswith("completed")
    ]
    others.sort(key=lambda one: one["type"] != "verbose")
    middle = (len(others) + 1) // 2
    listed = others[:middle] + answers + others[middle:]
    return listed[::-1] if chat.behaviour["list_order"] == "reversed" else listed


def message(chat, kind, content, id, role="assistant", content_type="text"):
    return {
        "id": id, "conversation_id": chat.conversation.id, "bot_id": chat.bot_id, "chat_id": chat.id, "role": role, "type": kind,
        "content": content, "content_type": content_type, "created_at": chat.created_at, "meta_data": {},
    }
