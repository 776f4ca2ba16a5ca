"""What a request for chat completions must look like. Stricter than any one server: the union of what each of them refuses."""

import re

PARAMETERS = {
    "model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "n", "stop", "seed",
    "tools", "tool_choice", "parallel_tool_calls", "response_format", "user", "presence_penalty", "frequency_penalty", "logit_bias",
    "logprobs", "top_logprobs", "metadata", "store", "reasoning_effort", "service_tier", "safety_identifier", "prompt_cache_key",
}
MORE_PARAMETERS = {
    "qwen": {"enable_thinking", "thinking_budget", "enable_search"}, "vllm": {"chat_template_kwargs", "top_k"},
    "sglang": {"chat_template_kwargs", "top_k"}, "deepseek": {"thinking"}, "llama.cpp": {"cache_prompt", "chat_template_kwargs"},
    "ollama": {"keep_alive", "think"}, "gateway": {"provider", "transforms", "models"},
}
FIELDS = {
    "system": {"role", "content", "name"}, "developer": {"role", "content", "name"}, "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "refusal", "reasoning_content"}, "tool": {"role", "content", "tool_call_id"},
}
UNASKED = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
UNANSWERED = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Refused(Exception):
    """An error answer before anything is said."""

    def __init__(self, status, message, code=None, param=None, type="invalid_request_error"):
        super().__init__(message)
        self.fields = {"status": status, "message": message, "code": code, "param": param, "type": type}


def need(is_right, message, param=None):
    if not is_right:
        raise Refused(400, message, param=param)


def is_number(value, low, high):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def check(body, dialect, options, issued):
    """Refuses what some server would. `issued`: the tool calls that this server made, by id."""
    need(isinstance(body, dict), "We could not parse the JSON body of your request.")
    check_parameters(body, dialect, options)
    check_tools(body)
    messages = body.get("messages")
    need(isinstance(messages, list) and messages, "'messages' must be a non-empty array", "messages")
    for place, message in enumerate(messages):
        check_message(message, f"messages[{place}]")
    check_order(messages, options)
    check_calls(messages, issued, dialect)
    text = sum(len(text_of(message)) for message in messages)
    if options["context_characters"] is not None and text > options["context_characters"]:
        raise Refused(400, "This model's maximum context length is exceeded.", "context_length_exceeded", "messages")


def check_parameters(body, dialect, options):
    known = PARAMETERS | MORE_PARAMETERS.get(dialect, set())
    for name in body:
        need(name in known, f"Unrecognized request argument supplied: {name}", name)
        if name in options["unsupported"]:
            raise Refused(400, f"Unsupported parameter: '{name}' is not supported with this model.", "unsupported_parameter", name)
    need(isinstance(body.get("stream", False), bool), "'stream' must be a boolean", "stream")
    is_stream = body.get("stream", False)
    if not is_stream and options["stream_only"]:
        raise Refused(400, "This model only support stream mode, please enable the stream parameter", "invalid_parameter_error")
    check_stream_options(body, is_stream)
    need(is_number(body.get("temperature", 1), 0, 2), "'temperature' must be between 0 and 2", "temperature")
    need(is_number(body.get("top_p", 1), 0, 1), "'top_p' must be between 0 and 1", "top_p")
    limits = [name for name in ("max_tokens", "max_completion_tokens") if name in body]
    need(len(limits) < 2, "'max_tokens' and 'max_completion_tokens' exclude each other", "max_tokens")
    for name in limits:
        need(isinstance(body[name], int) and body[name] >= 1, f"'{name}' must be a positive integer", name)


