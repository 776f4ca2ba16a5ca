"""nginx with the shipped files, where they belong and as its image runs it, in front of two desks over PostgreSQL."""

import base64
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import threading
import time
import urllib.parse
import uuid

import database
from started import PROJECT, Started, desk
from tap import eventually

NGINX = PROJECT / "docker/nginx"
# The user of nginx' image.
USER = 101
HOST = "desk.example"
VISITORS = 10_000
# What release-canary.conf gives to the canary, and how far off it may be, in percent of all.
SHARE, TOLERANCE = 5, 2
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def check(checks, folder, options, is_long):
    nginx = Nginx(checks, folder)
    try:
        with database.postgres(folder) as urls:
            checks.run(two_desks_are_served, folder, options, urls, nginx, is_long)
        checks.run(stand_ins_are_served, folder, nginx)
        checks.run(router_in_a_cluster_shares_alike, folder, nginx)
    finally:
        nginx.end()


class Nginx:
    """The shipped files at /etc/nginx, a certificate of our own, and nginx as user 101 with a /tmp of its own."""

    def __init__(self, checks, folder):
        self.folder, self.process = folder, None
        self.etc = shutil.copytree(NGINX, folder / "nginx")
        (self.etc / "tls").mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
             "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", self.etc / "tls/privkey.pem", "-out", self.etc / "tls/fullchain.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
        for path in (self.etc, *self.etc.rglob("*")):
            os.chown(path, USER, USER)
        subprocess.run(["mount", "--bind", str(self.etc), "/etc/nginx"], check=True)
        self.trust = ssl.create_default_context(cafile=str(self.etc / "tls/fullchain.pem"))
        tried = Started(self.command("-t"), folder / "tried.log", USER)
        checks.that(tried.process.wait(30) == 0 and "warn" not in tried.log(), "nginx finds nothing wrong with its files", tried.log())

    def command(self, *more):
        shell = f"mount -t tmpfs -o mode=1777 tmpfs /tmp && exec setpriv --reuid {USER} --regid {USER} --clear-groups /usr/sbin/nginx -e /dev/stderr \"$@\""
        return ["unshare", "--mount", "sh", "-c", shell, "nginx", *more]

    def start(self):
        self.process = Started(self.command("-g", "daemon off;"), self.folder / "nginx.log", USER)
        if not eventually(lambda: self.process.process.poll() is not None or reachable(443), 20) or self.process.process.poll() is not None:
            raise RuntimeError(f"nginx did not start: {self.process.log()}")

    def reload(self):
        self.process.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)

    def end(self):
        if self.process:
            self.process.stop()
            self.process = None

    def connect(self):
        return http.client.HTTPSConnection(HOST, timeout=30, context=self.trust)

    def ask(self, path, headers=None, body=None, connection=None):
        connection = connection or self.connect()
        headers = dict(headers or {})
        if body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()

    def requests(self):
        """The lines of the request log."""
        return [json.loads(line) for line in self.process.log().splitlines() if line.startswith("{")]


def reachable(port):
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
    except OSError:
        return False
    return True


def two_desks_are_served(checks, folder, options, urls, nginx, is_long):
    desks = two_desks(folder, options.desk, urls)
    try:
        nginx.start()
        checks.run(plain_http_is_sent_to_https)
        checks.run(pages_are_compressed, nginx)
        checks.run(both_desks_answer, nginx)
        checks.run(one_id_goes_through, nginx, desks)
        token = checks.run(a_customer_chats, nginx)
        if token:
            checks.run(token_begins_with_who_the_visitor_is, token)
            checks.run(stream_goes_on_through_a_reload, nginx, token, 600 if is_long else 3)
        checks.run(a_desk_that_is_killed_is_passed_over, nginx, desks)
        checks.run(log_holds_no_names, nginx)
    finally:
        nginx.end()
        for one in desks:
            one.stop()


def two_desks(folder, program, urls):
    keys = {}
    for name in ("master-key", "token-key"):
        path = folder / name
        path.write_text(os.urandom(32).hex() + "\n")
        path.chmod(0o600)
        keys[f"DESK_{name.replace('-', '_').upper()}_FILE"] = str(path)
    common = {"DESK_DATABASE_URL": urls["app"], "DESK_TRUSTED_PROXIES": "127.0.0.0/8", **keys}
    off = {"DESK_METRICS_LISTEN": "off"} if knows_metrics(program) else {}
    first = desk(program, folder / "desk-1", DESK_LISTEN="127.0.0.2:8080", DESK_DATABASE_OWNER_URL=urls["owner"], **common, **off)
    second = desk(program, folder / "desk-2", DESK_LISTEN="127.0.0.3:8080", **common, **off)
    return [first, second]


