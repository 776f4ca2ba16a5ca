"""For the self-tests: starts a server, and reads its answers off a plain socket, chunk by chunk."""

import base64
import json
import pathlib
import socket
import subprocess
import sys
import time
import unittest

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

HERE = pathlib.Path(__file__).parent
KEY = generate_private_key(65537, 2048)


class Answer:
    """A status, headers, the chunks of the body as they were sent, and how it ended: `whole`, `cut`, `reset` or `timeout`."""

    def __init__(self, head, chunks, ended):
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        self.chunks, self.ended = chunks, ended
        self.body = b"".join(chunks)

    def json(self):
        return json.loads(self.body)

    def events(self):
        """Event and data of each event, read by the rules for server-sent events, more leniently at the end."""
        text = self.body.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
        return [parsed for block in text.split("\n\n") if (parsed := event(block)) is not None]


def event(block):
    name, data = None, []
    for line in block.strip("\n").split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return None if name is None and not data else (name, "\n".join(data) if data else None)


class Reader:
    def __init__(self, connection):
        self.connection, self.buffer = connection, b""
        self.end = time.monotonic() + connection.gettimeout()

    def until(self, mark):
        while mark not in self.buffer:
            self.more()
        line, _, self.buffer = self.buffer.partition(mark)
        return line

    def exactly(self, size):
        while len(self.buffer) < size:
            self.more()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def more(self):
        # The whole answer has one time limit, or comments would keep a reader for ever.
        self.connection.settimeout(max(0.001, self.end - time.monotonic()))
        data = self.connection.recv(1 << 16)
        if not data:
            raise EOFError
        self.buffer += data


def read(connection):
    """The whole answer, or what there is of it when it breaks off."""
    reader, head, chunks = Reader(connection), None, []
    try:
        head = reader.until(b"\r\n\r\n")
        ended = read_body(reader, Answer(head, [], ""), chunks)
    except (EOFError, ConnectionResetError, TimeoutError) as error:
        ended = {EOFError: "cut", ConnectionResetError: "reset", TimeoutError: "timeout"}[type(error)]
    if head is None:
        return ended
    return Answer(head, chunks + ([reader.buffer] if reader.buffer else []), ended)


def read_body(reader, answer, chunks):
    if answer.headers.get("transfer-encoding") == "chunked":
        while size := int(reader.until(b"\r\n"), 16):
            chunks.append(reader.exactly(size))
            reader.exactly(2)
        reader.exactly(2)
    elif "content-length" in answer.headers:
        chunks.append(reader.exactly(int(answer.headers["content-length"])))
    else:
        try:
            while True:
                reader.more()
                chunks.append(reader.buffer)
                reader.buffer = b""
        except EOFError:
            pass
    return "whole"


def encode(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def signed(header, claims, key=KEY):
    text = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{text}.{encode(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


class Server:
    """A started server; `send` opens a connection and sends a request, `call` reads the answer too."""

    def __init__(self, script, *arguments):
        command = [sys.executable, str(HERE / script), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), line
        self.port = int(line.rpartition(":")[2])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def send(self, method, path, body=None, headers=(), timeout=5):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Content-Length: {len(data)}", *headers]
        lines += ["Content-Type: application/json"] if data else []
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        return connection

    def call(self, method, path, body=None, headers=(), timeout=5):
        with self.send(method, path, body, headers, timeout) as connection:
            return read(connection)

    def control(self, **told):
        answer = self.call("POST", "/_control", told)
        assert answer.status == 200, answer.body
        return answer.json()

    def state(self):
        return self.call("GET", "/_control").json()


class ServerTest(unittest.TestCase):
    """One server for the class, as new for each test."""

    script, arguments = "", ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.script, *cls.arguments)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.server.control(reset=True)

    def tearDown(self):
        self.assertEqual(self.server.state()["internal_errors"], [])

    def eventually(self, check):
        for _ in range(200):
            if check():
                return
            time.sleep(0.02)
        self.fail("it does not happen")
