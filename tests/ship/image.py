"""The image's last stage is built from finished programs by the Dockerfile itself, and run as an operator would."""

import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.request

from started import PROJECT
from tap import eventually

USER = 10001
MEMORY = 512 * 1024 * 1024
URL = "http://127.0.0.1:8080"
# What the image may take, and how long a start may; a debug build is larger and slower, and only in a long run there are others.
MOST_UNPACKED = 90_000_000
MOST_START_S = 2
MOST_RESIDENT = 150_000_000
MESSAGES = 10_000


def check(checks, folder, options, is_long):
    programs = [release_or(options.desk, is_long), release_or(options.replay, is_long)]
    bundle = checks.run(image_is_built, folder, programs)
    if not bundle:
        return
    checks.run(image_is_small_and_has_nothing_else, bundle, is_long)
    checks.run(container_serves_and_stops, folder, bundle, is_long)
    checks.run(auditor_reads_what_it_left, folder, bundle)
    checks.run(backup_follows, folder, bundle)


def release_or(program, is_long):
    """In a long run the release program beside it, which `make dist` builds."""
    release = pathlib.Path(program.replace("/debug/", "/release/"))
    return str(release) if is_long and release.exists() else program


def buildah(folder, *arguments):
    command = ["buildah", "--storage-driver", "vfs", "--root", str(folder / "storage"), "--runroot", str(folder / "run")]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=PROJECT)


def image_is_built(checks, folder, programs):
    """`--build-context built=…` stands for the stage of that name; everything after it is the Dockerfile's."""
    stripped = [folder / pathlib.Path(program).name for program in programs]
    for program, copy in zip(programs, stripped):
        subprocess.run(["strip", "-o", str(copy), program], check=True)
    root = folder / "built"
    laid_out = subprocess.run([PROJECT / "docker/image-root.sh", root / "image", *stripped], capture_output=True, text=True)
    checks.succeeds(laid_out, "the file system is laid out")
    built = buildah(
        folder, "bud", "--format", "docker", "--isolation", "chroot", "--pull-never", "--build-context", f"built={root}",
        "--build-arg", "REVISION=0123456789ab", "-f", "docker/Dockerfile", "-t", "desk", ".",
    )  # fmt: skip
    if not checks.succeeds(built, "buildah builds it"):
        return None
    configuration = json.loads(buildah(folder, "inspect", "--type", "image", "desk").stdout)["Docker"]["config"]
    checks.equal(configuration["User"], "10001:10001", "it runs as 10001")
    checks.equal(configuration["Healthcheck"]["Test"], ["CMD", "/usr/bin/desk", "health"], "the program checks its own health")
    checks.equal(configuration["StopSignal"], "SIGTERM", "it is stopped by SIGTERM")
    checks.equal(list(configuration["Volumes"]), ["/data"], "its data is a volume")
    checks.equal(configuration["Labels"]["org.opencontainers.image.revision"], "0123456789ab", "it says which commit it is of")
    pushed = buildah(folder, "push", "desk", f"oci:{folder}/oci:desk")
    checks.succeeds(pushed, "it is an OCI image")
    seen = subprocess.run(["skopeo", "inspect", f"oci:{folder}/oci:desk"], capture_output=True, text=True)
    checks.equal(json.loads(seen.stdout)["Os"], "linux", "skopeo reads it")
    unpacked = subprocess.run(["umoci", "unpack", "--image", f"{folder}/oci:desk", f"{folder}/bundle"], capture_output=True, text=True)
    checks.succeeds(unpacked, "umoci unpacks it")
    shutil.rmtree(folder / "storage", ignore_errors=True)
    return folder / "bundle"


