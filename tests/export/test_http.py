"""The server of a run as a real process: answers, limits, garbage from many clients, its own description, its end."""

from __future__ import annotations

import io
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import soundfile
from click.testing import CliRunner

from audioclf.cli import cli
from audioclf.inference.assets import starter_run
from audioclf.inference.predictor import Predictor

pytest.importorskip("fastapi")

PATIENCE = 120.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(*options: object) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    command = [sys.executable, "-m", "audioclf", "serve", "starter", "--port", str(port), *map(str, options)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}"
    try:
        limit = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            try:
                if requests.get(f"{address}/health", timeout=5).status_code == 200:
                    break
            except requests.ConnectionError:
                assert time.monotonic() < limit
                time.sleep(0.1)
        yield address, process
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served("--rate", 0, "--max-mb", 2, "--max-seconds", 10, "--workers", 1) as (address, _):
        yield address


def wav(y: Any, sr: int = 22050) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, y, sr, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def post(address: str, data: bytes, name: str = "tone.wav", **query: Any) -> requests.Response:
    return requests.post(f"{address}/classify", files={"file": (name, data)}, params=query, timeout=60)


def sentence(response: requests.Response, status: int) -> str:
    assert response.status_code == status, response.text
    (item,) = response.json().items()
    assert item[0] == "error"
    assert "Traceback" not in item[1]
    assert item[1].endswith(".")
    return str(item[1])


def test_it_answers_as_the_predictor_does(server: str, tone: Callable[..., Any]) -> None:
    y = tone(440, 5.0)
    answer = post(server, wav(y)).json()
    expected = Predictor(starter_run()).classify(wav(y))
    assert answer["label"] == expected.label
    assert list(answer["probabilities"].values()) == pytest.approx(expected.probabilities, abs=1e-5)
    assert [window["start"] for window in answer["windows"]] == [0.0, 2.0]
    part = post(server, wav(y), start=1.0, duration=2.0).json()
    alone = Predictor(starter_run()).classify(wav(y[22050 : 3 * 22050]))
    assert list(part["probabilities"].values()) == pytest.approx(alone.probabilities, abs=1e-5)
    about = requests.get(server, timeout=10).json()
    assert about["classes"] == list(expected.classes)
    assert about["seconds"] == 2.0


def test_refusals_are_sentences(server: str, tone: Callable[..., Any]) -> None:
    y = tone(440, 1.0)
    assert "'page<b>.wav'" in sentence(post(server, b"<html></html>", "page<b>.wav"), 415)
    assert "2 MB" in sentence(post(server, os.urandom(2_100_000)), 413)
    assert "10 s" in sentence(post(server, wav(np.zeros(22050 * 11, np.float32))), 413)
    assert "begin earlier" in sentence(post(server, wav(y), start=3), 422)
    for wrong in ({"start": "nan"}, {"start": -1}, {"duration": 0}, {"duration": "inf"}, {"duration": 11}):
        sentence(post(server, wav(y), **wrong), 422)
    sentence(requests.post(f"{server}/classify", timeout=10), 422)
    sentence(requests.get(f"{server}/nothing", timeout=10), 404)
    refused = requests.delete(f"{server}/classify", timeout=10)
    sentence(refused, 405)
    assert refused.headers["allow"] == "POST"

    def endless() -> Iterator[bytes]:  # a body that does not say how long it is
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        yield from (b"x" * 100_000 for _ in range(40))

    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert "2 MB" in sentence(requests.post(f"{server}/classify", data=endless(), headers=headers, timeout=60), 413)


def test_a_client_that_asks_too_often_waits_and_a_stop_answers_first(tone: Callable[..., Any]) -> None:
    with served("--rate", 60, "--workers", 1) as (address, process):
        answers = [requests.get(address, timeout=10) for _ in range(14)]
        late = [answer for answer in answers if answer.status_code == 429]
        assert late
        assert answers[0].status_code == 200
        assert "60 requests" in sentence(late[0], 429)
        assert int(late[0].headers["retry-after"]) >= 1
        assert requests.get(f"{address}/health", timeout=10).status_code == 200

        time.sleep(int(late[-1].headers["retry-after"]))
        posted: list[int] = []
        long = wav(tone(440, 50.0))
        asking = threading.Thread(target=lambda: posted.append(post(address, long).status_code))
        asking.start()
        limit = time.monotonic() + PATIENCE
        while not _busy(process) and asking.is_alive() and time.monotonic() < limit:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        asking.join(PATIENCE)
        process.wait(PATIENCE)
        assert posted == [200]
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_garbage_from_eight_clients_is_answered_in_sentences(server: str, tone: Callable[..., Any]) -> None:
    good = wav(tone(440, 0.5))
    faults: list[str] = []

    def client(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(12):
            cut = good[: chance.randrange(len(good))]
            noise = chance.randbytes(chance.randrange(1, 5000))
            data = (noise, cut, good[:44] + noise, b"RIFF" + noise)[number % 4]
            try:
                answer = post(server, data, start=chance.choice([0, 1e5, "x", "-inf"]))
                if answer.status_code != 200 and not answer.json()["error"].endswith("."):
                    faults.append(answer.text)
                if answer.status_code >= 500:
                    faults.append(answer.text)
            except Exception as error:
                faults.append(repr(error))
        with socket.create_connection(("127.0.0.1", int(server.rpartition(":")[2]))) as raw:
            raw.sendall(noise + b"\r\n\r\n")
            raw.settimeout(10)
            raw.recv(1000)

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert post(server, good).status_code == 200


def test_its_pages_need_no_other_server(server: str) -> None:
    page = requests.get(f"{server}/docs", timeout=10).text
    assert "POST /classify" in page
    assert "https://" not in page
    description = requests.get(f"{server}/openapi.json", timeout=10).json()
    assert description["paths"]["/classify"]
    assert "Problem" in description["components"]["schemas"]


def test_its_own_description_holds(server: str) -> None:
    """schemathesis sends what the description allows and what it forbids, and looks at every answer.

    Whether bytes are a sound is nothing a description can say, so that a refused file is no finding.
    """
    pytest.importorskip("schemathesis")
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server}/openapi.json", "--max-examples", "25"]
    command += ["--exclude-checks", "positive_data_acceptance", "--seed", "1", "--no-color"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def _busy(process: subprocess.Popen[str]) -> bool:
    """Whether the server holds an upload."""
    folder = Path(f"/proc/{process.pid}/fd")
    try:
        return any("audioclf-serve-" in os.readlink(link) for link in folder.iterdir())
    except OSError:
        return False


def test_a_run_without_models_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text("")
    done = CliRunner().invoke(cli, ["serve", str(tmp_path), "--port", str(free_port())])
    assert done.exit_code == 2
    assert "no trained model" in done.stderr
