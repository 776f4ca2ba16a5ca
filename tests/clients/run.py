"""Clients generated from the OpenAPI document of a really started `desk`: type-checked strictly, and they chat. README.md."""

import argparse
import json
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
TOOLS = HERE / "node_modules/.bin"
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
    # All clients have one address, so together they would chat too often.
    settings = {"DESK_ADMIN_PASSWORD": PASSWORD, "DESK_CHAT_RATE_PER_MINUTE": "0"}
    desk = subprocess.Popen(command, env=kept | settings, stdout=log, stderr=log)
    url, began = f"http://127.0.0.1:{port}", time.monotonic()
    while True:
        try:
            return desk, url, urllib.request.urlopen(f"{url}/openapi.json").read()
        except OSError:
            if desk.poll() is not None or time.monotonic() - began > PATIENCE_S:
                sys.exit(f"desk did not start:\n{(folder / 'desk.log').read_text()}")
            time.sleep(0.1)


def run(name, command, said="all", **options):
    """One step: what it says is shown only where it fails."""
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"not ok: {name}\n{done.stdout}{done.stderr}")
    print(f"ok: {name} ({time.monotonic() - began:.1f} s)", flush=True)
    PASSED.append(name)
    return done.stdout if said == "stdout" else done.stdout + done.stderr


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
    environment = os.environ | {"DESK_ADMIN_PASSWORD": PASSWORD}
    run("the Python client chats", [sys.executable, "chat.py", url], cwd=folder, env=environment)


def linters(folder):
    """Neither an error nor a warning, by the rules that both recommend."""
    quiet = os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    redocly = [str(TOOLS / "redocly"), "lint", "openapi.json", "--config", str(HERE / "lint/redocly.yaml"), "--format", "json"]
    told = json.loads(run("Redocly reads the document", redocly, cwd=folder, env=quiet, said="stdout"))
    if told["totals"]["errors"] or told["totals"]["warnings"]:
        sys.exit(f"not ok: Redocly complains\n{json.dumps(told['problems'], indent=1)}")
    spectral = [str(TOOLS / "spectral"), "lint", "openapi.json", "--ruleset", str(HERE / "lint/spectral.yaml")]
    run("Spectral has nothing to say", [*spectral, "--fail-severity", "hint"], cwd=folder)


# By program: what is generated for it.
GENERATORS = {
    "chat": [WEB / "node_modules/.bin/openapi-typescript", "openapi.json", "-o", "schema.d.ts"],
    "hey-api": [TOOLS / "openapi-ts", "-f", "hey-api.config.mjs"],
    "orval": [TOOLS / "orval", "--config", "orval.config.mjs"],
}


def typescript(folder, url):
    for source in (HERE / "typescript").iterdir():
        shutil.copy(source, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    link_packages(folder)
    for name, command in GENERATORS.items():
        run(f"the generator of {name}.ts takes the document", [str(part) for part in command], cwd=folder)
    # What hey-api itself is made of does not know exact optional properties; the others do.
    for project in ("tsconfig.json", "tsconfig.hey-api.json"):
        compiler = [str(TOOLS / "tsc"), "--project", project]
        run(f"the TypeScript clients and their programs pass tsc ({project})", compiler, cwd=folder)
    for name in GENERATORS:
        environment = os.environ | {"DESK_ADMIN_PASSWORD": PASSWORD, "DESK_URL": url}
        run(f"{name}.ts chats", ["node", f"{name}.js", url], cwd=folder, env=environment)


def link_packages(folder):
    """The packages of both folders; none is in both."""
    (folder / "node_modules").mkdir()
    for packages in (WEB / "node_modules", HERE / "node_modules"):
        for package in packages.iterdir():
            there = folder / "node_modules" / package.name
            if not there.exists() and not package.name.startswith("."):
                there.symlink_to(package)


def rust(url, program):
    """Its types are made of the released description, by a build script."""
    run("the Rust client chats", [program, url], env=os.environ | {"DESK_ADMIN_PASSWORD": PASSWORD})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--desk", required=True, help="the program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = pathlib.Path(options.desk).resolve()
        desk, url, document = started(str(program), folder)
        try:
            (folder / "openapi.json").write_bytes(document)
            linters(folder)
            python(folder, url)
            typescript(folder, url)
            rust(url, str(program.with_name("generated-client")))
        finally:
            desk.terminate()
            desk.wait(PATIENCE_S)
    print(f"# pass {len(PASSED)}")


main()