def knows_metrics(program):
    return "DESK_METRICS_LISTEN" in subprocess.run([program, "settings"], capture_output=True, text=True).stdout


def plain(method, path, body=None):
    connection = http.client.HTTPConnection(HOST, timeout=10)
    connection.request(method, path, body)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers.get("Location")


def plain_http_is_sent_to_https(checks):
    expected = (308, f"https://{HOST}/workbench/?from=mail")
    checks.equal(plain("GET", "/workbench/?from=mail"), expected, "plain HTTP is sent to https, to the same page")
    checks.equal(plain("POST", "/api/chat", "{}"), (308, f"https://{HOST}/api/chat"), "what is posted as well, and stays a post")
    checks.equal(plain("GET", "/.well-known/acme-challenge/x")[0], 404, "but not what an ACME server asks for")


def pages_are_compressed(checks, nginx):
    for path in ("/", "/widget.js", "/workbench/", "/api/config"):
        answer, body = nginx.ask(path, {"Accept-Encoding": "gzip", "Accept": "text/html, */*"})
        is_gzip = answer.headers.get_all("Content-Encoding") == ["gzip"] and body[:2] == b"\x1f\x8b"
        checks.that(answer.status == 200 and is_gzip, f"{path} comes compressed, once", f"{answer.status} {answer.headers}")
    answer, _ = nginx.ask("/")
    checks.that("max-age" in (answer.headers.get("Strict-Transport-Security") or ""), "the desk knows that it is https", answer.headers)
    checks.equal(answer.version, 11, "HTTP/1.1 is spoken to who speaks it")


def both_desks_answer(checks, nginx):
    for _ in range(10):
        nginx.ask("/healthz")
    asked = {line["upstream"] for line in nginx.requests()}
    checks.that({"127.0.0.2:8080", "127.0.0.3:8080"} <= asked, "both desks are asked", asked)


def one_id_goes_through(checks, nginx, desks):
    given = str(uuid.uuid4())
    for sent, what in (({}, "an id is made"), ({"X-Request-Id": given}, "a caller's id is kept"), ({"X-Request-Id": "<script>"}, "what is none is not")):
        answer, body = nginx.ask("/api/sessions/a-session-that-is-not-there", sent)
        told = json.loads(body)["request_id"]
        # nginx writes the line when the answer is out.
        logged = eventually(lambda: any(line["request.id"] == told for line in nginx.requests()), 5)
        ids = {told, answer.headers["X-Request-Id"]}
        is_one = logged and len(ids) == 1 and re.fullmatch(UUID, told)
        checks.that(is_one, f"{what}, the same in nginx' log, the desk's answer and the header", ids)
        checks.equal((told == given), sent.get("X-Request-Id") == given, f"{what}: as it should be")
        checks.that(eventually(lambda: any(told in one.log() for one in desks), 5), f"{what}: a desk's log has it", told)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def say(nginx, text, token=None):
    return nginx.ask("/api/chat", bearer(token) if token else {}, {"user_id": "a-session-with-a-name", "message": text})


def a_customer_chats(checks, nginx):
    answer, body = say(nginx, "电池多久充满？")
    checks.that(answer.status == 200 and "小时" in json.loads(body)["message"], "a customer is answered", body)
    return answer.headers["X-Visitor-Token"]


