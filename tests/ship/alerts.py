"""A real Prometheus and a real Alertmanager with the shipped files: something goes wrong, and the alert arrives where it should.

Only how long things take is shortened. One desk is real; the other is a stand-in that can be made to say anything.
"""

import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.request

from started import PROJECT, Started, desk
from tap import eventually

SHIPPED = PROJECT / "docker/prometheus"
# The files' seconds and minutes become these.
SHORT = (
    (r"(scrape_interval|evaluation_interval): \w+", r"\1: 1s"),
    (r"(group_wait|group_interval): \w+", r"\1: 1s"),
    (r"\bfor: \w+", "for: 2s"),
)
# How long an alert may take from what went wrong.
PATIENCE_S = 25


def check(checks, folder, options, is_long):
    received = Receiver()
    stand_in = StandIn()
    started = []
    try:
        with_metrics = "DESK_METRICS_LISTEN" in subprocess.run([options.desk, "settings"], capture_output=True, text=True).stdout
        checks.that(with_metrics, "the program has metrics")
        first = desk(options.desk, folder / "desk", DESK_LISTEN="127.0.0.2:8080", DESK_METRICS_LISTEN="127.0.0.2:9464") if with_metrics else None
        started += [first] if first else []
        started += watchers(folder)
        checks.run(everything_is_watched, with_metrics)
        checks.run(nothing_is_wrong, received)
        if first:
            checks.run(names_are_listed)
        for what, metrics, alert, receiver in STEPS:
            checks.run(alert_arrives, stand_in, received, what, metrics, alert, receiver)
        if first:
            checks.run(a_desk_is_stopped, first, received)
    finally:
        for one in reversed(started):
            one.stop(10)


def now(offset=0):
    return f"{time.time() + offset:.0f}"


# What a desk says that is well; each is made wrong once.
WELL = {
    "desk_ready": "1",
    "desk_views_stopped": "0",
    "desk_views_lag_seconds": "0",
    "desk_checkpoint_age_seconds": "0",
    'desk_backup_last_success_timestamp_seconds{store="log"}': lambda: now(-10),
    'desk_lease_held{process="a stand-in\'s"}': "1",
    'desk_outbox_oldest_seconds{kind="webhook"}': "0",
    'desk_assistant_budget_reached_ratio{assistant="coze"}': "0",
    "desk_tls_expiry_timestamp_seconds": lambda: now(60 * 86400),
    "desk_data_dir_size_bytes": "1e9",
    "desk_data_dir_available_bytes": "8e8",
}
BEGAN = time.time()
STEPS = (
    ("a view stops", {"desk_views_stopped": "1"}, "DeskViewsStopped", "pager"),
    ("the backup stops", {'desk_backup_last_success_timestamp_seconds{store="log"}': lambda: now(-400)}, "DeskBackupOld", "pager"),
    ("the disk fills", {"desk_data_dir_available_bytes": lambda: f"{9e7 - 1e6 * (time.time() - BEGAN):.0f}"}, "DeskDiskFills", "pager"),
    ("a certificate ends in ten days", {"desk_tls_expiry_timestamp_seconds": lambda: now(10 * 86400)}, "DeskCertificateEnds", "team"),
)


class StandIn:
    """At desk-2:9464 and node-exporter:9100."""

    def __init__(self):
        self.says = dict(WELL)
        serve("127.0.0.3", 9464, lambda: self.text())
        serve("127.0.0.5", 9100, lambda: "# nothing\n")

    def text(self):
        return "".join(f"{name} {value() if callable(value) else value}\n" for name, value in self.says.items())


