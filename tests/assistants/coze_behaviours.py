"""Coze's behaviours by name, and what their parameters are.

A fault happens at a point of the stream: `request` (before the head), `head` (after it), `in_progress` (after the two first events), a
number (after so many pieces of text), `answer` (after the answer's end), `completed` (after chat.completed, before done).
"""

import delivery

OK_PIECES = ["您可以在 ", "30 天内", "退货 🚲, free", " of charge."]
CALL = {"id": "call_7480001", "type": "function", "function": {"name": "hand_over", "arguments": '{"reason":"wants a person"}'}}

DEFAULTS = delivery.DEFAULTS | {
    "name": "ok",
    # What is said.
    "pieces": OK_PIECES,
    "answers": None,  # several answers, each a list of pieces; stands in for `pieces`
    "interleaved": False,  # the pieces of several answers take turns
    "kinds": ["verbose"],  # other messages around the answer: see coze_steps.py, BEFORE and AFTER
    "reasoning": [],  # pieces of reasoning_content before the answer
    "deltas": True,  # False: the text comes only with message.completed
    "message_completed": True,  # False: the text comes only in pieces
    "completed_text": None,  # what message.completed says instead of the pieces together
    "huge_line_bytes": 0,  # a verbose message of so many bytes before the answer
    "huge_piece_bytes": 0,  # a last piece of so many bytes
    "unknown_events": False,
    "sparse": False,  # usage {}, last_error.code null, no times
    "usage": {"token_count": 32, "output_count": 11, "input_count": 21},
    "status_spelling": None,  # how the end's status is spelled, like the documents' "compleated"
    "requires_action": None,  # tool calls, with which the chat stops
    "done": None,  # "string", "bare", "debug_url", "empty", "no_data", "missing"; None: as the endpoint does
    # What goes wrong.
    "fault": None,  # stall, keep_alive, eof, cut, reset, mid_line, mid_character, malformed, invalid_utf8, failed, error_event
    "at": 2,
    "last_error": {"code": 5000, "msg": "event interval error"},
    "bare_failure": False,  # chat.failed with {code, msg} alone
    "error_data": {},  # of event:error
    "done_after_failure": True,
    "then": "completed",  # the chat's status after a stream that broke off
    # Refusals before the stream.
    "code": None,
    "msg": None,
    "status": None,
    "body": None,  # the whole body, instead of the envelope
    "content_type": "application/json",
    "headers": {},
    # Without a stream.
    "first_status": "in_progress",  # of the answer that begins it; or "created"
    "polls": 1,  # how many times retrieve says in_progress; null: for ever
    "final": None,  # the status at the end, where it is not the one that follows from the rest
    "list_order": "odd",  # of message/list: "odd" (verbose first) or "reversed"
}

EVERYTHING = [
    "knowledge", "knowledge_recall", "function_call", "tool_output", "tool_response", "question", "other_deltas", "audio",
    "card", "object_string", "verbose", "empty_result", "follow_up",
]

