"""HTTP/1.1 over asyncio streams, by hand, because the tests decide on every byte of a body and on how a connection ends.

A client that closes its side counts as having left: the transport is closed at once, later writes are no-ops, and `Exchange.left` is
set. What a handler does after that (go on, or stop) is its own affair.
"""

import asyncio
import json
import socket
import struct
import sys
import traceback
from urllib.parse import parse_qsl, unquote, urlsplit

LARGEST_BODY = 64 * 1024 * 1024
REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 413: "Content Too Large", 422: "Unprocessable Content",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}


class BadRequest(Exception):
    """The bytes are not a request."""


class Request:
    """A request as received; header names are as sent in `headers`, and lower-case for `header`."""

    def __init__(self, method, target, headers, body):
        parts = urlsplit(target)
        self.method = method
        self.path = unquote(parts.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers = headers
        self.body = body

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self):
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)

    def shown(self):
        """For the record: JSON where the body is JSON, otherwise its text."""
        try:
            body = json.loads(self.body) if self.body else None
        except ValueError:
            body = self.body.decode("utf-8", "replace")
        return {"method": self.method, "path": self.path, "query": self.query, "headers": self.headers, "body": body}


class WatchedReader(asyncio.StreamReader):
    """Tells at once when the other side has closed, even while nobody reads."""

    def __init__(self, **more):
        super().__init__(**more)
        self.left = asyncio.Event()

    def feed_eof(self):
        super().feed_eof()
        self.left.set()

    def set_exception(self, exc):
        super().set_exception(exc)
        self.left.set()


async def read_request(reader, writer):
    """The next request, or None after the last one."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    words = first.split(" ")
    if len(words) != 3 or any(":" not in line for line in lines):
        raise BadRequest(first)
    headers = [[name, value.strip()] for name, value in (line.split(":", 1) for line in lines)]
    request = Request(words[0], words[1], headers, b"")
    if (request.header("expect") or "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.body = await read_body(reader, request)
    return request


async def read_body(reader, request):
    if (request.header("transfer-encoding") or "").lower() == "chunked":
        return await read_chunks(reader)
    length = int(request.header("content-length") or 0)
    if length > LARGEST_BODY:
        raise BadRequest("the body is too long")
    return await reader.readexactly(length) if length else b""


async def read_chunks(reader):
    body = b""
    while True:
        size = int((await reader.readline()).split(b";")[0], 16)
        if not size:
            while (await reader.readline()).strip():
                pass
            return body
        body += await reader.readexactly(size)
        await reader.readexactly(2)


class Exchange:
    """One request and the answer to it."""

    def __init__(self, request, reader, writer):
        self.request = request
        self.left = reader.left
        self.record = {}
        self.status = None
        self.is_over = False
        self.closes = (request.header("connection") or "").lower() == "close"
        self._writer = writer
        self._framing = None

    async def answer(self, status, body, headers=(), content_type="application/json"):
        """A whole answer with its length."""
        length = ["Content-Length", str(len(body))]
        self._send(self._head(status, [["Content-Type", content_type], *headers, length]) + body)
        self.is_over = True
        await self._drain()

    async def begin(self, status, headers, framing="chunked"):
        """The head of a streamed answer. Framing is `chunked`, or `close`: the body ends with the connection."""
        self._framing = framing
        self.closes = self.closes or framing == "close"
        more = [["Transfer-Encoding", "chunked"]] if framing == "chunked" else []
        self._send(self._head(status, [*headers, *more]))
        await self._drain()

    async def write(self, data):
        """A part of the body, in one write of its own (and one chunk, if the framing is chunked)."""
        if data:
            self._send(b"%x\r\n%b\r\n" % (len(data), data) if self._framing == "chunked" else data)
            await self._drain()

    async def finish(self):
        """The body ends as HTTP says."""
        if self._framing == "chunked" and not self.is_over:
            self._send(b"0\r\n\r\n")
            await self._drain()
        self.is_over = True

    async def cut(self):
        """The connection closes, and a chunked body is left without its last chunk."""
        self.is_over = self.closes = True
        await self._drain()

    async def reset(self):
        """The connection is reset (RST), after what was written has left."""
        self.is_over = self.closes = True
        await self._drain()
        await asyncio.sleep(0.02)
        connection = self._writer.get_extra_info("socket")
        if connection is not None and connection.fileno() >= 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def _head(self, status, headers):
        self.status = self.record["status"] = status
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Other')}", *(f"{name}: {value}" for name, value in headers)]
        lines.append("Connection: close" if self.closes else "Connection: keep-alive")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _send(self, data):
        if not self.left.is_set() and not self.is_over:
            self._writer.write(data)

    async def _drain(self):
        try:
            await self._writer.drain()
        except ConnectionError:
            self.left.set()


async def close_when_left(reader, writer):
    await reader.left.wait()
    writer.close()


async def serve_connection(reader, writer, handle):
    """Answers requests, one after another, until one side has had enough."""
    watch = asyncio.create_task(close_when_left(reader, writer))
    try:
        while (request := await read_request(reader, writer)) is not None:
            exchange = Exchange(request, reader, writer)
            await handle(exchange)
            if exchange.closes or exchange.left.is_set():
                break
    except (BadRequest, ValueError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    except ConnectionError:
        pass
    except Exception:  # a fault of these servers must be seen in the test that meets it
        traceback.print_exc(file=sys.stderr)
    finally:
        watch.cancel()
        writer.close()