class Receiver:
    """At alert-receiver:9095, where Alertmanager sends to."""

    def __init__(self):
        self.alerts = []
        serve("127.0.0.7", 9095, lambda: "", self._take)

    def _take(self, path, body):
        said = json.loads(body)
        self.alerts += [(path.strip("/"), one["status"], one["labels"], one["annotations"]) for one in said["alerts"]]

    def firing(self, alert, receiver, instance="desk-2:9464"):
        """Of this instance, or of all of them together."""
        found = [labels for to, status, labels, _ in self.alerts if (to, status, labels["alertname"]) == (receiver, "firing", alert)]
        return [labels for labels in found if labels.get("instance", instance) == instance]


def serve(address, port, text, take=None):
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = answer

        def do_POST(self):
            take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.answer()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((address, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def watchers(folder):
    copy = shutil.copytree(SHIPPED, folder / "prometheus")
    for path in (*copy.glob("*.yml"), *copy.glob("rules/*.yml")):
        text = path.read_text()
        for pattern, short in SHORT:
            text = re.sub(pattern, short, text)
        path.write_text(text)
    manager = ["prometheus-alertmanager", f"--config.file={copy}/alertmanager.yml", f"--storage.path={folder}/alertmanager",
               "--web.listen-address=127.0.0.6:9093", "--cluster.listen-address="]  # fmt: skip
    prometheus = ["prometheus", f"--config.file={copy}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb", "--web.listen-address=127.0.0.1:9090"]
    return [Started(manager, folder / "alertmanager.log"), Started(prometheus, folder / "prometheus.log")]


def asked(path):
    try:
        return json.loads(urllib.request.urlopen(f"http://127.0.0.1:9090/api/v1/{path}", timeout=5).read())["data"]
    except OSError:
        return None


def everything_is_watched(checks, with_metrics):
    expected = {"desk-2:9464", "node-exporter:9100", "localhost:9090", "alertmanager:9093"} | ({"desk-1:9464"} if with_metrics else set())

    def up():
        targets = (asked("targets") or {}).get("activeTargets", [])
        return {one["labels"]["instance"] for one in targets if one["health"] == "up"} >= expected

    checks.that(eventually(up, 30, 0.3), "Prometheus reaches everything that it is to watch", asked("targets"))


def nothing_is_wrong(checks, received):
    time.sleep(4)
    # The real desk's disk is this machine's.
    own_disk = ("DeskDiskFills", "desk-1:9464")
    alerts = {(labels["alertname"], labels.get("instance")) for _, _, labels, _ in received.alerts} - {own_disk}
    checks.equal(alerts, set(), "while all is well there is no alert")


def names_are_listed(checks):
    """What the real desk exports stands in the list that rules and dashboards may use."""
    accept = {"Accept": "application/openmetrics-text"}
    request = urllib.request.Request("http://127.0.0.2:9464/metrics", headers=accept)
    text = urllib.request.urlopen(request, timeout=5).read().decode()
    ends = {"counter": "_total", "info": "_info"}
    found = {name + ends.get(kind, "") for name, kind in re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE)}
    listed = set((SHIPPED / "metrics.txt").read_text().split())
    checks.equal(found - listed, set(), "what the desk exports is listed")
    checks.that(len(found) > 20, "it exports much of it", found)


def alert_arrives(checks, stand_in, received, what, metrics, alert, receiver):
    stand_in.says |= metrics
    began = time.monotonic()
    arrived = eventually(lambda: received.firing(alert, receiver), PATIENCE_S, 0.2)
    took = time.monotonic() - began
    stand_in.says = dict(WELL)
    active = [one["labels"]["alertname"] for one in (asked("alerts") or {}).get("alerts", [])]
    checks.that(arrived, f"{what}: {alert} arrives at the {receiver}", f"active: {active}; received: {received.alerts}")
    print(f"# {what}: {took:.1f} s")


def a_desk_is_stopped(checks, first, received):
    first.stop()
    arrived = eventually(lambda: received.firing("DeskDown", "pager", "desk-1:9464"), PATIENCE_S, 0.2)
    checks.that(arrived, "a desk is stopped: DeskDown arrives at the pager", received.alerts)