def image_is_small_and_has_nothing_else(checks, bundle, is_long):
    root = bundle / "rootfs"
    files = [path for path in root.rglob("*") if path.is_file()]
    unpacked = sum(path.stat().st_size for path in files)
    packed = sum(path.stat().st_size for path in (bundle.parent / "oci").rglob("*") if path.is_file())
    print(f"# image: {unpacked / 1e6:.1f} MB unpacked, {packed / 1e6:.1f} MB as OCI, {len(files)} files")
    if is_long:
        checks.that(unpacked <= MOST_UNPACKED, "it has at most 90 MB", f"{unpacked} bytes")
    programs = sorted(path.name for path in files if os.access(path, os.X_OK) and path.parent.name == "bin")
    checks.equal(programs, ["desk", "desk-replay"], "there are two programs, and no shell")
    authorities = (root / "etc/ssl/certs/ca-certificates.crt").read_text().count("BEGIN CERTIFICATE")
    checks.that(authorities > 50, "it knows the public certificate authorities", authorities)
    checks.equal((root / "data").stat().st_uid, USER, "/data belongs to the user")
    writable = [str(path) for path in root.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o002]
    checks.equal(writable, [], "nothing in it can be written by everybody")


def prepared(bundle, data, arguments=None, **more):
    """The bundle with a read-only root, no capabilities, a limit of memory, and folders as /data and whatever else is named."""
    path = bundle / "config.json"
    configuration = json.loads(path.read_text())
    process = configuration["process"]
    process["terminal"] = False
    process["args"] = arguments or ["/usr/bin/desk"]
    process["capabilities"] = {name: [] for name in process["capabilities"]}
    limits = ("DESK_CHAT_RATE_PER_MINUTE=0", "DESK_RATE_PER_SECOND=0")
    process["env"] = [variable for variable in process["env"] if variable not in limits] + list(limits)
    configuration["root"]["readonly"] = True
    linux = configuration["linux"]
    # The network of this part of the tests, which has nothing but loopback.
    linux["namespaces"] = [one for one in linux["namespaces"] if one["type"] != "network"]
    linux["resources"]["memory"] = {"limit": MEMORY, "swap": MEMORY}
    folders = {"/data": data} | {f"/{name}": folder for name, folder in more.items()}
    volumes = [
        {"destination": name, "type": "bind", "source": str(folder), "options": ["bind", "rw", "nosuid", "nodev", "noexec"]}
        for name, folder in folders.items()
    ]
    configuration["mounts"] = [mount for mount in configuration["mounts"] if mount["destination"] not in folders] + volumes
    path.write_text(json.dumps(configuration))


def runc(folder, *arguments):
    return ["runc", "--root", str(folder / "runc"), *arguments]


def container_serves_and_stops(checks, folder, bundle, is_long):
    data = folder / "data"
    data.mkdir(mode=0o700)
    os.chown(data, USER, USER)
    prepared(bundle, data)
    name = f"desk-{os.getpid()}"
    log = (folder / "container.log").open("w+")
    began = time.monotonic()
    container = subprocess.Popen(runc(folder, "run", "--bundle", str(bundle), name), stdout=log, stderr=log)
    try:
        is_ready = eventually(lambda: answers("/readyz") or container.poll() is not None, 60, 0.01) and container.poll() is None
        took = time.monotonic() - began
        print(f"# ready after {took:.2f} s")
        checks.that(is_ready, "it becomes ready", (folder / "container.log").read_text())
        if is_long:
            checks.that(took < MOST_START_S, "it is ready within 2 s", f"{took:.2f} s")
        chats(checks, folder, name, is_long)
        inside(checks, folder, name)
        asked = time.monotonic()
        subprocess.run(runc(folder, "kill", name, "TERM"), check=True)
        checks.equal(container.wait(60), 0, "it ends cleanly on SIGTERM")
        print(f"# stopped after {time.monotonic() - asked:.2f} s")
    finally:
        if container.poll() is None:
            subprocess.run(runc(folder, "kill", name, "KILL"))
            container.wait()


def main_process(folder, name):
    return json.loads(subprocess.check_output(runc(folder, "state", name)))["pid"]


def answers(path):
    try:
        return urllib.request.urlopen(URL + path, timeout=5).status == 200
    except OSError:
        return False


