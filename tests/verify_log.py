#!/usr/bin/env python3
"""A second, independent check of a log in SQLite, written from docs/event-hash.md and docs/checkpoints.md and not from the program.

    python3 verify_log.py PATH/events.db… [--key PUBLIC_KEY_FILE --checkpoint FILE_OR_FOLDER… [--restored-at N…]]

Needs nothing but Python 3's standard library, opens the file for reading only, and may run beside the program. It exits
with 0 when the log is as it was written, with 1 when it is not (and names the first bad position, or the positions of which
one is the first bad one), with 2 when it could not be read. Of several logs each gets a line, and the highest code counts.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sqlite3
import struct
import sys
import uuid
from datetime import datetime
from pathlib import Path

import verify_proof

LABEL = b"fiido-desk/event/1"
ABSENT = struct.pack(">I", 0xFFFFFFFF)
NO_HASH = bytes(32)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
STREAM = re.compile(r"[a-z0-9_]+-[a-z0-9_-]+", re.ASCII)
TEXTS = ("stream", "type", "recorded_at", "actor", "key_id", "data")
INTEGERS = ("position", "version", "schema")
BLOBS = ("event_id", "subject", "correlation_id", "causation_id", "personal", "prev_hash", "hash")
COLUMNS = TEXTS + INTEGERS + BLOBS
OPTIONAL = ("subject", "key_id", "causation_id", "personal")
TABLES = (b"identity", b"event", b"head")
# of docs/event-hash.md, "Where it is in SQLite"
NEWEST_MIGRATION = 3
# SQLite's codes for a schema that is not ours and for a damaged file
DAMAGED = (1, 11)


class Flaw(Exception):
    """The log is not as it was written. The first bad position is one of `first` to `last`."""

    def __init__(self, first, last, reason):
        self.first, self.last = min(first, last), last
        self.reason = reason
        super().__init__(f"{self.place()}: {reason}")

    def place(self):
        if self.last == 0:
            return "the log's own record is bad"
        if self.first == self.last:
            return f"first bad position {self.last}"
        return f"first bad position one of {self.first} to {self.last}"


class Changed(Exception):
    """The log was changed so that no position can be named."""


class NoLog(Exception):
    """It is a database, but not of a log."""


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


def bad_column(event, types):
    """The first column that is not of the form that the page gives it."""
    for column in COLUMNS:
        kind, value = types[column], event[column]
        if kind == b"null":
            if column not in OPTIONAL:
                return column
        elif column in INTEGERS:
            if kind != b"integer":
                return column
        elif column in BLOBS:
            if kind != b"blob":
                return column
        elif kind != b"text" or not is_utf8(value):
            return column
    stream = event["stream"].decode()
    if not STREAM.fullmatch(stream) or len(stream) > 100 or stream.startswith("-"):
        return "stream"
    if event["version"] < 0:
        return "version"
    if not 0 <= event["schema"] < 2**32:
        return "schema"
    if not is_time(event["recorded_at"].decode()):
        return "recorded_at"
    for column in ("event_id", "correlation_id", "subject", "causation_id"):
        if event[column] is not None and len(event[column]) != 16:
            return column
    return next((column for column in ("prev_hash", "hash") if len(event[column]) != 32), None)


def is_utf8(value):
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_time(text):
    if not TIME.fullmatch(text):
        return False
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return False
    return True


class Tree:
    """The right edge of RFC 6962's tree over the events' hashes."""

    def __init__(self):
        self.size = 0
        self.peaks = []

    def append(self, event_hash):
        node = hashlib.sha256(b"\0" + event_hash).digest()
        size = self.size
        while size & 1:
            node = hashlib.sha256(b"\1" + self.peaks.pop() + node).digest()
            size >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = hashlib.sha256(b"\1" + peak + root).digest()
        return root


class Evidence:
    """The auditor's notes, compared as the tree grows."""

    def __init__(self, key, notes, restored_at):
        self.key = key
        self.notes = sorted(notes, key=lambda note: (note["size"], note["signed_at"]))
        self.restored_at = restored_at

    def begin(self, log_id, generation, is_copy):
        self.is_copy = is_copy
        self.tree = Tree()
        self.expected = list(self.notes)
        self.log_id, self.generation = log_id, generation
        self.newest = None
        self.mismatch = None
        self.restores = []
        self.replaced = []
        self.compare(0)

    def unproven_from(self):
        return 1 if self.newest is None else self.newest["position"] + 1

    def step(self, event):
        restored = restore_of(event)
        if restored and self.is_signed(restored) and restored["root"] == self.tree.root().hex():
            self.restores.append(restored)
        self.tree.append(event["hash"])
        self.compare(event["position"])

    def is_signed(self, restored):
        if self.key is None:
            return False
        try:
            note = verify_proof.open_note(restored["note"], self.key)
        except verify_proof.Refused:
            return False
        told = (restored["from"], restored["generation"], restored["root"])
        return (note["position"], note["generation"], note["root"].hex()) == told

    def compare(self, position):
        while self.expected and self.expected[0]["size"] == self.tree.size:
            note = self.expected.pop(0)
            restored_at = self.replaced_at(note)
            if restored_at is not None:
                self.replaced.append((note, restored_at))
            elif self.fits(note, position):
                self.newest = note
            elif self.mismatch is None:
                self.mismatch = (note["size"], position)

    def fits(self, note, position):
        ours = note["generation"] == self.generation or note["position"] == note["size"]
        return note["root"] == self.tree.root() and (not ours or note["position"] == position)

    def replaced_at(self, note):
        later = [restored["from"] for restored in self.restores if restored["generation"] > note["generation"]]
        return min(later) if later and min(later) < note["position"] else None

    def flaws(self):
        """What the notes show that were compared."""
        if self.mismatch is not None:
            size, at = self.mismatch
            if self.newest is not None and self.newest["size"] >= size:
                yield Flaw(at, at, "a checkpoint that was signed here contradicts one that fits")
            else:
                yield Flaw(self.unproven_from(), at, "the events up to here are not those that were signed")
        untold = [at for _, at in self.replaced if at not in self.restored_at]
        if untold:
            yield Flaw(min(untold) + 1, min(untold) + 1, f"replaced by a restore at {min(untold)}")

    def flaws_at_end(self, last):
        """What the notes show that cover more than the log has."""
        while self.expected:
            note = self.expected.pop(0)
            restored_at = self.replaced_at(note)
            if restored_at is None:
                yield Flaw(self.unproven_from(), last + 1, "the event is missing: more were signed")
                return
            self.replaced.append((note, restored_at))

    def other_identity(self):
        """A note of another log or of a newer generation; what events show counts more."""
        for note in reversed(self.notes):
            if note["log"] != f"fiido-desk/{self.log_id}":
                yield Flaw(0, 0, "the log does not have the id that was signed")
            elif note["generation"] > self.generation:
                yield Flaw(0, 0, "a newer generation was signed")
        oldest = min((note["generation"] for note in self.notes), default=self.generation)
        is_restored = any(restored["generation"] >= self.generation for restored in self.restores)
        if oldest < self.generation and not is_restored and not self.is_copy:
            yield Flaw(0, 0, "the generation was raised without a signed record of a restore")


