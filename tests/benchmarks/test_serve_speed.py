"""How long a client of ``audioclf serve`` waits, eight of them asking without a pause."""

from __future__ import annotations

import importlib.util
import os
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

pytest.importorskip("fastapi")

CLIENTS, REQUESTS = 8, 40


def test_eight_clients_wait_less_than_a_tenth_of_a_second(
    tone: Callable[..., Any], measured: Callable[[str], None]
) -> None:
    path = Path(__file__).parents[1] / "export" / "test_http.py"
    spec = importlib.util.spec_from_file_location("serving", path)
    assert spec is not None
    assert spec.loader is not None
    serving = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serving)
    data = serving.wav(tone(440, 1.0))
    with serving.served("--rate", 0) as (address, _):
        times: list[float] = []

        def client() -> None:
            with requests.Session() as session:
                for number in range(REQUESTS + 5):
                    begun = time.perf_counter()
                    answer = session.post(f"{address}/classify", files={"file": ("tone.wav", data)}, timeout=60)
                    assert answer.status_code == 200
                    if number >= 5:
                        times.append(time.perf_counter() - begun)

        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = CLIENTS * (REQUESTS + 5) / (time.perf_counter() - begun)
    assert len(times) == CLIENTS * REQUESTS
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    measured(f"p50 {1e3 * p50:.0f} ms, p95 {1e3 * p95:.0f} ms, {rate:.0f} answers a second, {os.cpu_count()} cores")
    assert p95 < 0.1
