"""What ships the program: image, nginx, Prometheus, Kubernetes, Compose, systemd. README.md says what is tried how.

Each part runs by itself in a network and mount namespace of its own, so that the shipped files are used as they are, with their ports and
names of hosts.
"""

import argparse
import concurrent.futures
import fcntl
import importlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from tap import Checks

HERE = pathlib.Path(__file__).resolve().parent
# The longest first.
PARTS = ("proxy", "alerts", "image", "kubernetes", "files")
# What needs namespaces, and so root.
AS_ROOT = ("proxy", "alerts", "image")
# The names in the shipped files, each with an address of its own on this machine.
HOSTS = {
    "localhost": "127.0.0.1",
    "desk-1": "127.0.0.2",
    "desk-2": "127.0.0.3",
    "desk-canary": "127.0.0.4",
    "node-exporter": "127.0.0.5",
    "alertmanager": "127.0.0.6",
    "alert-receiver": "127.0.0.7",
    "desk.example": "127.0.0.1",
    "desk": "127.0.0.9",
}
LIMIT_S = (300, 3600)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--desk", required=True, help="the program")
    parser.add_argument("--replay", required=True, help="the auditor's program")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; may be repeated")
    parser.add_argument("--inside", choices=PARTS, help=argparse.SUPPRESS)
    return parser.parse_args()


def is_long():
    return os.environ.get("DESK_TEST_LONG") == "1"


def begin(part, options):
    """Runs one part as a process; answers what it printed and how it ended."""
    command = [sys.executable, str(HERE / "run.py"), "--inside", part, "--desk", options.desk, "--replay", options.replay]
    if part in AS_ROOT:
        command = ["unshare", "--net", "--mount", "--fork", "--propagation", "private", "--kill-child", *command]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        said, code = process.communicate(timeout=LIMIT_S[is_long()])[0], process.returncode
    except subprocess.TimeoutExpired:
        # With everything that it started: what is left would hold the pipe open.
        os.killpg(process.pid, signal.SIGKILL)
        said, code = process.communicate()[0] + "\nnot ok: it took too long", 1
    lines = said.splitlines()
    passed = sum(line.startswith("ok ") for line in lines)
    failed = sum(line.startswith("not ok") for line in lines)
    # A part that ended early, or looked at nothing, has failed.
    failed = max(failed, int(code != 0 or passed == 0))
    print(f"{said.rstrip()}\n{part}: {passed} hold, {failed} do not; {time.monotonic() - began:.0f} s", flush=True)
    return passed, failed


def inside(part, options):
    """In the part's own namespaces."""
    # Not below /tmp, which nginx has to itself.
    base = tempfile.gettempdir()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="desk-ship-", dir="/var/tmp" if base.startswith("/tmp") else base))
    # The database's server and nginx run as users of their own.
    folder.chmod(0o711)
    try:
        if part in AS_ROOT:
            own_network(folder)
        checks = Checks(part)
        importlib.import_module(part).check(checks, folder, options, is_long())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if checks.failed else 0


def own_network(folder):
    """Loopback is up, ports below 1024 are anybody's, as in containers, and the shipped files' hosts are here."""
    with socket.socket() as one:
        is_up = struct.pack("16sh", b"lo", 0x1 | 0x40)
        fcntl.ioctl(one, 0x8914, is_up)
    pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    hosts = folder / "hosts"
    hosts.write_text("".join(f"{address} {name}\n" for name, address in HOSTS.items()))
    hosts.chmod(0o644)
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)


def main():
    options = arguments()
    if options.inside:
        return inside(options.inside, options)
    parts = options.part or PARTS
    if os.geteuid() != 0:
        print("# not as root: image, nginx and alerts are not tried, for they need namespaces")
        parts = [part for part in parts if part not in AS_ROOT]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        outcomes = list(pool.map(lambda part: begin(part, options), parts))
    passed, failed = (sum(column) for column in zip(*outcomes))
    print(f"# pass {passed}\n# fail {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
