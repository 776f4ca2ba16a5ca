"""Starts a server: one line on the standard output says where it listens, then it serves until it is killed.

The listening socket can be closed for a while, so that connections are refused, and is then bound to the same port again.
"""

import argparse
import asyncio
import gc
import resource
import sys

import wire

BACKLOG = 2048


def parser(description):
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=0, help="0 for a free one")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--until-input-ends", action="store_true", help="end with the standard input")
    return options


class Listener:
    """The listening socket, which may be away for a while."""

    def __init__(self, handle, host, port):
        self.handle, self.host, self.port = handle, host, port
        self.server = None

    async def open(self):
        self.server = await asyncio.get_running_loop().create_server(
            self._protocol, self.host, self.port, backlog=BACKLOG, reuse_address=True
        )
        self.port = self.server.sockets[0].getsockname()[1]

    async def refuse_for(self, seconds):
        """Connections are refused for so long. Established ones stay."""
        self.server.close()
        await asyncio.sleep(seconds)
        await self.open()

    def _protocol(self):
        reader = wire.WatchedReader(limit=1024 * 1024)
        return asyncio.StreamReaderProtocol(reader, lambda r, w: wire.serve_connection(r, w, self.handle))


def allow_many_connections():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft != resource.RLIM_INFINITY else soft, hard))


async def serve(application, options):
    listener = Listener(application.handle, options.host, options.port)
    application.listener = listener
    await listener.open()
    print(f"listening on {options.host}:{listener.port}", flush=True)
    if options.until_input_ends:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    else:
        await asyncio.Event().wait()


def run(application, options):
    allow_many_connections()
    gc.freeze()
    try:
        asyncio.run(serve(application, options))
    except KeyboardInterrupt:
        pass
