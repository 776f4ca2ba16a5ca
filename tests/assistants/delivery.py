"""How the bytes of a stream are written: spelled, cut up, commented, and ended in each way that a client has to bear."""

import asyncio
import json

DEFAULTS = {
    "newline": "\n",  # or "\r\n", "\r"
    "spacing": None,  # "tight" (`data:x`) or "spaced" (`data: x`); None: as the endpoint does
    "escapes": False,  # every character beyond ASCII as \uXXXX
    "data_lines": False,  # JSON over several `data:` lines of one event
    "comments": None,  # a text that comes as a comment line before each event
    "blank_lines": 0,  # more blank lines between events
    "byte_order_mark": False,
    "write": "event",  # a write for each event; "bytes": each byte; "split": inside each character of several bytes; "joined": all in one
    "write_size": None,  # writes of so many bytes, wherever that cuts
    "write_delay_ms": 0,  # between two writes
    "framing": "chunked",  # or "close": the body ends with the connection
    "final_newline": True,  # False: the last event lacks its newlines
    "open_after_done": False,  # the connection stays open after the last event
    "delay_ms": 0,  # before the answer's first byte
    "piece_delay_ms": 0,  # before each piece of text
    "stall_ms": 600_000,  # how long a stall lasts unless it is released
    "after_stall": None,  # "eof", "cut" or "reset" instead of going on
    "repeat": 1,  # so many times the pieces
}


def dump(value, escapes=False):
    """JSON as Go writes it: without blanks, `&`, `<` and `>` escaped."""
    text = json.dumps(value, ensure_ascii=escapes, separators=(",", ":"))
    for character in "&<>":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def event(name, data, behaviour, spaced):
    """One server-sent event. No name: no `event` line; data None: no `data` line."""
    space = " " if {"tight": False, "spaced": True, None: spaced}[behaviour["spacing"]] else ""
    newline = behaviour["newline"]
    lines = [] if name is None else [f"event:{space}{name}"]
    if data is not None:
        text = data if isinstance(data, str) else encoded(data, behaviour)
        lines += [f"data:{space}{part}" for part in text.split("\n")]
    comment = [] if behaviour["comments"] is None else [f": {behaviour['comments']}"]
    blank = [""] * (1 + behaviour["blank_lines"])
    return "".join(line + newline for line in [*comment, *lines, *blank]).encode()


def encoded(data, behaviour):
    if behaviour["data_lines"]:
        return json.dumps(data, ensure_ascii=behaviour["escapes"], indent=1)
    return dump(data, behaviour["escapes"])


def split_points(data):
    """After the first byte of each character that has several."""
    return [place + 1 for place, byte in enumerate(data) if byte >= 0xC0]


class Delivery:
    """Writes a stream's bytes to an exchange in the pieces that a behaviour asks for."""

    def __init__(self, exchange, behaviour):
        self.exchange, self.behaviour = exchange, behaviour
        self._held = b"\xef\xbb\xbf" if behaviour["byte_order_mark"] else b""

    async def send(self, data):
        mode, size = self.behaviour["write"], self.behaviour["write_size"]
        data, self._held = self._held + data, b""
        if size:
            data = await self._in_sizes(data, size)
        if mode == "joined" or size:
            self._held = data
        elif mode == "bytes":
            await self._write_cut(data, range(1, len(data)))
        elif mode == "split":
            await self._write_cut(data, split_points(data))
        else:
            await self._write(data)

    async def flush(self):
        held, self._held = self._held, b""
        await self._write(held)

    async def finish(self):
        await self.flush()
        await self.exchange.finish()

    async def _in_sizes(self, data, size):
        while len(data) >= size:
            await self._write(data[:size])
            data = data[size:]
        return data

    async def _write_cut(self, data, points):
        for start, end in zip([0, *points], [*points, len(data)]):
            if self.exchange.left.is_set():
                return
            await self._write(data[start:end])

    async def _write(self, data):
        await self.exchange.write(data)
        await asyncio.sleep(self.behaviour["write_delay_ms"] / 1000)


class Gate:
    """Where stalled answers wait, until they are released or their time is over."""

    def __init__(self):
        self._event = asyncio.Event()
        self.waiting = 0

    def release(self):
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds, *others):
        """Waits for the release, for one of the other events, or for so long."""
        self.waiting += 1
        tasks = [asyncio.ensure_future(one.wait()) for one in (self._event, *others)]
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiting -= 1
            for task in tasks:
                task.cancel()
