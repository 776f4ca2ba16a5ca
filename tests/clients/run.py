"""Clients generated from the OpenAPI document of a really started `desk`: type-checked strictly, and they chat. README.md."""

import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
WEB = HERE.parent.parent / "web"
PASSWORD = "correct horse battery"
PATIENCE_S = 60
PASSED = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(program, folder):
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DESK_")}
    command = [program, "--listen", f"127.0.0.1:{port}", "--data-dir", str(folder / "data")]
    log = open(folder / "desk.log", "w")
    desk = subprocess.Popen(command, env=kept | {"DESK_ADMIN_PASSWORD": PASSWORD}, stdout=log, stderr=log)
    url, began = f"http://127.0.0.1:{port}", time.monotonic()
    while True:
        try:
            return desk, url, urllib.request.urlopen(f"{url}/openapi.json").read()
        except OSError:
            if desk.poll() is not None or time.monotonic() - began > PATIENCE_S:
                sys.exit(f"desk did not start:\n{(folder / 'desk.log').read_text()}")
            time.sleep(0.1)


def run(name, command, **options):
    """One step: what it says is shown only where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    said = done.stdout + done.stderr
    if done.returncode != 0:
        sys.exit(f"not ok: {name}\n{said}")
    print(f"ok: {name}", flush=True)
    PASSED.append(name)
    return said


def python(folder, url):
    tool = lambda name: str(pathlib.Path(sys.executable).parent / name)
    # What is made is checked as it is made: its formatter changes types.
    (folder / "config.yml").write_text("post_hooks: []\n")
    command = [tool("openapi-python-client"), "generate", "--path", "openapi.json", "--config", "config.yml"]
    command += ["--meta", "none", "--output-path", "desk_client"]
    said = run("openapi-python-client takes the document", command, cwd=folder)
    if "WARNING" in said or "warning" in said or "Unable" in said:
        sys.exit(f"not ok: it leaves something out\n{said}")
    shutil.copy(HERE / "python/chat.py", folder)
    run("the Python client and chat.py pass mypy --strict", [tool("mypy"), "--strict", "chat.py", "desk_client"], cwd=folder)
    run("the Python client chats", [sys.executable, "chat.py", url], cwd=folder)


def typescript(folder, url):
    tool = lambda name: str(WEB / "node_modules/.bin" / name)
    run("openapi-typescript takes the document", [tool("openapi-typescript"), "openapi.json", "-o", "schema.d.ts"], cwd=folder)
    for name in ("chat.ts", "tsconfig.json"):
        shutil.copy(HERE / "typescript" / name, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(WEB / "node_modules")
    run("the TypeScript client and chat.ts pass tsc", [tool("tsc"), "--project", "."], cwd=folder)
    run("the TypeScript client chats", ["node", "chat.js", url], cwd=folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--desk", required=True, help="the program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        desk, url, document = started(str(pathlib.Path(options.desk).resolve()), folder)
        try:
            (folder / "openapi.json").write_bytes(document)
            python(folder, url)
            typescript(folder, url)
        finally:
            desk.terminate()
            desk.wait(PATIENCE_S)
    print(f"# pass {len(PASSED)}")


main()
