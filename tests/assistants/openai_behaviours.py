"""Behaviours of the OpenAI-compatible server by name, what their parameters are, and what distinguishes the servers that it stands for.

A fault happens at a point of the stream: `request` (before the head), `head` (after it), `start` (after the first chunk), a number
(after so many pieces of text), `finish` (after the chunk with finish_reason), `usage` (before `[DONE]`).
A parameter of STYLE that is None is as the dialect has it.
"""

import delivery

OK_PIECES = ["您可以在 ", "30 天内", "退货 🚲, free", " of charge."]
USAGE = {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21}

STYLE = {
    "usage_place": "separate",  # "last_chunk", "every", "always" (without being asked), "none"
    "role": "first",  # "every", "none"
    "first_chunk": None,  # "prompt_filter": Azure's, without choices
    "chunk_id": "unique",  # "empty", "small"
    "reasoning_field": "reasoning_content",  # or "reasoning"
    "error_shape": "openai",  # "numbered" (code is the status), "flat" (no wrapper), "string"
    "fragments": "openai",  # of tool calls: "whole", "repeated_ids", "empty_ids", "no_index"
}
DIALECTS = {
    "openai": {"bases": ["/v1"]},
    "azure": {"bases": ["/openai/deployments/{deployment}", "/openai/v1"], "first_chunk": "prompt_filter"},
    "vllm": {"bases": ["/v1"], "usage_place": "every", "error_shape": "numbered"},
    "vllm_old": {"bases": ["/v1"], "error_shape": "flat"},
    "sglang": {"bases": ["/v1"], "error_shape": "flat"},
    "llama.cpp": {"bases": ["/v1", ""], "error_shape": "numbered"},
    "llama.cpp_old": {"bases": ["/v1", ""], "usage_place": "last_chunk", "error_shape": "numbered"},
    "ollama": {"bases": ["/v1"], "chunk_id": "small", "role": "every", "fragments": "whole"},
    "deepseek": {"bases": ["", "/v1", "/beta"], "usage_place": "last_chunk"},
    "qwen": {"bases": ["/compatible-mode/v1"], "fragments": "empty_ids"},
    "gateway": {"bases": ["/v1", "/api/v1"], "chunk_id": "empty", "role": "none", "usage_place": "always", "fragments": "repeated_ids"},
}

DEFAULTS = delivery.DEFAULTS | dict.fromkeys(STYLE) | {
    "name": "ok",
    "dialect": None,  # None: the server's
    # What is said.
    "pieces": OK_PIECES,
    "reasoning": [],  # pieces of reasoning before the text
    "huge_piece_bytes": 0,
    "rounds": [],  # tool calls, round by round: [[{"name": …, "arguments": {…}}, …], …]; name null: the first tool of the request
    "endless": False,  # the last round again and again, while tools may be called
    "preamble": [],  # text before tool calls
    "argument_size": 3,  # characters of arguments in a chunk
    "legacy_call": None,  # {"name", "arguments"} as delta.function_call
    "finish_reason": None,  # None: stop, or tool_calls
    "finish": "own",  # the chunk with finish_reason: "with_last", "missing"
    "done": True,  # whether [DONE] comes
    "after_done": False,  # more after [DONE]
    "noise": False,  # chunks without choices, with null choices, null deltas, null and empty contents
    "usage": USAGE,
    # What goes wrong.
    "fault": None,  # stall, keep_alive, eof, cut, reset, mid_line, mid_character, malformed, invalid_utf8, error_chunk
    "at": 2,
    "chunk_shape": "wrapped",  # of the error in the stream: "flat", "with_choices", "string"
    "done_after_error": True,
    # Refusals: a status with the fields of an error, or with a whole body.
    "status": None,
    "message": "it went wrong",
    "type": None,
    "code": None,
    "param": None,
    "retry_after": None,
    "headers": {},
    "body": None,
    "content_type": "application/json",
    "inner_error": None,
    # Embeddings.
    "shuffled": False,  # data in another order than the inputs
    "missing": 0,  # so many vectors too few
    "dimensions": None,  # another length than usual
    "nonsense": None,  # "nulls", "strings", "zeros"
}


def refused(status, code, message, type="invalid_request_error", **more):
    return {"status": status, "code": code, "message": message, "type": type, **more}


