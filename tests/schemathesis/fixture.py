"""A server of its own for each caller, with people and sessions in it.

What one caller does, like closing accounts, is so never in another's way. Everything here is made for the run and ends with
it.
"""

import base64
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import subprocess
import tempfile
import time
import uuid

import requests

ADMIN = ("admin", "correct horse battery")
FIRST = "set by the administrator"
OWN = "chosen by its owner"
ROLES = ("agent", "supervisor", "admin", "auditor", "analyst")
CALLERS = ("nobody", "customer", *ROLES)
# Who may have a session.
SERVING = ("agent", "supervisor", "admin")
# Somebody else who serves customers.
COLLEAGUE = "the-colleague"
# Somebody of the caller's role who alone has this skill, and is offered no session but in this language.
OFFERED = "the-offered"
SKILL, LANGUAGE = "What one alone knows", "it"
SHOP_SECRET = bytes([0x5E]) * 32
# A key of tests. The file is copied to where schemathesis runs (run.py), and only read where the tests' own folder is.
COZE_KEY = pathlib.Path(__file__).resolve().parents[2] / "integrations/src/coze/tests/private_key.pem"
READY = "desk is ready: "
PATIENCE_S = 60
# A token is good for a quarter of an hour.
SIGNED_IN_S = 600

# Wrong passwords are counted by address, so each request comes from one of its own.
_addresses = itertools.count(1)


def address():
    n = next(_addresses)
    return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


class Refused(Exception):
    """The server cannot be set up."""


class SignedOut(Refused):
    """The sign-in is over."""