def check_stream_options(body, is_stream):
    if "stream_options" not in body:
        return
    stream = body["stream_options"]
    need(is_stream, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    is_right = isinstance(stream, dict) and set(stream) <= {"include_usage", "include_obfuscation"}
    need(is_right and all(isinstance(value, bool) for value in stream.values()), "'stream_options' is wrong", "stream_options")


def check_tools(body):
    if "tools" not in body:
        need("tool_choice" not in body, "'tool_choice' is only allowed when 'tools' are specified.", "tool_choice")
        need("parallel_tool_calls" not in body, "'parallel_tool_calls' is only allowed when 'tools' are specified.", "parallel_tool_calls")
        return
    need(isinstance(body["tools"], list) and body["tools"], "'tools' must be a non-empty array", "tools")
    for tool in body["tools"]:
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        need(isinstance(function, dict), "a tool must be of type function", "tools")
        name = function.get("name")
        need(isinstance(name, str) and NAME.fullmatch(name), "the function's name is wrong", "tools")
        parameters = function.get("parameters", {"type": "object"})
        is_object = isinstance(parameters, dict) and parameters.get("type") == "object"
        need(is_object, "parameters must be a JSON schema of type object", "tools")
    names = tool_names(body)
    need(len(set(names)) == len(names), "two tools have the same name", "tools")
    check_choice(body.get("tool_choice", "auto"), names)


def check_choice(choice, names):
    if isinstance(choice, dict):
        need(choice.get("function", {}).get("name") in names, "'tool_choice' names no tool", "tool_choice")
    else:
        need(choice in ("none", "auto", "required"), "'tool_choice' is wrong", "tool_choice")


def tool_names(body):
    return [tool["function"]["name"] for tool in body.get("tools", [])]


def check_message(message, where):
    need(isinstance(message, dict), f"{where} is no object", where)
    role = message.get("role")
    need(role in FIELDS, f"{where}.role: {role!r} is not one of {sorted(FIELDS)}", where)
    more = set(message) - FIELDS[role]
    need(not more, f"{where}: additional properties are not allowed: {sorted(more)}", where)
    content = message.get("content")
    if role == "assistant" and message.get("tool_calls"):
        need(content is None or is_content(content, True), f"{where}.content is wrong", where)
    else:
        need(is_content(content, role == "tool"), f"{where}.content must be a text that is not empty", where)
    if "tool_calls" in message:
        need(isinstance(message["tool_calls"], list) and message["tool_calls"], f"{where}.tool_calls must not be empty", where)
        for call in message["tool_calls"]:
            need(is_call(call), f"{where}.tool_calls is wrong", where)


def is_content(content, may_be_empty):
    if isinstance(content, str):
        return bool(content) or may_be_empty
    return isinstance(content, list) and bool(content) and all(is_text_part(part) for part in content)


def is_text_part(part):
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def is_call(call):
    function = call.get("function") if isinstance(call, dict) and call.get("type") == "function" else None
    is_right = isinstance(function, dict) and isinstance(call.get("id"), str) and call["id"] and set(call) <= {"id", "type", "function"}
    return is_right and set(function) == {"name", "arguments"} and all(isinstance(value, str) for value in function.values())


def check_order(messages, options):
    """System messages first; the user or a tool has the last word."""
    roles = [message["role"] for message in messages]
    rest = [role for role in roles if role not in ("system", "developer")]
    need(rest and roles[-len(rest):] == rest, "System message must be at the beginning.", "messages")
    need(roles[-1] in ("user", "tool"), "The last message must be of role user or tool.", "messages")
    if options["alternating"]:
        turns = [role for role in rest if role != "tool"]
        pairs = zip(turns, turns[1:])
        is_right = rest[0] == "user" and len(roles) - len(rest) <= 1 and all(one != other or one == "assistant" for one, other in pairs)
        need(is_right, "Conversation roles must alternate user/assistant/user/assistant/...", "messages")


def check_calls(messages, issued, dialect):
    """Each call is answered right after it, once; what this server has issued comes back unchanged."""
    pending = []
    for message in messages:
        if message["role"] == "tool":
            need(message.get("tool_call_id") in pending, UNASKED)
            pending.remove(message["tool_call_id"])
            continue
        need(not pending, f"{UNANSWERED}: {pending}")
        pending = [call["id"] for call in message.get("tool_calls", [])]
        need(len(set(pending)) == len(pending), "two tool calls have the same id")
        for call in message.get("tool_calls", []):
            check_issued(call, message, issued, dialect)
    need(not pending, f"{UNANSWERED}: {pending}")


def check_issued(call, message, issued, dialect):
    known = issued.get(call["id"])
    if known is None:
        return
    need(call["function"] == known["function"], f"the tool call {call['id']} is not what was issued")
    is_kept = dialect != "deepseek" or not known["reasoning"] or message.get("reasoning_content") == known["reasoning"]
    need(is_kept, "The `reasoning_content` in the thinking mode must be passed back to the API.")


def text_of(message):
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
