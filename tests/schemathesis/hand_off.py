"""Sessions in the right hands, for the requests that only somebody can make who has a session, is asked to take one, or was
offered it.

Each is brought there for one request alone: what that does to it is in no other's way. The shop has to be open around the
clock, and to offer what waits.
"""

import time
import uuid

import fixture


class Hands:
    """Brings sessions into hands: the caller's, if it is of staff, or a colleague's."""

    def __init__(self, client, own):
        self._client, self.own = client, own
        self._colleague = fixture.Member(client, fixture.COLLEAGUE, fixture.OWN)
        self.offered = fixture.Member(client, fixture.OFFERED, fixture.OWN)

    def waiting(self, visitor, language="zh"):
        """A session in the queue; answers its name and its id."""
        name = f"in-hands-{uuid.uuid4()}"
        asked = {"session_name": name}
        answer = self._client.ask("POST", "/api/manual/escalate", asked, visitor, language=language).json()
        if answer["data"]["status"] != "pending_manual":
            raise fixture.Refused(f"nobody is waited for: {answer}")
        return name, answer["data"]["session_id"]

    def _with(self, member, visitor, language="zh"):
        session = self.waiting(visitor, language)[1]
        self._act(member, session, "takeover", {})
        return session

    def with_caller(self, visitor):
        """A session that the caller has; answers its id, like the next ones."""
        return self._with(self.own, visitor)

    def with_colleague(self, visitor):
        return self._with(self._colleague, visitor)

    def closed(self, visitor):
        session = self.waiting(visitor)[1]
        self._act(self._colleague, session, "close", {})
        return session

    def offer(self, visitor):
        """A session that is offered, with the offer's id."""
        session = self._with(self._colleague, visitor, fixture.LANGUAGE)
        self._act(self._colleague, session, "return", {"to_group": fixture.SKILL})
        until = time.monotonic() + fixture.PATIENCE_S
        while time.monotonic() < until:
            shown = self._client.ask("GET", f"/api/sessions/{session}", token=self.offered.token()).json()
            if offer := shown["data"]["session"]["hand_off"]["offer"]:
                return session, offer["offer_id"]
            time.sleep(0.02)
        raise fixture.Refused(f"nobody is offered {session}")

    def transfer(self, visitor, by_caller):
        """A transfer for which the caller asks, or is asked; answers its id."""
        sender, asked = (self.own, self._colleague) if by_caller else (self._colleague, self.own)
        session = self._with(sender, visitor)
        return self._act(sender, session, "transfer-requests", {"to_agent_id": asked.username})["data"]["id"]

    def note(self, visitor):
        """A session with a note of the caller's; answers its id and the note's."""
        session = self.with_colleague(visitor)
        return session, self._act(self.own, session, "notes", {"text": "asked before"})["data"]["id"]

    def quick_reply(self):
        """A quick reply of the caller's own; answers its id and its version."""
        new = {"title": "Asked before", "content": "Hello {{customer.name}}", "category": "greeting"}
        made = self._client.ask("POST", "/api/quick-replies", new, self.own.token())
        return made.json()["data"]["id"], made.headers["ETag"]

    def rated(self, visitor):
        """A session of the customer's in which a colleague wrote and gave it back; answers its name."""
        name, session = self.waiting(visitor)
        self._act(self._colleague, session, "takeover", {})
        said = {"session_name": session, "role": "agent", "content": "hello"}
        self._client.ask("POST", "/api/manual/messages", said, self._colleague.token())
        self._act(self._colleague, session, "release", {})
        return name

    def _act(self, member, session, command, body):
        path = f"/api/sessions/{session}/{command}"
        try:
            return self._client.ask("POST", path, body, member.token()).json()
        except fixture.SignedOut:
            # What was made up may have ended the sign-in.
            return self._client.ask("POST", path, body, member.sign_in_again()).json()


def _as_oneself(body, field, hands):
    if body.get(field) is not None:
        body[field] = hands.own.username


def _named(session):
    return lambda case, hands, visitor: case.path_parameters.update(name=session(hands, visitor))


def _waiting(case, hands, visitor):
    """Customers call a session by its name."""
    name, session = hands.waiting(visitor)
    case.path_parameters["name"] = session if hands.own else name