def restore_of(event):
    if event["type"] != b"log.restored" or event["stream"] != b"settings-log":
        return None
    try:
        restored = json.loads(event["data"])
    except ValueError:
        return None
    types = {"from": int, "root": str, "generation": int, "who": str, "note": str}
    if not isinstance(restored, dict) or restored.keys() != types.keys():
        return None
    return restored if all(type(restored[name]) is kind for name, kind in types.items()) else None


class Walk:
    """Goes through the log in position order, and remembers what the next event must follow."""

    def __init__(self, head, rises_after, evidence):
        self.head = head
        self.rises_after = rises_after
        self.evidence = evidence
        self.position = 0
        self.time = ""
        self.streams = {}

    def beside(self, position, reason):
        """What an event shows beside others may be anywhere before it that no note proves."""
        return Flaw(self.evidence.unproven_from(), position, reason)

    def step(self, event, types):
        position = self.position + 1
        if event["position"] != position:
            raise Flaw(position, position, "the event is missing")
        column = bad_column(event, types)
        if column is not None:
            raise Flaw(position, position, f"column {column} is malformed")
        if event_hash(event) != event["hash"]:
            raise Flaw(position, position, "the event's content does not give its hash")
        time = event["recorded_at"].decode()
        if position > self.rises_after and time <= self.time:
            raise self.beside(position, "the event's time is not later than that of the one before it")
        version, last_hash, last_time = self.streams.get(event["stream"], (0, NO_HASH, ""))
        if (event["version"], event["prev_hash"]) != (version + 1, last_hash):
            raise self.beside(position, "the event does not follow the one before it in its stream")
        if time <= last_time:
            raise self.beside(position, "the event's time is not later than that of the one before it")
        self.evidence.step(event)
        self.streams[event["stream"]] = (event["version"], event["hash"], time)
        self.time = time
        self.position = position
        if self.head[0] == position and self.head[1:] != (event["recorded_at"], event["hash"]):
            raise self.beside(position, "the head describes another event")

    def end(self):
        if self.position < self.head[0]:
            yield self.beside(self.position + 1, "the event is missing")
        elif self.position > self.head[0]:
            yield self.beside(self.head[0] + 1, "the event is beyond the recorded end of the log")
        yield from self.evidence.flaws_at_end(self.position)


