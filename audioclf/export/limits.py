"""What a server accepts: so many bytes a request, so many requests a minute, so many at a time."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_CLIENTS: Final = 10_000
"""Clients that are remembered; those not heard of for longest are forgotten."""


class TooLarge(Exception):
    """A request's body that goes on beyond what is accepted."""


class RateLimit:
    """A bucket of tokens for every client: it fills evenly, and a request takes one.

    Parameters
    ----------
    per_minute : float
        0 means no limit.
    """

    def __init__(self, per_minute: float) -> None:
        self.per_minute = per_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._turn = threading.Lock()

    def wait(self, client: str) -> float:
        """Seconds until the client may ask; 0 where it may now, which counts as asked."""
        if not self.per_minute:
            return 0.0
        rate, now = self.per_minute / 60, time.monotonic()
        full = max(1.0, self.per_minute / 6)  # ten seconds at once
        with self._turn:
            tokens, before = self._buckets.pop(client, (full, now))
            tokens = min(full, tokens + (now - before) * rate)
            enough = tokens >= 1
            self._buckets[client] = (tokens - enough, now)
            if len(self._buckets) > _CLIENTS:
                self._buckets.popitem(last=False)
        return 0.0 if enough else (1 - tokens) / rate


class Limited:
    """Refuses, before a body is read, what is too large or comes too often.

    Parameters
    ----------
    app : callable
        ASGI application.
    max_bytes : int
    rate : RateLimit
    free : sequence of str
        Paths that are not counted.
    """

    def __init__(self, app: App, *, max_bytes: int, rate: RateLimit, free: tuple[str, ...] = ()) -> None:
        self._app, self._max_bytes, self._rate, self._free = app, max_bytes, rate, free

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] not in self._free and (left := self._rate.wait((scope.get("client") or ("",))[0])):
            sentence = f"At most {self._rate.per_minute:g} requests a minute are answered; ask again in {left:.1f} s."
            await _refuse(send, 429, sentence, {"retry-after": str(int(left) + 1)})
            return
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._max_bytes:
            await _refuse(send, 413, too_large(self._max_bytes))
            return
        received, begun = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            if received <= self._max_bytes:  # what the application makes of a body that was cut off is no answer
                begun = True
                await send(message)

        with contextlib.suppress(TooLarge):
            await self._app(scope, counted, noted)
        if received > self._max_bytes and not begun:
            await _refuse(send, 413, too_large(self._max_bytes))


def too_large(max_bytes: int) -> str:
    """Sentence on a request of too many bytes."""
    return f"A request may have {max_bytes / 1e6:g} MB, and this one has more; send a shorter or compressed sound."


async def _refuse(send: Send, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
    body = json.dumps({"error": sentence}).encode()
    given = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    listed = [(name.encode(), value.encode()) for name, value in {**given, **(headers or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body})