def token_begins_with_who_the_visitor_is(checks, token):
    """The canary is chosen by so many characters of the claims: all of the visitor's id, and nothing that changes when the token is renewed."""
    claims = token.split(".")[1]
    text = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).decode()
    used = base64.urlsafe_b64decode(claims[:84]).decode()
    length = int(re.search(r"cookie_claims>\[\^\.;\]\{(\d+)\}", (NGINX / "nginx.conf").read_text())[1])
    checks.that(re.fullmatch(rf'\{{"aud":"desk-visitor","sub":"{UUID}","iat":\d+.*', text), "a token's claims stand in the order that nginx counts on", text)
    checks.that(used in text and length * 6 // 8 == len(f'{{"aud":"desk-visitor","sub":"{uuid.UUID(int=0)}'), "nginx takes them up to the id's end", length)


class Stream:
    """What comes in on a stream, as it comes."""

    def __init__(self, connection, path, headers):
        self.lines, self.ended = [], False
        connection.request("GET", path, headers=headers)
        self.answer = connection.getresponse()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while line := self.answer.readline():
                self.lines.append((time.monotonic(), line.decode().rstrip("\n")))
        except (OSError, http.client.HTTPException):
            pass
        self.ended = True

    def events(self, name):
        return [line for _, line in self.lines if line == f"event: {name}"]


def stream_goes_on_through_a_reload(checks, nginx, token, seconds):
    stream = Stream(nginx.connect(), "/api/sessions/a-session-with-a-name/events", bearer(token) | {"Accept-Encoding": "gzip"})
    encoding = stream.answer.headers.get("Content-Encoding", "identity")
    checks.equal((stream.answer.status, encoding), (200, "identity"), "a stream is open, and not compressed")
    sent = "session.customer_message_sent"
    eventually(lambda: stream.events(sent), 5)
    before = len(stream.events(sent))
    say(nginx, "电池多久充满？", token)
    checks.that(eventually(lambda: len(stream.events(sent)) > before, 2), "an event arrives at once", stream.lines)
    nginx.reload()
    time.sleep(seconds)
    before = len(stream.events(sent))
    say(nginx, "电池多久充满？", token)
    arrived = eventually(lambda: len(stream.events(sent)) > before, 2)
    checks.that(arrived and not stream.ended, f"the same stream goes on {seconds} s after a reload", f"ended: {stream.ended}; {stream.lines[-5:]}")


def a_desk_that_is_killed_is_passed_over(checks, nginx, desks):
    desks[1].kill()
    statuses = [nginx.ask("/api/config")[0].status for _ in range(30)]
    checks.equal(set(statuses), {200}, "with one of two desks killed no request fails")


def log_holds_no_names(checks, nginx):
    nginx.ask("/api/sessions/a-session-with-a-name?text=what+was+searched")
    nginx.ask("/api/v1/sessions/%E7%94%B5%E6%B1%A0/notes")
    nginx.ask("/api/agents/maria")
    log = nginx.process.log()
    lines = nginx.requests()
    others = [line for line in log.splitlines() if not line.startswith("{")]
    checks.that(not others and len(lines) > 50, "each line of nginx' log is JSON", others)
    leaked = [name for name in ("a-session-with-a-name", "what+was", "maria", "电池", "%E7") if name in log]
    checks.equal(leaked, [], "it names no session and no account, and holds no query")
    paths = {line["path"] for line in lines}
    checks.that({"/api/sessions/{name}", "/api/v1/sessions/{name}/notes", "/api/agents/{name}", "/api/chat"} <= paths, "it says which route was asked", paths)
    fields = {"time", "request.id", "client", "method", "path", "status", "bytes", "seconds", "protocol", "release", "upstream", "upstream_status", "upstream_seconds"}
    checks.equal(set(lines[-1]), fields, "it has the fields that are promised")


class Trickle(http.server.BaseHTTPRequestHandler):
    """Sends a piece at a time, and says nothing of buffers."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number in range(4):
            self.wfile.write(f"data: {number}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.3)

    def log_message(self, *_):
        pass


STAND_INS = """
pid {folder}/stand-ins.pid;
error_log {folder}/stand-ins.err crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 100000;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {servers}
}}
"""
STAND_IN = """
    server {{
        listen {address};
        location / {{ add_header Content-Type application/json; return 200 "{name}"; }}
        location /large {{ default_type application/json; return 200 "{large}"; }}
        location ~ events|stream {{ proxy_pass http://127.0.0.1:9999; proxy_buffering off; }}
    }}
"""


def stand_ins(folder, addresses):
    """Desks that say only who they are: nginx again, because it is quick."""
    (folder / "stand-ins").mkdir(exist_ok=True)
    os.chown(folder / "stand-ins", USER, USER)
    servers = "".join(STAND_IN.format(address=address, name=name, large="a" * 3000) for name, address in addresses.items())
    configuration = folder / "stand-ins/nginx.conf"
    configuration.write_text(STAND_INS.format(folder=folder / "stand-ins", servers=servers))
    started = Started(["/usr/sbin/nginx", "-c", str(configuration), "-g", "daemon off;"], folder / "stand-ins.log")
    eventually(lambda: started.process.poll() is not None or (folder / "stand-ins/stand-ins.pid").exists(), 10)
    return started


def stand_ins_are_served(checks, folder, nginx):
    desks = stand_ins(folder, {"one": "127.0.0.2:8080", "two": "127.0.0.3:8080", "canary": "127.0.0.4:8080"})
    trickle = http.server.ThreadingHTTPServer(("127.0.0.1", 9999), Trickle)
    threading.Thread(target=trickle.serve_forever, daemon=True).start()
    try:
        nginx.start()
        checks.run(pieces_go_on_as_they_come, nginx)
        answer, body = nginx.ask("/large", {"Accept-Encoding": "gzip"})
        checks.that(answer.headers["Content-Encoding"] == "gzip" and len(body) < 1000, "what a desk does not compress, nginx does", answer.headers)
        checks.equal({who for who, _ in answers(nginx.connect(), visitors(200))}, {"one", "two"}, "without a canary everybody is served by the release")
        shutil.copy(NGINX / "release-canary.conf", nginx.etc / "release.conf")
        nginx.reload()
        canary_is_shared_out_and_sticky(checks, "nginx", nginx.connect)
        desks.stop()
        checks.run(nobody_is_there, nginx)
    finally:
        desks.stop()
        nginx.end()
        trickle.shutdown()


def pieces_go_on_as_they_come(checks, nginx):
    paths = ("/api/events", "/api/v1/agent/events", "/api/chat/stream", "/api/sessions/x/events")
    streams = {path: Stream(nginx.connect(), path, {"Accept-Encoding": "gzip"}) for path in paths}
    eventually(lambda: all(stream.ended for stream in streams.values()), 10)
    for path, stream in streams.items():
        times = [at for at, line in stream.lines if line.startswith("data:")]
        spread = times[-1] - times[0] if len(times) == 4 else 0
        checks.that(spread > 0.7, f"{path}: pieces go on as they come", stream.lines)


def token(visitor, issued):
    claims = json.dumps({"aud": "desk-visitor", "sub": str(visitor), "iat": issued, "exp": issued + 15_552_000}, separators=(",", ":"))
    return f"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.{'s' * 43}"


def visitors(number):
    return [uuid.uuid5(uuid.NAMESPACE_OID, str(one)) for one in range(number)]


def answers(connection, who, issued=1_800_000_000, as_header=False):
    """Who serves each of them."""
    found = []
    for visitor in who:
        told = token(visitor, issued)
        headers = bearer(told) if as_header else {"Cookie": f"theme=dark; desk_visitor_0a1b2c3d={told}"}
        connection.request("GET", "/", headers=headers)
        found.append((connection.getresponse().read().decode(), visitor))
    return found


def canary_is_shared_out_and_sticky(checks, what, connect):
    who = visitors(VISITORS)
    first = dict((visitor, name) for name, visitor in answers(connect(), who))
    share = sum(name == "canary" for name in first.values()) * 100 / VISITORS
    print(f"# {what}: {share:.2f} % of {VISITORS} visitors are served by the canary")
    checks.that(abs(share - SHARE) <= TOLERANCE, f"{what}: the canary has {SHARE} % of {VISITORS} visitors", f"{share} %")
    some = [visitor for visitor in who if first[visitor] == "canary"][:300] + who[:700]
    for issued, as_header, how in ((1_800_086_400, False, "with a renewed token"), (1_900_000_000, True, "with the token in a header")):
        again = answers(connect(), some, issued, as_header)
        moved = [visitor for name, visitor in again if (name == "canary") != (first[visitor] == "canary")]
        checks.equal(moved, [], f"{what}: each stays on its side {how}")


def nobody_is_there(checks, nginx):
    answer, body = nginx.ask("/api/config")
    problem = json.loads(body)
    checks.equal((answer.status, answer.headers["Content-Type"]), (503, "application/problem+json"), "without a desk nginx says so as a desk would")
    checks.equal((problem["success"], problem["status"], answer.headers["Retry-After"]), (False, 503, "5"), "and when to come back")
    checks.equal(problem["request_id"], answer.headers["X-Request-Id"], "with the id of the request")


def router_in_a_cluster_shares_alike(checks, folder, nginx):
    """nginx of the overlay `canary`, whose services are at port 80."""
    shutil.copy(PROJECT / "docker/k8s/overlays/canary/router.conf", nginx.etc / "nginx.conf")
    desks = stand_ins(folder, {"desk": "127.0.0.9:80", "canary": "127.0.0.4:80"})
    router = Started(nginx.command("-g", "daemon off;"), folder / "router.log", USER)
    try:
        if not eventually(lambda: reachable(8080), 10):
            raise RuntimeError(router.log())
        connect = lambda: http.client.HTTPConnection("127.0.0.1", 8080, timeout=30)  # noqa: E731
        canary_is_shared_out_and_sticky(checks, "the router", connect)
        connection = connect()
        connection.request("GET", "/router-healthz")
        checks.equal(connection.getresponse().status, 200, "the router answers its probe")
    finally:
        router.stop()
        desks.stop()