def ask(message, session="a-session-of-the-image", cookie=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {cookie}"} if cookie else {})
    body = json.dumps({"user_id": session, "message": message}).encode()
    answer = urllib.request.urlopen(urllib.request.Request(f"{URL}/api/chat", body, headers), timeout=60)
    return json.loads(answer.read()), answer.headers.get("X-Visitor-Token") or cookie


def chats(checks, folder, name, is_long):
    answer, token = ask("电池多久充满？")
    checks.that(answer["success"] and "充" in answer["message"] and "小时" in answer["message"], "it answers in Chinese from the FAQ", answer)
    if is_long:
        for number in range(MESSAGES):
            if number % 100 == 0:
                session, token = f"session-number-{number}", None
            _, token = ask("How long does shipping take?", session, token)
        # What is free goes back to the system within a second or two.
        time.sleep(5)
    resident, used = resident_memory(main_process(folder, name)), used_memory(folder, name)
    print(f"# memory after {MESSAGES if is_long else 1} messages: {used / 1e6:.0f} MB as the limit counts it, {resident / 1e6:.0f} MB resident")
    if is_long:
        checks.that(resident < MOST_RESIDENT, "it stays below 150 MB", f"{resident} bytes")


def resident_memory(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def statistics(folder, name):
    return json.loads(subprocess.check_output(runc(folder, "events", "--stats", name)))["data"]["memory"]


def used_memory(folder, name):
    """As `docker stats` and Kubernetes count it against the limit: without files that were read once and could go at any time."""
    found = statistics(folder, name)
    raw = found.get("raw", {})
    return found["usage"]["usage"] - raw.get("total_inactive_file", raw.get("inactive_file", 0))


def inside(checks, folder, name):
    """What holds for the process in the container."""
    process = main_process(folder, name)
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines() if ":\t" in line)
    checks.equal(status["Uid"].split(), [str(USER)] * 4, "its process is 10001")
    checks.equal(int(status["CapEff"], 16), 0, "it has no capability")
    checks.equal(status["NoNewPrivs"].strip(), "1", "it gains none")
    mounts = pathlib.Path(f"/proc/{process}/mounts").read_text().splitlines()
    root = next(line.split() for line in mounts if line.split()[1] == "/")
    checks.that(root[3].split(",")[0] == "ro", "its root is read-only", root)
    checks.equal(statistics(folder, name)["usage"]["limit"], MEMORY, "it may use 512 MB")
    health = subprocess.run(runc(folder, "exec", name, "/usr/bin/desk", "health"), capture_output=True, text=True)
    checks.succeeds(health, "`desk health` finds it well")


def auditor_reads_what_it_left(checks, folder, bundle):
    prepared(bundle, folder / "data", ["/usr/bin/desk-replay", "--store", "/data", "verify"])
    verified = subprocess.run(runc(folder, "run", "--bundle", str(bundle), f"replay-{os.getpid()}"), capture_output=True, text=True)
    checks.succeeds(verified, "desk-replay verifies the log that it left")
    prepared(bundle, folder / "data", ["/usr/bin/desk", "health"])
    health = subprocess.run(runc(folder, "run", "--bundle", str(bundle), f"health-{os.getpid()}"), capture_output=True, text=True)
    checks.equal(health.returncode, 1, "`desk health` finds a desk that is away ill")


def backup_follows(checks, folder, bundle):
    """As compose.backup.yml runs it."""
    target = folder / "target"
    target.mkdir(mode=0o700)
    os.chown(target, USER, USER)
    prepared(bundle, folder / "data", ["/usr/bin/desk", "backup", "--new-key", "/data/backup-key"])
    made = subprocess.run(runc(folder, "run", "--bundle", str(bundle), f"key-{os.getpid()}"), capture_output=True, text=True)
    checks.succeeds(made, "a backup key is made")
    prepared(bundle, folder / "data", ["/usr/bin/desk", "backup", "--follow", "/backup", "--key", "/data/backup-key"], backup=target)
    name = f"backup-{os.getpid()}"
    follower = subprocess.Popen(runc(folder, "run", "--bundle", str(bundle), name), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    shipped = eventually(lambda: any(target.rglob("*.segment")) or follower.poll() is not None, 30)
    subprocess.run(runc(folder, "kill", name, "TERM"), capture_output=True)
    said = follower.communicate(timeout=60)[0]
    checks.that(shipped and any(target.rglob("*.segment")), "the backup follows the log from a container", said)
    checks.equal(follower.returncode, 0, "and ends cleanly on SIGTERM")