def rows_of(database, sql):
    """Rows of what comes before the events: where it is damaged, no position can be named."""
    try:
        return database.execute(sql).fetchall()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in DAMAGED:
            raise Changed(str(error)) from error
        raise
    except UnicodeDecodeError as error:
        # SQLite names what is damaged in words that are damaged as well
        raise Changed(str(error)) from error


def typed(names):
    """Columns with their types, which Python's driver would not tell apart."""
    return ", ".join(f"{name}, typeof({name})" for name in names)


def identity_of(database):
    rows = rows_of(database, f"select {typed(('log_id', 'generation'))} from identity where id = 1")
    if not rows:
        raise Changed("the identity is missing")
    log_id, id_type, generation, generation_type = rows[0]
    if id_type != b"blob" or len(log_id) != 16 or generation_type != b"integer" or generation < 0:
        raise Changed("the identity cannot be read")
    return uuid.UUID(bytes=log_id), generation


def head_of(database):
    rows = rows_of(database, f"select {typed(('position', 'recorded_at', 'hash'))} from head where id = 1")
    if not rows:
        return (0, b"", b"")
    position, position_type, recorded_at, time_type, last_hash, hash_type = rows[0]
    return (
        position if position_type == b"integer" and position >= 0 else 0,
        recorded_at if time_type == b"text" and is_utf8(recorded_at) else b"",
        last_hash if hash_type == b"blob" else b"",
    )