PRESETS = {
    "ok": {},
    # Spelling.
    "tight": {"spacing": "tight"},
    "spaced": {"spacing": "spaced"},
    "crlf": {"newline": "\r\n"},
    "cr": {"newline": "\r"},
    "bytes": {"write": "bytes"},
    "split_utf8": {"write": "split"},
    "joined": {"write": "joined"},
    "odd_writes": {"write_size": 7},
    "escaped": {"escapes": True},
    "data_lines": {"data_lines": True},
    "byte_order_mark": {"byte_order_mark": True},
    "comments": {"comments": "keep-alive: data:{}", "blank_lines": 2},
    "unknown_events": {"unknown_events": True},
    "long_line": {"huge_line_bytes": 10_000},
    "huge_line": {"huge_line_bytes": 5_000_000},
    "huge_piece": {"huge_piece_bytes": 3_000_000},
    "no_final_newline": {"final_newline": False},
    "close_framing": {"framing": "close"},
    "open_after_done": {"open_after_done": True},
    "done_empty": {"done": "empty"},
    "done_without_data": {"done": "no_data"},
    "done_bare": {"done": "bare"},
    "sparse": {"sparse": True},
    "misspelled": {"status_spelling": "compleated"},
    # What is said.
    "two_answers": {"answers": [["第一个答案。", " First."], ["第二个", "答案。"]]},
    "interleaved_answers": {"answers": [["第一", "个。"], ["第二", "个。"]], "interleaved": True},
    "everything": {"kinds": EVERYTHING, "reasoning": ["让我想想 ", "secret thought"]},
    "reasoning": {"reasoning": ["让我想想 ", "secret thought"]},
    "only_completed": {"deltas": False},
    "only_deltas": {"message_completed": False},
    "completed_differs": {"completed_text": "What counts is this text."},
    "empty_result": {"pieces": [], "kinds": ["empty_result", "verbose"]},
    "long_answer": {"repeat": 2_000},
    "empty_answer": {"pieces": [""]},
    "no_messages": {"pieces": [], "kinds": []},
    "requires_action": {"requires_action": [CALL], "pieces": []},
    "requires_action_after_text": {"requires_action": [CALL]},
    # Failures in the stream.
    "failed": {"fault": "failed", "at": "in_progress"},
    "failed_midway": {"fault": "failed", "at": 2},
    "failed_bare": {"fault": "failed", "bare_failure": True, "last_error": {"code": 701231, "msg": "error"}},
    "failed_without_done": {"fault": "failed", "done_after_failure": False},
    "error_event": {"fault": "error_event", "at": "in_progress"},
    "error_event_with_code": {"fault": "error_event", "error_data": {"code": 4000, "msg": "Request parameter error"}},
    "error_event_at_once": {"fault": "error_event", "at": "head", "error_data": {"code": 4011, "msg": "balance is empty"}},
    "eof_without_done": {"fault": "eof", "at": 2},
    "eof_at_once": {"fault": "eof", "at": "head"},
    "eof_after_answer": {"fault": "eof", "at": "answer"},
    "eof_after_completed": {"fault": "eof", "at": "completed"},
    "eof_mid_line": {"fault": "mid_line", "at": 2},
    "eof_mid_character": {"fault": "mid_character", "at": 1},
    "cut": {"fault": "cut", "at": 2},
    "reset": {"fault": "reset", "at": 2},
    "reset_before_head": {"fault": "reset", "at": "request"},
    "close_before_head": {"fault": "cut", "at": "request"},
    "stall_before_head": {"fault": "stall", "at": "request"},
    "stall_before_first_byte": {"fault": "stall", "at": "head"},
    "stall_before_text": {"fault": "stall", "at": "in_progress"},
    "stall_midway": {"fault": "stall", "at": 2},
    "stall_before_done": {"fault": "stall", "at": "completed"},
    "keep_alive_for_ever": {"fault": "keep_alive", "at": "in_progress"},
    "keep_alive_then_closed": {"fault": "keep_alive", "at": "in_progress", "stall_ms": 300, "after_stall": "eof"},
    "malformed": {"fault": "malformed"},
    "invalid_utf8": {"fault": "invalid_utf8"},
    "slow": {"delay_ms": 300, "piece_delay_ms": 200},
    "created_first": {"first_status": "created", "polls": 2},
    "never_finishes": {"polls": None},
    "canceled": {"final": "canceled"},
    # Refusals: `error` with a code; the others are frequent ones.
    "error": {"code": 4000},
    "error_4xx": {"code": 4000, "status": 400},
    "json_as_stream": {"code": 4000, "content_type": "text/event-stream"},
    "http_error": {"status": 500, "body": ""},
    "unauthorized": {"status": 401, "code": 4100},
    "token_invalid": {"code": 700012006},
    "too_many_requests": {"status": 429, "code": 4020},
    "bad_gateway": {"status": 502, "body": "<html><h1>502 Bad Gateway</h1></html>", "content_type": "text/html"},
    "internal_error_of_tokens": {"status": 500, "body": {"error_code": "internal_error", "error_message": "Service internal error."}},
    "app_deactivated": {
        "status": 403,
        "body": {"error_code": "access_deny", "error_message": "app 310000000002 is currently deactivated by the owner"},
    },
    "not_json": {"status": 200, "body": "{\"code\":", "content_type": "application/json"},
}

MESSAGES = {
    4000: "Request parameter error", 4001: "Invalid chat", 4002: "Invalid conversation", 4003: "Invalid meta_data",
    4004: "The number of additional_messages exceeds the limit", 4005: "Invalid message", 4006: "Invalid bot",
    4007: "When stream is false, auto_save_history must be true", 4008: "Daily limit exceeded", 4009: "System request limit exceeded",
    4010: "The prompt is too long", 4011: "Coze token balance is not enough", 4012: "Invalid model", 4013: "Model error",
    4014: "The model cannot answer", 4015: "The bot_id has not been published to the channel Agent As API",
    4016: "Conversation occupied: a chat is running in it", 4019: "Volcano balance is not enough", 4020: "RPM limit exceeded",
    4021: "The workflow is not configured", 4022: "The model is in arrears", 4100: "authentication is invalid",
    4101: "The token has no permission to use the resource", 4102: "Hit risk control", 4104: "The chat cannot be cancelled",
    4105: "Sensitive content", 4200: "Requested resource does not exist or is not published", 4201: "Member exists",
    4314: "Workflow run not found", 4315: "Workflow run finished", 5000: "Internal error", 700012006: "access token invalid",
}