def out_of_quota(code):
    return refused(429, code, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota")


FILTERED = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"violence": {"filtered": True, "severity": "medium"}}}
TOO_LONG = "This model's maximum context length is 8192 tokens."
CALL = {"name": None, "arguments": {"question": "退货 \"how\"?", "urgent": False}}
REFUSALS = {
    "error": {"status": 400, "type": "invalid_request_error"},
    "bad_request": refused(400, None, "Invalid value for 'messages'."),
    "context_length_exceeded": refused(400, "context_length_exceeded", TOO_LONG, param="messages"),
    "content_filter_refusal": refused(400, "content_filter", "The response was filtered.", None, param="prompt", inner_error=FILTERED),
    "data_inspection_failed": refused(400, "data_inspection_failed", "Input data may contain inappropriate content."),
    "data_inspection_failed_old": refused(400, "DataInspectionFailed", "Input data may contain inappropriate content.", None),
    "arrearage": refused(400, "Arrearage", "Access denied, please make sure your account is in good standing.", "Arrearage"),
    "invalid_parameter": refused(400, "InvalidParameter", "InternalError.Algo.InvalidParameter", None),
    "unauthorized": refused(401, "invalid_api_key", "Incorrect API key provided."),
    "insufficient_balance": refused(402, "invalid_request_error", "Insufficient Balance", "unknown_error"),
    "forbidden": refused(403, "unsupported_country_region_territory", "Country, region, or territory not supported", "request_forbidden"),
    "model_not_found": refused(404, "model_not_found", "The model does not exist or you do not have access to it."),
    "not_found_page": {"status": 404, "body": "404 page not found", "content_type": "text/plain"},
    "unprocessable": refused(422, "invalid_request_error", "Failed to deserialize the JSON body"),
    "rate_limited": refused(429, "rate_limit_exceeded", "Rate limit reached for requests", "requests"),
    "rate_limited_retry_after": refused(429, "rate_limit_exceeded", "Rate limit reached", "tokens", retry_after=1),
    "rate_limited_date": refused(429, "rate_limit_exceeded", "Rate limit reached", "tokens", retry_after="date"),
    "slow_down": refused(429, "slow_down", "Slow down", "rate_limit_error"),
    "throttled": refused(429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.", "Throttling.RateQuota"),
    "rate_limited_empty": {"status": 429, "body": ""},
    "insufficient_quota": out_of_quota("insufficient_quota"),
    "credit_balance_exhausted": out_of_quota("credit_balance_exhausted"),
    "organization_spend_limit_exceeded": out_of_quota("organization_spend_limit_exceeded"),
    "project_spend_limit_exceeded": out_of_quota("project_spend_limit_exceeded"),
    "organization_usage_limit_exceeded": out_of_quota("organization_usage_limit_exceeded"),
    "server_error": refused(500, None, "The server had an error while processing your request.", "server_error"),
    "bad_gateway": {"status": 502, "body": "<html><h1>502 Bad Gateway</h1></html>", "content_type": "text/html"},
    "overloaded": refused(503, None, "The engine is currently overloaded, please try again later.", "server_error"),
    "overloaded_retry_after": refused(503, None, "Loading model", "unavailable_error", retry_after=1),
    "gateway_timeout": {"status": 504, "body": "<html><h1>504 Gateway Time-out</h1></html>", "content_type": "text/html"},
    "error_flat": refused(400, None, TOO_LONG, "BadRequestError", error_shape="flat"),
    "error_string": refused(500, None, "llama runner process has terminated", error_shape="string"),
    "error_in_200": refused(200, "internal_error", "the upstream failed", "upstream_error"),
    "not_json": {"status": 200, "body": "{\"choices\":[{"},
    "html_in_200": {"status": 200, "body": "<html>Sign in</html>", "content_type": "text/html"},
    "ndjson": {
        "status": 200, "content_type": "application/x-ndjson",
        "body": '{"model":"m","message":{"role":"assistant","content":"LEAK"},"done":false}\n{"model":"m","done":true}\n',
    },
}

PRESETS = REFUSALS | {
    "ok": {},
    # Spelling.
    "tight": {"spacing": "tight"},
    "crlf": {"newline": "\r\n"},
    "cr": {"newline": "\r"},
    "bytes": {"write": "bytes"},
    "split_utf8": {"write": "split"},
    "joined": {"write": "joined"},
    "odd_writes": {"write_size": 7},
    "escaped": {"escapes": True},
    "data_lines": {"data_lines": True},
    "byte_order_mark": {"byte_order_mark": True},
    "comments": {"comments": "OPENROUTER PROCESSING", "blank_lines": 2},
    "queued": {"comments": "keep-alive", "delay_ms": 300},
    "huge_piece": {"huge_piece_bytes": 3_000_000},
    "no_final_newline": {"final_newline": False},
    "close_framing": {"framing": "close"},
    "open_after_done": {"open_after_done": True},
    "after_done": {"after_done": True},
    # What is said.
    "reasoning": {"reasoning": ["让我想想 ", "LEAK thought"]},
    "reasoning_newer": {"reasoning": ["让我想想 ", "LEAK thought"], "reasoning_field": "reasoning"},
    "noise": {"noise": True},
    "azure_first_chunk": {"first_chunk": "prompt_filter"},
    "usage_in_last_chunk": {"usage_place": "last_chunk"},
    "usage_in_every_chunk": {"usage_place": "every"},
    "usage_unasked": {"usage_place": "always"},
    "no_usage": {"usage_place": "none"},
    "finish_with_last": {"finish": "with_last"},
    "length": {"finish_reason": "length"},
    "content_filter": {"finish_reason": "content_filter"},
    "content_filter_at_once": {"finish_reason": "content_filter", "pieces": []},
    "long_answer": {"repeat": 2_000},
    "empty_answer": {"pieces": []},
    "finish_unknown": {"finish_reason": "eos"},
    "no_done": {"done": False},
    # Tools.
    "calls_a_tool": {"rounds": [[CALL]]},
    "calls_a_tool_after_text": {"rounds": [[CALL]], "preamble": ["Let me ", "look."]},
    "calls_whole": {"rounds": [[CALL]], "fragments": "whole"},
    "calls_with_repeated_ids": {"rounds": [[CALL]], "fragments": "repeated_ids"},
    "calls_with_empty_ids": {"rounds": [[CALL]], "fragments": "empty_ids"},
    "calls_without_index": {"rounds": [[CALL]], "fragments": "no_index"},
    "calls_finished_by_stop": {"rounds": [[CALL]], "finish_reason": "stop"},
    "parallel_calls": {"rounds": [[CALL, CALL]]},
    "two_rounds": {"rounds": [[CALL], [CALL]]},
    "endless_calls": {"rounds": [[CALL]], "endless": True},
    "unknown_tool": {"rounds": [[{"name": "rm_rf", "arguments": {}}]]},
    "broken_arguments": {"rounds": [[{"name": None, "arguments": '{"question": '}]]},
    "empty_arguments": {"rounds": [[{"name": None, "arguments": ""}]]},
    "legacy_call": {"legacy_call": {"name": "lookup", "arguments": "{}"}, "pieces": [], "finish_reason": "function_call"},
    "thinking_calls": {"rounds": [[CALL]], "reasoning": ["I must ", "look it up."]},
    # Failures in the stream.
    "error_in_stream": {"fault": "error_chunk"},
    "error_in_stream_at_once": {"fault": "error_chunk", "at": "head"},
    "error_in_stream_flat": {"fault": "error_chunk", "chunk_shape": "flat"},
    "error_in_stream_with_choices": {"fault": "error_chunk", "chunk_shape": "with_choices", "done_after_error": False},
    "error_in_stream_string": {"fault": "error_chunk", "chunk_shape": "string", "done_after_error": False},
    "truncated": {"fault": "eof"},
    "truncated_at_once": {"fault": "eof", "at": "head"},
    "truncated_mid_line": {"fault": "mid_line"},
    "truncated_mid_character": {"fault": "mid_character", "at": 1},
    "finished_without_done": {"fault": "eof", "at": "finish"},
    "cut": {"fault": "cut"},
    "reset": {"fault": "reset"},
    "reset_before_head": {"fault": "reset", "at": "request"},
    "close_before_head": {"fault": "cut", "at": "request"},
    "stall_before_head": {"fault": "stall", "at": "request"},
    "stall_before_first_byte": {"fault": "stall", "at": "head"},
    "stall_midway": {"fault": "stall"},
    "stall_before_done": {"fault": "stall", "at": "usage"},
    "keep_alive_for_ever": {"fault": "keep_alive", "at": "head"},
    "keep_alive_midway": {"fault": "keep_alive"},
    "keep_alive_then_closed": {"fault": "keep_alive", "at": "head", "stall_ms": 300, "after_stall": "eof"},
    "waits_with_comments": {"fault": "keep_alive", "at": "head", "stall_ms": 300, "comments": "OPENROUTER PROCESSING"},
    "malformed": {"fault": "malformed"},
    "invalid_utf8": {"fault": "invalid_utf8"},
    "slow": {"delay_ms": 300, "piece_delay_ms": 200},
    # Embeddings (with "on": "embeddings").
    "shuffled": {"shuffled": True},
    "too_few_vectors": {"missing": 1},
    "other_dimensions": {"dimensions": 3},
    "null_vectors": {"nonsense": "nulls"},
    "string_vectors": {"nonsense": "strings"},
    "zero_vectors": {"nonsense": "zeros"},
}


def style(behaviour, dialect):
    """The behaviour with every parameter of STYLE decided."""
    own = DIALECTS[behaviour["dialect"] or dialect]
    decided = {name: own.get(name, usual) if behaviour[name] is None else behaviour[name] for name, usual in STYLE.items()}
    return behaviour | decided