def exemption_of(database, tables, key, log_id, generation):
    """Up to where times rise in each stream only, and whether the key has signed that."""
    if b"copy" not in tables:
        return 0, True, False
    try:
        rows = rows_of(database, "select is_whole, times_rise_after, note from copy")
    except Changed:
        # as an older version has migrated it
        rows = rows_of(database, "select is_whole, times_rise_after, null from copy")
    if not rows:
        return 0, True, False
    _, rises_after, note = rows[0]
    if type(rises_after) is not int:
        raise Changed("the record of the copy cannot be read")
    note = note or b""
    text = f"fiido-desk/copy/1\n{log_id}\ngeneration {generation}\ntimes_rise_after {rises_after}\n"
    try:
        signature = base64.b64decode(note, validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    is_signed = key is not None and signature[:4] == key[1] and verify_proof.is_signed(
        key[2], text.encode("utf-8"), signature[4:]
    )
    return max(rises_after, 0), is_signed, True


def verify(path, evidence):
    """Checks a whole log in one snapshot; gives the numbers of events and streams, and up to where times were not checked."""
    database = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
    try:
        return verify_open(database, evidence)
    finally:
        database.close()


def verify_open(database, evidence):
    # texts as the bytes they are, so that nothing is decoded and encoded again
    database.text_factory = bytes
    database.execute("begin")
    tables = [name for (name,) in rows_of(database, "select name from sqlite_master where type = 'table'")]
    if not any(name in tables for name in TABLES):
        raise NoLog("the file is a database, but holds no log")
    [(version, kind)] = rows_of(database, f"select {typed(('coalesce(max(version), 0)',))} from _sqlx_migrations")
    if kind != b"integer":
        raise Changed("the record of migrations cannot be read")
    if version > NEWEST_MIGRATION:
        raise NoLog("the log is from a newer version")
    log_id, generation = identity_of(database)
    head = head_of(database)
    rises_after, is_signed, is_copy = exemption_of(database, tables, evidence.key, log_id, generation)
    evidence.begin(log_id, generation, is_copy)
    walk = Walk(head, rises_after, evidence)
    flaws = []
    try:
        for row in events_of(database, walk):
            walk.step(dict(zip(COLUMNS, row[::2])), dict(zip(COLUMNS, row[1::2])))
        flaws.extend(walk.end())
    except Flaw as flaw:
        flaws.append(flaw)
    flaws.extend(evidence.flaws())
    flaw = min(flaws, key=lambda flaw: flaw.last, default=None) or next(evidence.other_identity(), None)
    if flaw is not None:
        raise flaw
    return walk.position, len(walk.streams), 0 if is_signed else rises_after


def events_of(database, walk):
    """Every event; a place that the database cannot read is the next event's."""
    sql, read = f"select {typed(COLUMNS)} from event order by position", 0
    try:
        for row in database.execute(sql):
            read += 1
            yield row
        return
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if not is_damage(error):
            raise
    # Python's driver reads one row ahead, and gives none where the one behind it cannot be read.
    while True:
        try:
            rows = database.execute(f"{sql} limit {read + 1}").fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not is_damage(error):
                raise
            position = walk.position + 1
            raise Flaw(position, position, f"the event cannot be read: {error}") from error
        if len(rows) <= read:
            return
        read += 1
        yield rows[-1]


def is_damage(error):
    return isinstance(error, UnicodeDecodeError) or error.sqlite_errorcode & 0xFF in DAMAGED


def evidence_of(arguments):
    """The notes that the key has signed; those that are damaged are named and passed over if others are not."""
    if arguments.key is None:
        return Evidence(None, [], [])
    key = verify_proof.public_key(Path(arguments.key).read_text(encoding="utf-8"))
    notes, refused = [], None
    for given in map(Path, arguments.checkpoint):
        files = sorted(given.glob("*.checkpoint")) if given.is_dir() else [given]
        if not files:
            raise OSError(f"there is no checkpoint in {given}")
        for file in files:
            content = file.read_bytes()
            try:
                notes.append(verify_proof.open_note(content.decode("utf-8"), key))
            except (verify_proof.Refused, UnicodeDecodeError) as error:
                refused = refused or f"{file} is not as it was signed: {error}"
                print(f"passed over: {file}: {error}", file=sys.stderr)
    if refused and not notes:
        raise Changed(refused)
    return Evidence(key, notes, arguments.restored_at)


def check(path, evidence):
    """Exit code and one line."""
    try:
        events, streams, unchecked = verify(path, evidence)
    except (Flaw, Changed) as flaw:
        return 1, str(flaw)
    except (sqlite3.Error, OSError, NoLog) as error:
        return 2, f"could not read the log: {error}"
    said = f"{events} events in {streams} streams are as they were written"
    return 0, said + (f"; unchecked in time up to position {unchecked}" if unchecked else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", nargs="+")
    parser.add_argument("--key")
    parser.add_argument("--checkpoint", action="append", default=[])
    parser.add_argument("--restored-at", action="append", type=int, default=[])
    arguments = parser.parse_args()
    try:
        evidence = evidence_of(arguments)
    except (Changed, verify_proof.Refused) as error:
        print(error)
        return 1 if isinstance(error, Changed) else 2
    except (OSError, UnicodeDecodeError) as error:
        print(f"could not read: {error}", file=sys.stderr)
        return 2
    worst = 0
    for path in arguments.log:
        code, said = check(path, evidence)
        if len(arguments.log) > 1:
            said = f"{code} {said}"
        print(said, file=sys.stderr if code == 2 and len(arguments.log) == 1 else sys.stdout)
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main())
