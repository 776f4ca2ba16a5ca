#!/usr/bin/env python3
"""A second, independent check of a proof file, written from docs/proof-file.md and not from the program.

    python3 verify_proof.py PROOF_FILE PUBLIC_KEY_FILE

Needs nothing but Python 3's standard library, and no log. It exits with 0 when the file proves its events (and says which),
with 1 when it does not (and says why), with 2 when a file could not be read.
"""

import base64
import binascii
import functools
import hashlib
import json
import re
import struct
import sys
import uuid
from datetime import datetime

FORMAT = "fiido-desk/proof/1"
MOST_BYTES = 64 * 1024 * 1024
MOST_NOTE_BYTES = 16 * 1024
LABEL = b"fiido-desk/event/1"
ABSENT = struct.pack(">I", 0xFFFFFFFF)
NO_HASH = "00" * 32
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
STREAM = re.compile(r"[a-z0-9_]+-[a-z0-9_-]+", re.ASCII)
NUMBER = re.compile(r"0|[1-9][0-9]*", re.ASCII)
MEMBERS = ["format", "checkpoint", "events"]
EVENT_MEMBERS = [
    "leaf_index", "position", "stream", "version", "event_id", "type", "schema", "recorded_at", "actor", "subject",
    "key_id", "correlation_id", "causation_id", "data", "personal", "prev_hash", "hash", "path",
]  # fmt: skip


class Refused(Exception):
    """The file proves nothing, or the key is none."""


def require(holds, reason):
    if not holds:
        raise Refused(reason)


# Ed25519 as RFC 8032 verifies it, with points in extended coordinates (X, Y, Z, T). Slow and plain: nothing here is secret.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def added(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar, point):
    product = NEUTRAL
    while scalar > 0:
        if scalar & 1:
            product = added(product, point)
        point = added(point, point)
        scalar >>= 1
    return product


