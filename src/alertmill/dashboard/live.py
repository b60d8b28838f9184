"""The live tail: alerts that fit, as they come into the cache, as server-sent events.

What is followed is the cache, which is brought up to date with alerts.json every second: the tail then knows every
filter, and a day's change of files is nothing to it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson

#: Seconds between two looks, and between two signs of life on a silent stream.
TICK = 0.5
HEARTBEAT = 15.0
#: Streams that are served at the same time.
MOST_STREAMS = 16

#: Rows since a number: (alerts, how many more there were).
Since = Callable[[int], Awaitable[tuple[list[dict[str, object]], int]]]


async def events(last: Callable[[], int], since: Since, begin: int | None = None) -> AsyncIterator[bytes]:
    """The stream. `last` gives the number of the newest row in the cache; `begin` the one to go on behind."""
    seen = last() if begin is None else begin
    yield event("hello", {"number": seen})
    quiet = time.monotonic()
    while True:
        newest = last()
        if newest < seen:  # the cache was begun anew
            seen = newest
        if newest > seen:
            alerts, left_out = await since(seen)
            seen = newest
            if alerts:
                yield event("alerts", {"alerts": alerts, "left_out": left_out}, id=seen)
                quiet = time.monotonic()
        if time.monotonic() - quiet > HEARTBEAT:
            yield b": still here\n\n"
            quiet = time.monotonic()
        await asyncio.sleep(TICK)


def event(name: str, value: object, id: int | None = None) -> bytes:
    """One server-sent event. JSON has no line ends of its own, so an alert cannot end it."""
    number = f"id: {id}\n" if id is not None else ""
    return f"event: {name}\n{number}data: ".encode() + orjson.dumps(value) + b"\n\n"
