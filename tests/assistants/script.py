"""Which behaviour comes next: by a marker in the message, else the next one in the queue, else the usual one.

A behaviour is a name with parameters: `"ok"`, or `{"behaviour": "ok", "pieces": ["a", "b"]}`. A name stands for parameters
(the presets of each server); what is given beside it wins. Unknown names and parameters are refused, so that a typing error fails the
test that made it instead of changing nothing.
"""


class Unknown(ValueError):
    """What was asked for does not exist."""


class Script:
    def __init__(self, presets, defaults, kinds):
        self.presets, self.defaults, self.kinds = presets, defaults, kinds
        self.clear()

    def clear(self):
        self.usual = self.item("ok")
        self.queue = []
        self.marked = {}

    def load(self, told):
        """Takes `default`, `next` (appended) and `marked` (added) of what the control route was told."""
        if "default" in told:
            self.usual = self.item(told["default"])
        self.queue += [self.item(one, times=1) for one in told.get("next", [])]
        for marker, items in told.get("marked", {}).items():
            several = items if isinstance(items, list) else [items]
            self.marked[marker] = [self.item(one, times=1) for one in several[:-1]] + [self.item(several[-1])]

    def item(self, told, times=None):
        told = {"behaviour": told} if isinstance(told, str) else dict(told)
        name, on = told.pop("behaviour", "ok"), told.pop("on", "chat")
        times = told.pop("times", times)
        if name not in self.presets:
            raise Unknown(f"there is no behaviour {name!r}; there are {', '.join(sorted(self.presets))}")
        if on not in self.kinds:
            raise Unknown(f"there is no kind of request {on!r}; there are {', '.join(sorted(self.kinds))}")
        if unknown := set(told) - set(self.defaults):
            raise Unknown(f"there is no parameter {', '.join(sorted(unknown))}; there are {', '.join(sorted(self.defaults))}")
        return {"on": on, "times": times, "name": name, "parameters": self.defaults | self.presets[name] | told | {"name": name}}

    def choose(self, on, text=""):
        """The parameters for this request; uses up one of its times."""
        for marker, items in self.marked.items():
            if marker in text and (found := take(items, on)):
                return found["parameters"]
        found = take(self.queue, on)
        if found is None and self.usual["on"] == on:
            found = self.usual
        return (found or self.item("ok"))["parameters"]

    def remaining(self):
        """What is still in the queue, for the record."""
        return [{"behaviour": item["name"], "on": item["on"], "times": item["times"]} for item in self.queue]


def take(items, on):
    for place, item in enumerate(items):
        if item["on"] != on:
            continue
        if item["times"] is not None:
            item["times"] -= 1
            if item["times"] <= 0:
                del items[place]
        return item
    return None
