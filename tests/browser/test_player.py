"""The player in a real browser: it plays, follows, seeks and reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]
SECONDS = 20.0


@pytest.fixture(scope="module")
def sounds(write_tone: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of tones at 1,000 and 3,000 Hz, long enough to be still playing when a slow machine comes to them."""
    root = tmp_path_factory.mktemp("played") / "set"
    for label, frequency in (("one", 1000), ("three", 3000)):
        for i in range(2):
            write_tone(root / label / f"{i}.wav", frequency=frequency + i, seconds=SECONDS, sr=8000)
    return root


def clock(page: Any) -> float:
    """Seconds the first sound stands at."""
    return float(page.locator(".clock").first.inner_text().split()[0])


def moves(page: Any) -> None:
    """Wait until the first sound's clock has gone on."""
    shown = page.locator(".clock").first
    state = [shown.element_handle(), shown.inner_text()]
    page.wait_for_function("([shown, early]) => shown.innerText !== early", arg=state)


def drawn(page: Any) -> None:
    """Wait until the browser has drawn two more frames."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def at(plot: Any, across: float, down: float) -> dict[str, float]:
    """A place in a panel's picture, as shares of its width and height."""
    box = plot.bounding_box()
    return {"x": 58 + across * (box["width"] - 116), "y": 6 + down * (box["height"] - 42)}


def panel(page: Any, title: str) -> Any:
    return page.locator(".panel", has=page.locator(f".title:text-is('{title}')"))


def test_clicks_and_keys_play_and_step_and_the_line_is_where_the_sound_is(new_page: NewPage, sounds: Path) -> None:
    page = new_page("explore", data=sounds)
    plot = panel(page, "Mel spectrogram").locator(".plot")
    plot.click(position=at(plot, 0.15, 0.5))
    page.get_by_role("button", name="Pause one").wait_for()
    moves(page)
    assert clock(page) > 0.15 * SECONDS - 0.1
    assert panel(page, "STFT spectrogram").locator(".head-line").is_visible()
    assert not panel(page, "FFT spectrum").locator(".head-line").is_visible()
    page.get_by_role("button", name="Pause one").click()
    page.get_by_role("button", name="Play one").wait_for()
    drawn(page)
    stopped = clock(page)
    page.wait_for_timeout(300)
    assert clock(page) == stopped
    # the line stands where the sound is
    line = panel(page, "Mel spectrogram").locator(".head-line").bounding_box()
    box = plot.bounding_box()
    share = (line["x"] + line["width"] / 2 - box["x"] - 58) / (box["width"] - 116)
    assert share * SECONDS == pytest.approx(clock(page), abs=0.06)
    # keys
    panel(page, "Waveform").locator(".plot").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause one").wait_for()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play one").wait_for()
    page.keyboard.press("ArrowRight")  # where a sound stands once it is paused is settled by the first step
    drawn(page)
    before = clock(page)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        drawn(page)
    assert clock(page) == pytest.approx(before + 0.5, abs=0.06)


def test_the_pointer_reads_the_tone_at_its_true_frequency(new_page: NewPage, sounds: Path) -> None:
    page = new_page("explore", data=sounds)
    for title in ("STFT spectrogram", "Constant-Q transform", "Mel spectrogram"):
        box = panel(page, title)
        box.locator(".plot").hover(position=at(box.locator(".plot"), 0.025, 0.5))
        box.locator(".readout:text('dB')").wait_for()
        # the pointer goes up over every line of pixels
        read = box.evaluate(
            """box => {
                const [plot, readout] = [box.querySelector(".plot"), box.querySelector(".readout")];
                const { left, top, width, height } = plot.getBoundingClientRect();
                const found = [];
                for (let y = top + 7; y < top + height - 37; y++) {
                    const at = { clientX: left + 58 + 0.025 * (width - 116), clientY: y };
                    plot.dispatchEvent(new PointerEvent("pointermove", at));
                    found.push(readout.textContent);
                }
                return found;
            }"""
        )
        rows = [[part.strip() for part in line.split("·")] for line in read]
        assert {row[0] for row in rows} == {rows[0][0]}
        assert float(rows[0][0].split()[0]) == pytest.approx(0.5, abs=0.05)
        loudest = max(rows, key=lambda row: float(row[2].replace("−", "-").split()[0]))
        assert float(loudest[1].split()[0].replace(",", "")) == pytest.approx(1000, rel=0.06)


def test_one_sound_at_a_time_in_a_comparison(new_page: NewPage, sounds: Path) -> None:
    page = new_page("compare", data=sounds)
    page.get_by_role("button", name="Play one").click()
    page.get_by_role("button", name="Pause one").wait_for()
    page.get_by_role("button", name="Play three").click()
    page.get_by_role("button", name="Pause three").wait_for()
    page.get_by_role("button", name="Play one").wait_for()
    # a finger rests on the button for several frames, in each of which the playing sound moves on
    box = page.get_by_role("button", name="Play one").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for _ in range(6):
        drawn(page)
    page.mouse.up()
    page.get_by_role("button", name="Pause one").wait_for()


def test_from_the_list_to_the_same_clip_in_explore_and_a_refresh_shows_it_again(
    new_page: NewPage, sounds: Path
) -> None:
    page = new_page("data", data=sounds)
    page.get_by_role("button", name="Explore three").first.click()
    page.wait_for_url("**/explore**")
    page.locator(".panel .title:text-is('MFCC')").wait_for()
    assert page.locator(".name").inner_text() == "three"
    assert "clip=" in page.url
    page.reload()
    page.locator(".panel .title:text-is('MFCC')").wait_for()
    assert page.locator(".name").inner_text() == "three"
