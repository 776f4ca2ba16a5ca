#!/usr/bin/env python3
"""A second, independent check of a log in SQLite, written from docs/event-hash.md and not from the program.

    python3 verify_log.py PATH/events.db

Needs nothing but Python 3's standard library, opens the file for reading only, and may run beside the program. It exits
with 0 when the log is as it was written, with 1 when it is not (and names the first bad position), with 2 when it could
not be read.
"""

import hashlib
import re
import sqlite3
import struct
import sys
from datetime import datetime
from pathlib import Path

LABEL = b"fiido-desk/event/1"
ABSENT = struct.pack(">I", 0xFFFFFFFF)
NO_HASH = bytes(32)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
STREAM = re.compile(r"[a-z0-9_]+-[a-z0-9_-]+", re.ASCII)
COLUMNS = (
    "position, stream, version, event_id, type, schema, recorded_at, actor, subject, key_id, "
    "correlation_id, causation_id, data, personal, prev_hash, hash"
)


class Flaw(Exception):
    """The log is not as it was written."""

    def __init__(self, position, reason):
        super().__init__(f"first bad position {position}: {reason}")
        self.position = position


def field(value):
    """A field as it is hashed: its length, then its bytes."""
    return ABSENT if value is None else struct.pack(">I", len(value)) + value


def number(value):
    return str(value).encode("ascii")


def event_hash(event):
    """The hash that the stored bytes give."""
    fields = [
        event["stream"],
        number(event["version"]),
        event["event_id"],
        event["type"],
        number(event["schema"]),
        event["recorded_at"],
        event["actor"],
        event["subject"],
        event["key_id"],
        event["correlation_id"],
        event["causation_id"],
        event["data"],
        event["personal"],
    ]
    return hashlib.sha256(LABEL + event["prev_hash"] + b"".join(map(field, fields))).digest()


def check_form(event, position):
    """Every field is of the form that the page gives it."""

    def require(holds, column):
        if not holds:
            raise Flaw(position, f"column {column} is malformed")

    for column in ("stream", "type", "recorded_at", "actor", "key_id", "data"):
        value = event[column]
        if column == "key_id" and value is None:
            continue
        require(isinstance(value, bytes), column)
        try:
            value.decode("utf-8")
        except UnicodeDecodeError:
            require(False, column)
    require(STREAM.fullmatch(event["stream"].decode()) and len(event["stream"]) <= 100, "stream")
    require(isinstance(event["version"], int) and event["version"] > 0, "version")
    require(isinstance(event["schema"], int) and 0 <= event["schema"] < 2**32, "schema")
    require(is_time(event["recorded_at"].decode()), "recorded_at")
    for column in ("event_id", "correlation_id"):
        require(isinstance(event[column], bytes) and len(event[column]) == 16, column)
    for column in ("subject", "causation_id"):
        require(event[column] is None or len(event[column]) == 16, column)
    for column in ("prev_hash", "hash"):
        require(isinstance(event[column], bytes) and len(event[column]) == 32, column)


def is_time(text):
    if not TIME.fullmatch(text):
        return False
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return False
    return True


class Walk:
    """Goes through the log in position order, and remembers what the next event must follow."""

    def __init__(self, head):
        self.head = head
        self.position = 0
        self.times = ("", "")
        self.streams = {}

    def step(self, event):
        position = self.position + 1
        if event["position"] != position:
            raise Flaw(position, "the event is missing")
        check_form(event, position)
        if event_hash(event) != event["hash"]:
            raise Flaw(position, "the event's content does not give its hash")
        time = event["recorded_at"].decode()
        if time <= self.times[1]:
            earlier_is_wrong = self.times[0] < time < self.times[1]
            wrong = position - 1 if earlier_is_wrong else position
            raise Flaw(wrong, "the event's time does not fit between its neighbours'")
        version, last_hash = self.streams.get(event["stream"], (0, NO_HASH))
        if (event["version"], event["prev_hash"]) != (version + 1, last_hash):
            raise Flaw(position, "the event does not follow the one before it in its stream")
        if self.head[0] == position and self.head[1:] != (event["recorded_at"], event["hash"]):
            raise Flaw(position, "the head describes another event")
        self.streams[event["stream"]] = (event["version"], event["hash"])
        self.times = (self.times[1], time)
        self.position = position

    def end(self):
        if self.position < self.head[0]:
            raise Flaw(self.position + 1, "the event is missing")
        if self.position > self.head[0]:
            raise Flaw(self.head[0] + 1, "the event is beyond the recorded end of the log")


def verify(path):
    """Checks a whole log in one snapshot; gives the numbers of events and streams."""
    database = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
    # texts as the bytes they are, so that nothing is decoded and encoded again
    database.text_factory = bytes
    database.execute("begin")
    head = database.execute("select position, recorded_at, hash from head").fetchone() or (0, b"", b"")
    walk = Walk((max(head[0], 0), *head[1:]))
    rows = database.execute(f"select {COLUMNS} from event order by position")
    names = [column[0] for column in rows.description]
    for row in rows:
        walk.step(dict(zip(names, row)))
    walk.end()
    return walk.position, len(walk.streams)


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        events, streams = verify(arguments[1])
    except Flaw as flaw:
        print(flaw)
        return 1
    except (sqlite3.Error, OSError) as error:
        print(f"could not read the log: {error}", file=sys.stderr)
        return 2
    print(f"{events} events in {streams} streams are as they were written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
