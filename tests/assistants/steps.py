"""A stream as a list of steps with one fault put in its place: what both servers share of it."""

import asyncio
from dataclasses import dataclass

import delivery


@dataclass
class Step:
    """Bytes to send; the chat's status from then on; the point of the stream behind it; the fault that happens after the bytes."""

    data: bytes = b""
    status: str | None = None
    point: object = None
    fault: str | None = None
    is_piece: bool = False


def place_of(whole, at, start):
    """The index behind a point. `start` is the point where the text may begin; a number counts pieces of text."""
    if at == "head":
        return 0
    if isinstance(at, int):
        pieces = [index + 1 for index, step in enumerate(whole) if step.is_piece]
        if at and pieces:
            return pieces[min(at, len(pieces)) - 1]
        at = start
    return max((index + 1 for index, step in enumerate(whole) if step.point == at), default=len(whole))


def cut_short(rest, fault):
    """The beginning of what follows: half an event, or up to the middle of its first character of several bytes."""
    data = b"".join(step.data for step in rest)
    if fault == "mid_character" and (points := delivery.split_points(data)):
        return data[: points[0]]
    return data[: max(1, len(rest[0].data) // 2)] if rest else b""


def interrupted(whole, behaviour, start, failures):
    """The steps up to the fault, the fault, and what follows it. `failures` makes the steps of the faults that say something."""
    fault, at = behaviour["fault"], behaviour["at"]
    if fault is None or at == "request":
        return whole
    place = place_of(whole, at, start)
    head, rest = whole[:place], whole[place:]
    if fault in failures:
        return [*head, *failures[fault]()]
    if fault in ("mid_line", "mid_character"):
        return [*head, Step(cut_short(rest, fault), fault="eof")]
    if fault == "invalid_utf8":
        return [*head, Step(b'data: {"id":"\xff\xfe"}\n\n'), *rest]
    if fault in ("stall", "keep_alive"):
        after = behaviour["after_stall"]
        return [*head, Step(fault=fault), *([Step(fault=after)] if after else rest)]
    return [*head, Step(fault=fault)]


async def stall(gate, exchange, behaviour, *others):
    """Nothing is said, or only comments, until it is released or over, or one of the other events happens."""
    seconds = behaviour["stall_ms"] / 1000
    if behaviour["fault"] == "stall":
        return await gate.wait(seconds, *others)
    comment = f": {behaviour['comments'] or 'keep-alive'}\n\n".encode()
    released = asyncio.ensure_future(gate.wait(seconds, *others))
    while not released.done():
        await exchange.write(comment)
        await asyncio.wait([released], timeout=0.1)


async def break_off(exchange, fault):
    await {"eof": exchange.finish, "cut": exchange.cut, "reset": exchange.reset}[fault]()


async def meet(gate, exchange, behaviour):
    """What happens before an answer begins; whether that was all."""
    if behaviour["delay_ms"]:
        await asyncio.sleep(behaviour["delay_ms"] / 1000)
    if not behaviour["fault"] or behaviour["at"] != "request":
        return False
    if behaviour["fault"] == "stall":
        await gate.wait(behaviour["stall_ms"] / 1000, exchange.left)
        return False
    await (exchange.reset if behaviour["fault"] == "reset" else exchange.cut)()
    return True