def _take_over(case, hands, visitor):
    _waiting(case, hands, visitor)
    _as_oneself(case.body, "agent_id", hands)


def _release(case, hands, visitor):
    case.path_parameters["name"] = hands.with_caller(visitor)
    _as_oneself(case.body, "agent_id", hands)


def _transfer(case, hands, visitor):
    case.path_parameters["name"] = hands.with_caller(visitor)
    _as_oneself(case.body, "from_agent_id", hands)
    if case.body.get("to_group") is None:
        case.body["to_agent_id"] = fixture.COLLEAGUE
    else:
        case.body.pop("to_agent_id", None)


def _message(case, hands, visitor):
    if not hands.own:
        case.body |= {"session_name": hands.waiting(visitor)[0], "role": "user"}
        return
    case.body |= {"session_name": hands.with_caller(visitor), "role": "agent"}
    if isinstance(info := case.body.get("agent_info"), dict):
        _as_oneself(info, "agent_id", hands)


def _add_note(case, hands, visitor):
    case.path_parameters["name"] = hands.with_colleague(visitor)
    _mention(case)


def _change_note(case, hands, visitor):
    case.path_parameters["name"], case.path_parameters["id"] = hands.note(visitor)
    case.headers["If-Match"] = '"1"'
    _mention(case)


def _mention(case):
    if isinstance(case.body, dict) and case.body.get("mentions"):
        case.body["mentions"] = [fixture.COLLEAGUE]


def _change_quick_reply(case, hands, visitor):
    case.path_parameters["id"], case.headers["If-Match"] = hands.quick_reply()
    if isinstance(case.body, dict):
        case.body.pop("scope", None)


def _render(case, hands, visitor):
    case.path_parameters["id"] = hands.quick_reply()[0]
    case.body["session"] = hands.waiting(visitor)[1]


def _decline(case, hands, visitor):
    case.path_parameters["name"], case.path_parameters["id"] = hands.offer(visitor)


def _respond(case, hands, visitor):
    case.path_parameters["id"] = hands.transfer(visitor, by_caller=case.body.get("action") == "withdraw")


DECLINE = "POST /api/sessions/{name}/offers/{id}/decline"
# By operation: what brings the session that it needs into the right hands, and names it in the request.
OF_STAFF = {
    "POST /api/manual/messages": _message,
    "POST /api/sessions/{name}/takeover": _take_over,
    "POST /api/sessions/{name}/transfer": _transfer,
    "POST /api/sessions/{name}/transfer-requests": _transfer,
    "POST /api/sessions/{name}/release": _release,
    "POST /api/sessions/{name}/return": _named(Hands.with_caller),
    "POST /api/sessions/{name}/reopen": _named(Hands.closed),
    "POST /api/sessions/{name}/cancel-escalation": _waiting,
    "POST /api/sessions/{name}/typing": _named(Hands.with_caller),
    "POST /api/sessions/{name}/viewing": _named(Hands.with_colleague),
    "POST /api/sessions/{name}/notes": _add_note,
    "PUT /api/sessions/{name}/notes/{id}": _change_note,
    "DELETE /api/sessions/{name}/notes/{id}": _change_note,
    "POST /api/sessions/{name}/tags": _named(Hands.with_colleague),
    "PUT /api/sessions/{name}/priority": _named(Hands.with_colleague),
    "PUT /api/quick-replies/{id}": _change_quick_reply,
    "DELETE /api/quick-replies/{id}": _change_quick_reply,
    "POST /api/quick-replies/{id}/render": _render,
    DECLINE: _decline,
    "POST /api/transfer-requests/{id}/respond": _respond,
}
OF_SUPERVISORS = {"POST /api/sessions/{name}/steal": _named(Hands.with_colleague)}
OF_CUSTOMERS = {
    "POST /api/manual/messages": _message,
    "POST /api/sessions/{name}/cancel-escalation": _waiting,
    "POST /api/sessions/{name}/typing": _waiting,
    "POST /api/sessions/{name}/rating": _named(Hands.rated),
}
BY_CALLER = {
    "nobody": {},
    "customer": OF_CUSTOMERS,
    "agent": OF_STAFF,
    "supervisor": OF_STAFF | OF_SUPERVISORS,
    "admin": OF_STAFF | OF_SUPERVISORS,
    "auditor": {},
    "analyst": {},
}