def same_point(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def x_of(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - x2) % P != 0:
        return None
    return x if x & 1 == sign else P - x


def point_of(encoded):
    number = int.from_bytes(encoded, "little")
    y, sign = number & (2**255 - 1), number >> 255
    x = x_of(y, sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(key, message, signature):
    """Whether the Ed25519 signature is this key's for the message; keys and points of small order sign nothing."""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = point_of(key), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    if same_point(times(8, a), NEUTRAL) or same_point(times(8, r), NEUTRAL):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return same_point(times(s, BASE), added(r, times(h, a)))


# The key and the note.


def decoded(text, what):
    """Base64 in its one form."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"{what} is not base64") from None
    require(base64.b64encode(value).decode("ascii") == text, f"{what} is not written as base64 is")
    return value


def public_key(line):
    """Name, hash and key bytes out of the line of a public key."""
    parts = line.strip().split("+", 2)
    require(len(parts) == 3 and not line.startswith("PRIVATE+KEY"), "this is no public key for checkpoints")
    name, key_hash, typed = parts[0], parts[1], decoded(parts[2], "the public key")
    require(len(typed) == 33 and typed[0] == 1, "the public key is not an Ed25519 key")
    right_hash = hashlib.sha256(name.encode("utf-8") + b"\n" + typed).digest()[:4]
    require(key_hash == right_hash.hex(), "the public key's hash is not its own")
    return name, right_hash, typed[1:]


def number_in(text, what):
    require(NUMBER.fullmatch(text) and int(text) < 2**64, f"the checkpoint's {what} is no number")
    return int(text)


def value_of(line, name):
    require(line.startswith(name + " "), f"the checkpoint's line {name} is missing")
    return line[len(name) + 1 :]


@functools.lru_cache(maxsize=4)
def open_note(note, key):
    """What a note says, if the key has signed it."""
    name, key_hash, key_bytes = key
    require(len(note.encode("utf-8")) <= MOST_NOTE_BYTES, "the checkpoint is too long")
    lines = note.split("\n")
    require(len(lines) == 9 and lines[6] == "" and lines[8] == "", "the checkpoint does not have its lines")
    marker = f"\u2014 {name} "
    require(lines[7].startswith(marker), "the checkpoint is not signed by this key")
    signature = decoded(lines[7][len(marker) :], "the checkpoint's signature")
    require(signature[:4] == key_hash, "the checkpoint is not signed by this key")
    text = "".join(line + "\n" for line in lines[:6])
    require(is_signed(key_bytes, text.encode("utf-8"), signature[4:]), "the checkpoint's signature is not right")
    require(lines[0] == name, "the checkpoint is of another log than its key")
    checkpoint = {
        "log": lines[0],
        "size": number_in(lines[1], "size"),
        "root": decoded(lines[2], "the checkpoint's root"),
        "generation": number_in(value_of(lines[3], "generation"), "generation"),
        "position": number_in(value_of(lines[4], "position"), "position"),
        "signed_at": value_of(lines[5], "signed_at"),
    }
    require(len(checkpoint["root"]) == 32, "the checkpoint's root has not 32 bytes")
    require(is_time(checkpoint["signed_at"]), "the checkpoint's time is none")
    return checkpoint


# The events.


def is_time(text):
    if not TIME.fullmatch(text):
        return False
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return False
    return True


def is_number(value, below):
    return type(value) is int and 0 <= value < below


def is_hash(value):
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value, re.ASCII) is not None


def is_uuid(value):
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def is_hex(value):
    return isinstance(value, str) and re.fullmatch(r"([0-9a-f]{2})*", value, re.ASCII) is not None


def is_text(value):
    return isinstance(value, str)


def or_absent(has_form):
    return lambda value: value is None or has_form(value)


FORMS = {
    "leaf_index": lambda value: is_number(value, 2**64),
    "position": or_absent(lambda value: is_number(value, 2**64)),
    "stream": lambda value: is_text(value) and len(value) <= 100 and STREAM.fullmatch(value),
    "version": lambda value: is_number(value, 2**64) and value > 0,
    "event_id": is_uuid,
    "type": is_text,
    "schema": lambda value: is_number(value, 2**32),
    "recorded_at": lambda value: is_text(value) and is_time(value),
    "actor": is_text,
    "subject": or_absent(is_uuid),
    "key_id": or_absent(is_text),
    "correlation_id": is_uuid,
    "causation_id": or_absent(is_uuid),
    "data": is_text,
    "personal": or_absent(is_hex),
    "prev_hash": is_hash,
    "hash": is_hash,
    "path": lambda value: isinstance(value, list) and len(value) <= 64 and all(map(is_hash, value)),
}


def field(value):
    """A field as it is hashed: its length, then its bytes."""
    return ABSENT if value is None else struct.pack(">I", len(value)) + value


def text(value):
    return None if value is None else value.encode("utf-8")


def id_bytes(value):
    return None if value is None else uuid.UUID(value).bytes


def event_hash(event):
    """The hash that the event's content gives."""
    fields = [
        text(event["stream"]),
        text(str(event["version"])),
        id_bytes(event["event_id"]),
        text(event["type"]),
        text(str(event["schema"])),
        text(event["recorded_at"]),
        text(event["actor"]),
        id_bytes(event["subject"]),
        text(event["key_id"]),
        id_bytes(event["correlation_id"]),
        id_bytes(event["causation_id"]),
        text(event["data"]),
        None if event["personal"] is None else bytes.fromhex(event["personal"]),
    ]
    return hashlib.sha256(LABEL + bytes.fromhex(event["prev_hash"]) + b"".join(map(field, fields))).hexdigest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(event, size):
    """The root that the event's path leads to; none where the path is not one of this place."""
    n, m = event["leaf_index"], size - 1
    if n > m:
        return None
    h = hashlib.sha256(b"\x00" + bytes.fromhex(event["hash"])).digest()
    for sibling in map(bytes.fromhex, event["path"]):
        if m == 0:
            return None
        if n % 2 == 1 or n == m:
            h = node(sibling, h)
            while n % 2 == 0 and n != 0:
                n, m = n // 2, m // 2
        else:
            h = node(h, sibling)
        n, m = n // 2, m // 2
    return h if m == 0 else None


def follows(before, event):
    return (
        event["stream"] == before["stream"]
        and event["version"] == before["version"] + 1
        and event["prev_hash"] == before["hash"]
        and event["leaf_index"] > before["leaf_index"]
        and event["recorded_at"] > before["recorded_at"]
    )


def check_event(checkpoint, before, event):
    require(isinstance(event, dict) and list(event) == EVENT_MEMBERS, "it has not the members of an event")
    for member, has_form in FORMS.items():
        require(has_form(event[member]), f"its {member} is malformed")
    require(event_hash(event) == event["hash"], "its content does not give its hash")
    require((event["version"] == 1) == (event["prev_hash"] == NO_HASH), "it does not begin its stream")
    require(before is None or follows(before, event), "it does not follow the one before it in its stream")
    is_dense = checkpoint["size"] == checkpoint["position"]
    position = event["leaf_index"] + 1 if is_dense else None
    require(event["position"] == position, "its position is not the one that is proved")
    require(root_of(event, checkpoint["size"]) == checkpoint["root"], "its path does not lead to the root")


# The file.


def parsed(content):
    """The value in a file that is in its one form."""
    require(len(content) <= MOST_BYTES, "the file is too long")
    try:
        value = json.loads(content.decode("ascii"))
        again = json.dumps(value, indent=2) + "\n"
    except (ValueError, RecursionError):
        raise Refused("the file is not JSON in ASCII") from None
    require(again.encode("ascii") == content, "the file is not written as a proof file is")
    return value


def check(content, key):
    """Checks the bytes of a proof file; gives what its checkpoint says, and its events."""
    proof = parsed(content)
    require(isinstance(proof, dict) and list(proof) == MEMBERS, "the file has not the members of a proof file")
    require(proof["format"] == FORMAT, "the file has another form")
    require(is_text(proof["checkpoint"]), "the checkpoint is no text")
    require(isinstance(proof["events"], list) and proof["events"], "the file has no event")
    try:
        checkpoint = open_note(proof["checkpoint"], key)
        before = None
        for number, event in enumerate(proof["events"], 1):
            try:
                check_event(checkpoint, before, event)
            except Refused as reason:
                raise Refused(f"event {number}: {reason}") from None
            before = event
    except UnicodeEncodeError:
        raise Refused("a text is not one that UTF-8 can write") from None
    return checkpoint, proof["events"]


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[1], "rb") as file:
            content = file.read(MOST_BYTES + 1)
        with open(arguments[2], encoding="utf-8") as file:
            line = file.read(MOST_NOTE_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        print(f"could not read: {error}", file=sys.stderr)
        return 2
    try:
        key = public_key(line)
    except Refused as reason:
        print(f"could not read the key: {reason}", file=sys.stderr)
        return 2
    try:
        checkpoint, events = check(content, key)
    except Refused as reason:
        print(f"not proved: {reason}")
        return 1
    first, last = events[0], events[-1]
    print(f"proved: {first['stream']} versions {first['version']} to {last['version']}, as they were when")
    print(f"{checkpoint['log']} had {checkpoint['size']} events, signed at {checkpoint['signed_at']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
