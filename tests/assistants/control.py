"""The control route and the record, which both servers share.

`POST /_control` sets what comes next and answers with numbers, `GET /_control` gives everything received, `GET /_control/counts`
only the numbers. A fault of the server itself stands in `internal_errors`, so that a test can tell it from a fault of the client.
"""

import asyncio
import json
import time
import traceback
from collections import Counter, deque

from delivery import Gate
from script import Script, Unknown

KEYS = {"reset", "clear_script", "default", "next", "marked", "options", "release", "refuse_for_ms"}


class Application:
    """What a server consists of; `more_keys` and `do_more` are for keys of its own."""

    more_keys = set()

    def __init__(self, presets, defaults, kinds, options):
        self.script = Script(presets, defaults, kinds)
        self.first_options = dict(options)
        self.gate = Gate()
        self.listener = None
        self.running = 0
        self.reset()

    def reset(self):
        self.script.clear()
        self.options = dict(self.first_options)
        self.records = deque(maxlen=self.options["keep"])
        self.counts = Counter()
        self.faults = []
        self.most_running = self.running

    async def handle(self, exchange):
        if exchange.request.path.startswith("/_control"):
            return await self.control(exchange)
        exchange.record |= {"at": time.time(), **exchange.request.shown()}
        self.records.append(exchange.record)
        self.counts["requests"] += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.serve(exchange)
        except Exception:
            self.faults.append(traceback.format_exc())
            if exchange.status is None:
                await exchange.answer(500, b'{"internal_error":true}')
        finally:
            self.running -= 1
            exchange.record["client_left"] = exchange.left.is_set()

    async def serve(self, exchange):
        raise NotImplementedError

    async def control(self, exchange):
        request = exchange.request
        try:
            if request.method == "POST":
                self.told(request.json())
            status, answer = 200, self.shown(request.method == "POST" or request.path.endswith("/counts"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            status, answer = 400, {"error": str(error)}
        await exchange.answer(status, json.dumps(answer, ensure_ascii=False).encode())

    def told(self, told):
        if unknown := set(told) - KEYS - self.more_keys:
            raise Unknown(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(KEYS | self.more_keys))}")
        if told.get("reset"):
            self.gate.release()
            self.reset()
        if told.get("clear_script"):
            self.script.clear()
        self.set_options(told.get("options", {}))
        self.script.load(told)
        if told.get("release"):
            self.gate.release()
        if milliseconds := told.get("refuse_for_ms"):
            asyncio.get_running_loop().call_later(0.05, self._refuse, milliseconds / 1000)
        self.do_more(told)

    def set_options(self, options):
        if unknown := set(options) - set(self.first_options):
            raise Unknown(f"there is no option {', '.join(sorted(unknown))}; there are {', '.join(sorted(self.first_options))}")
        self.options |= options
        if "keep" in options:
            self.records = deque(self.records, maxlen=options["keep"])

    def _refuse(self, seconds):
        # Held, so that it is not collected while it waits.
        self._refusal = asyncio.ensure_future(self.listener.refuse_for(seconds))

    def do_more(self, told):
        """Keys of the server itself."""

    def shown(self, only_counts):
        counts = dict(self.counts) | {
            "running": self.running, "most_running": self.most_running, "stalled": self.gate.waiting,
            "script_left": len(self.script.queue), "internal_errors": len(self.faults),
        }
        if only_counts:
            return counts
        return {
            "counts": counts, "options": self.options, "script": self.script.remaining(),
            "requests": list(self.records), "internal_errors": self.faults, **self.state(),
        }

    def state(self):
        return {}
