"""What Schemathesis is told of this server: who the caller is, what some requests must say to be taken, what every answer
must have, and which rules no schema can tell."""

import atexit
import collections
import copy
import hashlib
import json
import os
import pathlib
import threading
import uuid

import fixture
import hand_off
import schemathesis
from schemathesis import GenerationMode

KNOWN = json.loads(os.environ["DESK_HOUSE"])
CALLER = KNOWN["caller"]


@schemathesis.hook
def before_load_schema(context, schema):
    """Of a stream each frame is looked at, not the text as a whole."""
    for item in schema["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                stream = response.get("content", {}).get("text/event-stream")
                if stream:
                    kinds = stream["schema"]["contentSchema"]["properties"].values()
                    stream["schema"] = {"oneOf": [kind["items"] for kind in kinds]}


class Caller:
    """Whoever asks. What a request ends, like a sign-in or a password, is not what the others are made with."""

    def __init__(self):
        self._client = fixture.Client(KNOWN["url"])
        self._lock = threading.RLock()
        self.member = fixture.Member(self._client, *KNOWN["credentials"]) if KNOWN["credentials"] else None
        self.hands = hand_off.Hands(self._client, self.member)
        self._spare = None
        self._guarded = {}
        self._visitor = KNOWN["visitor"]

    def token(self, case):
        with self._lock:
            if CALLER == "customer":
                return self.visitor()
            if _is(case, "POST", "/api/agent/logout"):
                return self.member.sign_in()["access_token"]
            if _is(case, "POST", "/api/agent/change-password"):
                return self.spare().token()
            if _is_about_a_second_factor(case):
                return self.guarded(case.operation.path).token
            if case.operation.label == hand_off.DECLINE and CALLER in fixture.SERVING:
                return self.hands.offered.token()
            return self.member.token()

    def visitor(self):
        """A customer's token: the caller's own, if it is one."""
        self._visitor = self._visitor or fixture.visit(self._client)[0]
        return self._visitor

    def spare(self):
        """Somebody of the caller's role whose password may change. Wrong ones make it wait; then there is another."""
        if self._spare is None:
            self._spare = fixture.Member(self._client, *fixture.another(self._client, CALLER))
        return self._spare

    def guarded(self, path):
        """Somebody of the caller's role at the place in setting up a second factor that a path needs."""
        if path not in self._guarded:
            self._guarded[path] = fixture.Guarded(self._client, CALLER, path)
        return self._guarded[path]

    def somebody_else(self, agent):
        return KNOWN["there_is"]["agents"][0] if agent in KNOWN["kept"] else agent

    def hear(self, case, response):
        """What an answer means for the caller."""
        with self._lock:
            # A new visitor has no sessions, and one who has left may look at none: the next is somebody who has some.
            is_over = response.headers.get("x-visitor-token") or response.status_code == 401
            if CALLER == "customer" and is_over:
                self._visitor = None
            if self.member is not None and response.status_code == 401 and case.headers.get("Authorization"):
                self.member.sign_in_again()
            if _is(case, "POST", "/api/agent/change-password") and response.status_code != 400:
                self._spare = None
            if _is_about_a_second_factor(case) and response.status_code != 400:
                self._guarded.pop(case.operation.path, None)


CALLS = Caller()


if CALLER != "nobody":

    @schemathesis.auth(refresh_interval=None)
    class SignedIn:
        """The caller's token."""

        def get(self, case, context):
            return CALLS.token(case)

        def set(self, case, token, context):
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {token}"


def _is(case, method, path):
    return case.operation.method.upper() == method and case.operation.path == path


def _is_about_a_second_factor(case):
    return CALLS.member is not None and case.operation.path.startswith(fixture.SECOND_FACTOR)


def _is_positive(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


def _one_in(count, case):
    """Of so many cases one, and the same one when it is repeated."""
    told = [case.body, dict(case.path_parameters or {})]
    text = json.dumps(told, sort_keys=True, default=repr) + case.operation.label
    return hashlib.sha256(text.encode(errors="replace")).digest()[0] % count == 0


def _make_real(case):
    """Some requests can only be taken with what nobody can make up."""
    if not isinstance(case.body, dict):
        return
    if _is(case, "POST", "/api/customer/identify"):
        case.body["identity_token"] = fixture.identity_token("4711")
    if CALLS.member is None:
        return
    if _is(case, "POST", "/api/agent/login"):
        case.body |= {"username": CALLS.member.username, "password": CALLS.member.password}
    if _is(case, "POST", "/api/agent/refresh"):
        case.body["refresh_token"] = CALLS.member.sign_in()["refresh_token"]
    if _is(case, "POST", "/api/agent/change-password"):
        case.body["old_password"] = CALLS.spare().password
    if _is(case, "POST", "/api/agents"):
        # What is made up most easily is tried first by others, too.
        case.body |= {"username": f"made-{uuid.uuid4()}", "password": fixture.FIRST}
    if _is_about_a_second_factor(case):
        guarded = CALLS.guarded(case.operation.path)
        case.body |= {"password": guarded.password, "code": guarded.code}
    if case.operation.path in ROLLBACKS:
        # What the program brings is there without anybody's doing.
        case.body["to_version"] = 0
        case.headers["If-Match"] = "*"


def _bring_into_hands(case):
    """Most requests of people who serve a customer need a session in the right hands, which nobody comes to by chance."""
    bring = hand_off.BY_CALLER[CALLER].get(case.operation.label)
    has_body = isinstance(case.body, dict) or case.operation.method.upper() == "DELETE"
    if bring and has_body and not _one_in(4, case):
        # What was generated may be shared with other cases.
        case.body = copy.deepcopy(case.body)
        if case.path_parameters:
            case.path_parameters = dict(case.path_parameters)
        bring(case, CALLS.hands, CALLS.visitor())


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers = case.headers or {}
    case.headers["X-Forwarded-For"] = fixture.address()
    if case.operation.path.startswith("/api/agents/{id}") and case.path_parameters:
        # Whoever acts and whoever sets up the fixture stay what they are.
        case.path_parameters = {"id": CALLS.somebody_else(case.path_parameters["id"])}
    if _is(case, "GET", "/api/events") and _one_in(2, case):
        case.headers["Accept"] = "application/x-ndjson"
    if _is_positive(case):
        _bring_into_hands(case)
    if _is_positive(case) and _one_in(2, case):
        _make_real(case)


# By operation: how often it answered with which status. A run that is never let in proves nothing.
ANSWERED = collections.defaultdict(collections.Counter)


@schemathesis.hook
def after_call(context, case, response):
    ANSWERED[case.operation.label][str(response.status_code)] += 1
    CALLS.hear(case, response)


@atexit.register
def write_down():
    pathlib.Path("answered.json").write_text(json.dumps(ANSWERED))


KEY_USED = "Idempotency-Key was used before"
# What no document can say: a text must be of an account that is there.
ACCOUNTS = ("agent_id must be", "from_agent_id must be", "agent_info.agent_id must be", "agent_info must be")
MENTIONED = ("mentions must be",)
ROLLBACKS = ("/api/policies/rollback", "/api/calendars/rollback", "/api/flags/rollback")
# The version in If-Match is another one.
CHANGED = ("the quick reply has version", "the note is at version")
# A document is TOML with rules of its own; a tag is a number in quotes.
PUBLISHED = ("to_version has the wrong type", "document, line", "If-Match must be a version")
# One of two fields is given.
TARGETS = ("to_agent_id is required", "to_agent_id must be", "to_agent_id the session", "to_group is one too many")
# Schema-valid and refused all the same: rules that JSON Schema has no words for.
RULES = {
    ("POST", "/api/agent/login"): ("username is required",),
    ("POST", "/api/agent/change-password"): ("old_password is not", "new_password must be another", "new_password must not", "new_password is one"),
    # A name has no sign beyond ASCII that is no letter; a password has not the name in it.
    ("POST", "/api/agents"): ("password is one", "password must not", "max_sessions has the wrong type", "username must not contain"),
    # Any JSON, but for U+0000 and what is nested too deep.
    ("POST", "/api/chat"): ("parameters ",),
    ("POST", "/api/chat/stream"): ("parameters ",),
    ("POST", "/api/agents/{id}/reset-password"): ("new_password is one", "new_password must not"),
    # 5.0 is an integer to JSON Schema.
    ("PUT", "/api/agents/{id}"): ("max_sessions has the wrong type",),
    ("PUT", "/api/sessions/{name}/read"): ("position has the wrong type",),
    ("GET", "/api/sessions/{name}"): ("at is in the future",),
    ("GET", "/api/sessions/{name}/notes"): ("at is in the future",),
    ("GET", "/api/sessions"): ("cursor must be", "cursor is of a page", "to must be", "from must be", "offset is for the orders"),
    ("GET", "/api/assistants/usage"): ("from must be",),
    ("POST", "/api/agent/second-factor"): ("password is not",),
    ("POST", "/api/agent/second-factor/enable"): ("code is not good",),
    ("POST", "/api/agent/second-factor/disable"): ("password is not", "code is not good", "code is required"),
    ("POST", "/api/agent/second-factor/recovery-codes"): ("password is not", "code is not good", "code is required"),
    ("POST", "/api/api-keys"): ("expires_at must be a time to come",),
    ("POST", "/api/policies/test"): ("text is required", "session is one too many", "document, line"),
    ("POST", "/api/policies"): PUBLISHED,
    ("POST", "/api/policies/rollback"): PUBLISHED,
    ("POST", "/api/calendars"): PUBLISHED,
    ("POST", "/api/calendars/rollback"): PUBLISHED,
    ("POST", "/api/flags"): PUBLISHED,
    ("POST", "/api/flags/rollback"): PUBLISHED,
    ("POST", "/api/flags/test"): ("document, line", "agent must be an id", "session must be an id"),
    ("POST", "/api/sessions/{name}/takeover"): ACCOUNTS,
    ("POST", "/api/sessions/{name}/release"): ACCOUNTS,
    ("POST", "/api/sessions/{name}/transfer"): (*ACCOUNTS, *TARGETS),
    ("POST", "/api/sessions/{name}/transfer-requests"): (*ACCOUNTS, *TARGETS),
    ("POST", "/api/manual/messages"): ACCOUNTS,
    ("POST", "/api/sessions/{name}/notes"): MENTIONED,
    ("PUT", "/api/sessions/{name}/notes/{id}"): (*MENTIONED, *CHANGED),
    ("DELETE", "/api/sessions/{name}/notes/{id}"): CHANGED,
    ("PUT", "/api/quick-replies/{id}"): CHANGED,
    ("DELETE", "/api/quick-replies/{id}"): CHANGED,
    # Some letters are longer in lower case.
    ("POST", "/api/sessions/{name}/tags"): ("add must have at most", "remove must have at most"),
    ("POST", "/api/sessions/{name}/rating"): ("score has the wrong type",),
}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    rules = RULES.get((case.operation.method.upper(), case.operation.path), ())
    try:
        detail = response.json().get("detail", "")
    except ValueError:
        return True
    return not detail.startswith((*rules, KEY_USED))


@schemathesis.check
def refusals_are_problems(context, response, case):
    if response.status_code < 400 or case.operation.path == "/readyz":
        return
    told = response.json()
    assert response.headers["content-type"] == ["application/problem+json"], response.headers["content-type"]
    assert told["status"] == response.status_code, told
    assert told["success"] is False and told["error"] == told["detail"] and told["detail"], told
    assert told["code"].replace("_", "").isupper(), told
    assert response.headers["x-request-id"] == [told["request_id"]], told
    if response.status_code == 401:
        assert response.headers["www-authenticate"] == ["Bearer"], told
    if response.status_code in (429, 503):
        assert int(response.headers["retry-after"][0]) > 0, told


@schemathesis.check
def answers_are_guarded(context, response, case):
    for name, value in {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}.items():
        assert response.headers.get(name) == [value], f"{name} is {response.headers.get(name)}"
    assert "default-src 'none'" in response.headers["content-security-policy"][0]
    assert b"$argon2" not in (response.content or b"")
