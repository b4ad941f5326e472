"""Sessions of the app as browsers hold them, without browsers: each opens one page after another.

Run as ``python crowd.py URL QUERY SESSIONS PERIOD ROUNDS [PAGE]`` (PERIOD in seconds; with PAGE, ``/`` for the first,
they stay on one page); prints one JSON list: how long every run of a page took, in seconds, from the click to the end
of the script.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PAGES = ("", "data", "explore", "compare", "train", "search", "runs", "results", "explain", "classify", "reproduce")


async def open_page(connection: websockets.ClientConnection, page: str, query: str) -> float:
    """Go to a page and wait until it is drawn."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    begun = time.perf_counter()
    await connection.send(message.SerializeToString())
    running = False
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(await connection.recv(decode=False))
        kind = answer.WhichOneof("type")
        running = running or kind == "new_session"
        shown = answer.delta.new_element.WhichOneof("type") if kind == "delta" else None
        assert shown != "exception", answer.delta.new_element.exception.message
        if kind == "script_finished" and running:
            return time.perf_counter() - begun


async def session(
    url: str, query: str, number: int, period: float, rounds: int, pages: Sequence[str] = PAGES
) -> list[float]:
    """One person at work, who begins at a moment and on a page of their own."""
    await asyncio.sleep(period * (0.618 * number % 1))  # spread over the first period
    times = []
    async with websockets.connect(url, subprotocols=[websockets.Subprotocol("streamlit")], max_size=None) as connection:
        for step in range(rounds):
            times.append(await open_page(connection, pages[(number + step) % len(pages)], query))
            await asyncio.sleep(max(period - times[-1], 0))
    return times


async def main() -> None:
    url, query = sys.argv[1].replace("http", "ws", 1) + "/_stcore/stream", sys.argv[2]
    sessions, period, rounds = int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
    pages = [sys.argv[6].strip("/")] if len(sys.argv) > 6 else PAGES
    times = await asyncio.gather(*(session(url, query, number, period, rounds, pages) for number in range(sessions)))
    print(json.dumps([taken for one in times for taken in one]))


if __name__ == "__main__":
    asyncio.run(main())