class Client:
    """Speaks JSON to one server."""

    def __init__(self, url):
        self.url = url

    def ask(self, method, path, body=None, token=None, language="zh"):
        headers = {"X-Forwarded-For": address(), "Accept-Language": language}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=30)
        if not answer.ok:
            refusal = SignedOut if answer.status_code == 401 else Refused
            raise refusal(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer

    def sign_in(self, username, password):
        body = {"username": username, "password": password, "device_id": f"the device of {username}"}
        return self.ask("POST", "/api/agent/login", body).json()


class Member:
    """Somebody of staff, who signs in when a token is wanted."""

    def __init__(self, client, username, password):
        self._client, self.username, self.password = client, username, password
        self._token, self._until = None, 0

    def token(self):
        if time.monotonic() > self._until:
            self._token, self._until = self.sign_in()["access_token"], time.monotonic() + SIGNED_IN_S
        return self._token

    def sign_in_again(self):
        self._until = 0
        return self.token()

    def sign_in(self):
        return self._client.sign_in(self.username, self.password)


class Desk:
    """A really started server, of a shop that is open around the clock and offers what waits."""

    def __init__(self, program, folder):
        self.folder = pathlib.Path(folder)
        self._log = self.folder / "log"
        keys = self.folder / "identity-keys"
        secret = base64.urlsafe_b64encode(SHOP_SECRET).rstrip(b"=").decode()
        keys.write_text(json.dumps({"keys": [{"kty": "oct", "kid": "shop", "alg": "HS256", "k": secret}]}))
        keys.chmod(0o600)
        coze_key = self.folder / "coze-key.pem"
        coze_key.write_text(COZE_KEY.read_text())
        coze_key.chmod(0o600)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DESK_")}
        environment |= {
            "DESK_ADMIN_PASSWORD": ADMIN[1],
            "DESK_IDENTITY_KEYS_FILE": str(keys),
            "DESK_CHAT_RATE_PER_MINUTE": "0",
            "DESK_RATE_PER_SECOND": "0",
            "DESK_TRUSTED_PROXIES": "127.0.0.1",
            "HUMAN_SHIFT_START": "00:00",
            "HUMAN_SHIFT_END": "24:00",
            "WEEKENDS_DISABLED": "false",
            "DESK_ROUTING": "round_robin",
            "DESK_OFFER_SECONDS": "3600",
            # Coze is set up, so that its routes answer, and never asked: the FAQ comes first, and nobody listens there.
            "DESK_ASSISTANTS": "faq,coze",
            "COZE_API_BASE": "http://127.0.0.1:9",
            "COZE_WORKFLOW_ID": "7442300000000000001",
            "COZE_APP_ID": "7439828073000000001",
            "COZE_OAUTH_CLIENT_ID": "310000000002",
            "COZE_OAUTH_PUBLIC_KEY_ID": "kid-1",
            "COZE_OAUTH_PRIVATE_KEY_FILE": str(coze_key),
        }
        arguments = [program, "--listen", "127.0.0.1:0", "--data-dir", str(self.folder / "data")]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                arguments, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.url = self._wait_for_address()

    def _wait_for_address(self):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and self._process.poll() is None:
            for line in self.log().splitlines():
                if line.startswith(READY):
                    return line.removeprefix(READY).split("/  ")[0]
            time.sleep(0.02)
        self._process.kill()
        raise Refused(f"desk did not start:\n{self.log()}")

    def log(self):
        return self._log.read_text(errors="replace")

    def stop(self):
        """Stops it; answers what went wrong in it, which is nothing."""
        ended = self._process.poll()
        if ended is not None:
            return [f"desk ended by itself with {ended}"]
        self._process.terminate()
        try:
            code = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return ["desk did not stop"]
        panics = [line for line in self.log().splitlines() if "panicked" in line]
        return panics + ([f"desk stopped with {code}"] if code else [])


def identity_token(sub):
    """A good token of the shop."""
    now = int(time.time())
    claims = {"aud": "fiido-desk", "sub": sub, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
    part = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=")  # noqa: E731
    head = part(json.dumps({"alg": "HS256", "kid": "shop"}).encode()) + b"." + part(json.dumps(claims).encode())
    return (head + b"." + part(hmac.digest(SHOP_SECRET, head, hashlib.sha256))).decode()


def furnish(desk, caller):
    """Makes people and sessions; answers who the caller is and what there is."""
    client = Client(desk.url)
    admin = client.sign_in(*ADMIN)["access_token"]
    others = [_account(client, admin, f"other-{role}", role) for role in ROLES]
    kept = [client.ask("GET", f"/api/agents/{ADMIN[0]}", token=admin).json()["data"]["id"], ADMIN[0]]
    credentials = None
    if caller in ROLES:
        credentials = (f"the-{caller}", OWN)
        kept += [_account(client, admin, credentials[0], caller)["id"], credentials[0]]
    kept += _colleagues(client, admin, caller)
    keys = [_api_key(client, admin, permission) for permission in ("statistics:read", "log:read")]
    visitor, sessions = _customer(client)
    sign_ins = [str(uuid.UUID(int=1))]
    if credentials:
        for _ in range(3):
            client.sign_in(*credentials)
        token = client.sign_in(*credentials)["access_token"]
        sign_ins += [row["id"] for row in _eventually(client, "/api/agent/sign-ins", token, 4)]
    head = client.ask("GET", "/readyz").json()["store"]["head"]
    there_is = {
        "sessions": sessions,
        "agents": [other["id"] for other in others] + [other["username"] for other in others],
        "sign_ins": sign_ins,
        "api_keys": keys,
        "positions": [0, 1, 2, head // 2, head],
        "cursors": ["0", "1", f"1-{head // 2}", str(head), "1-0", "2-1"],
    }
    return {"url": desk.url, "caller": caller, "credentials": credentials, "visitor": visitor, "there_is": there_is,
            "kept": kept}


def _account(client, admin, username, role, **more):
    new = more | {"username": username, "password": FIRST, "name": f"Of the role {role}", "role": role}
    made = client.ask("POST", "/api/agents", new, admin).json()["data"]
    token = client.sign_in(username, FIRST)["access_token"]
    client.ask("POST", "/api/agent/change-password", {"old_password": FIRST, "new_password": OWN}, token)
    return made


def _colleagues(client, admin, caller):
    """Whom `hand_off.py` needs; answers their ids and user names, which have to stay what they are."""
    made = [_account(client, admin, COLLEAGUE, "agent")]
    if caller in SERVING:
        only = {"skills": [SKILL], "languages": [LANGUAGE], "max_sessions": 100}
        made.append(_account(client, admin, OFFERED, caller, **only))
    return [one[field] for one in made for field in ("id", "username")]


def _api_key(client, admin, permission):
    new = {"name": f"For {permission}", "permissions": [permission]}
    return client.ask("POST", "/api/api-keys", new, admin).json()["data"]["id"]


def another(client, role):
    """Somebody more of this role, with a password of its own; answers how to sign in."""
    username = f"spare-{uuid.uuid4()}"
    _account(client, client.sign_in(*ADMIN)["access_token"], username, role)
    return username, OWN


SECOND_FACTOR = "/api/agent/second-factor"
SESSIONS = ("written", "cleared", "empty", "会话 1")


def one_time_code(secret, steps_ago=0):
    """What an authenticator app shows (RFC 6238)."""
    step = (int(time.time()) // 30 - steps_ago).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), step, hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Guarded:
    """Somebody more of a role, on the way to a second factor: with nothing yet, with a secret, or with the whole of it."""

    def __init__(self, client, role, path):
        username, self.password = another(client, role)
        self.token = client.sign_in(username, self.password)["access_token"]
        self._code = lambda: "000000"
        if path == SECOND_FACTOR:
            return
        secret = client.ask("POST", SECOND_FACTOR, {"password": self.password}, self.token).json()["secret"]
        self._code = lambda: one_time_code(secret)
        if path == f"{SECOND_FACTOR}/enable":
            return
        first = {"code": one_time_code(secret, steps_ago=1)}
        enabled = client.ask("POST", f"{SECOND_FACTOR}/enable", first, self.token).json()
        recovery = enabled["recovery_codes"][0]
        self._code = lambda: recovery

    @property
    def code(self):
        """A good one at this moment; a wrong one where there is no secret yet."""
        return self._code()


def visit(client, token=None):
    """A visitor with a session of each kind; answers its token and the sessions' ids."""
    ids = []
    for name in SESSIONS:
        opened = client.ask("POST", "/api/conversation/create", {"user_id": name}, token)
        token = opened.headers.get("X-Visitor-Token", token)
        if name in ("written", "cleared"):
            said = {"user_id": name, "message": "多久发货？"}
            ids.append(client.ask("POST", "/api/chat", said, token).json()["session_id"])
    client.ask("POST", "/api/conversation/clear", {"session_id": "cleared"}, token)
    return token, ids


def _customer(client):
    token, ids = visit(client)
    return token, [*SESSIONS, *ids]


def _eventually(client, path, token, count):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        rows = client.ask("GET", path, token=token).json()["data"]
        if len(rows) >= count:
            return rows
        time.sleep(0.02)
    raise Refused(f"{path} has not {count} rows")


def start(program, caller):
    """A furnished server in a folder of its own; answers all three."""
    folder = tempfile.TemporaryDirectory(prefix=f"desk-{caller}-")
    desk = Desk(program, folder.name)
    return folder, desk, furnish(desk, caller)
