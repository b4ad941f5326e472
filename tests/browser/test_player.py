"""The player in a real browser: it plays, follows, seeks and reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]


@pytest.fixture
def sounds(write_tone: Callable[..., Path], tmp_path: Path) -> Path:
    """Two classes of five-second tones at 1,000 and 3,000 Hz."""
    for label, frequency in (("one", 1000), ("three", 3000)):
        for i in range(2):
            write_tone(tmp_path / "set" / label / f"{i}.wav", frequency=frequency + i, seconds=5.0)
    return tmp_path / "set"


def clock(page: Any) -> float:
    """Seconds the first sound stands at."""
    return float(page.locator(".clock").first.inner_text().split()[0])


def at(plot: Any, across: float, down: float) -> dict[str, float]:
    """A place in a panel's picture, as shares of its width and height."""
    box = plot.bounding_box()
    return {"x": 58 + across * (box["width"] - 116), "y": 6 + down * (box["height"] - 42)}


def panel(page: Any, title: str) -> Any:
    return page.locator(".panel", has=page.locator(f".title:text-is('{title}')"))


def test_a_click_plays_from_there_and_a_second_on_the_button_pauses(new_page: NewPage, sounds: Path) -> None:
    page = new_page("explore", data=sounds)
    plot = panel(page, "Mel spectrogram").locator(".plot")
    plot.click(position=at(plot, 0.6, 0.5))
    page.get_by_role("button", name="Pause one").wait_for()
    page.wait_for_timeout(300)
    assert 2.9 < clock(page) < 5.1
    assert panel(page, "STFT spectrogram").locator(".head-line").is_visible()
    assert not panel(page, "FFT spectrum").locator(".head-line").is_visible()
    page.get_by_role("button", name="Pause one").click()
    page.get_by_role("button", name="Play one").wait_for()
    stopped = clock(page)
    page.wait_for_timeout(300)
    assert clock(page) == stopped


def test_the_line_stands_where_the_sound_is(new_page: NewPage, sounds: Path) -> None:
    page = new_page("explore", data=sounds)
    plot = panel(page, "Mel spectrogram").locator(".plot")
    plot.click(position=at(plot, 0.5, 0.5))
    page.get_by_role("button", name="Pause one").click()
    page.wait_for_timeout(200)
    line = panel(page, "Mel spectrogram").locator(".head-line").bounding_box()
    box = plot.bounding_box()
    share = (line["x"] + line["width"] / 2 - box["x"] - 58) / (box["width"] - 116)
    assert share * 5 == pytest.approx(clock(page), abs=0.06)


@pytest.mark.parametrize("title", ["STFT spectrogram", "Mel spectrogram", "Constant-Q transform"])
def test_the_pointer_reads_the_tone_at_its_true_frequency(title: str, new_page: NewPage, sounds: Path) -> None:
    page = new_page("explore", data=sounds)
    plot = panel(page, title).locator(".plot")
    readout = panel(page, title).locator(".readout")
    box = plot.bounding_box()
    page.wait_for_timeout(500)
    found = []
    for row in range(7, int(box["height"]) - 37):
        plot.hover(position={"x": at(plot, 0.1, 0)["x"], "y": row})
        time_, frequency, level = readout.inner_text().split("·")
        found.append((float(level.replace("−", "-").split()[0]), float(frequency.split()[0].replace(",", ""))))
        assert float(time_.split()[0]) == pytest.approx(0.5, abs=0.05)
    assert max(found)[1] == pytest.approx(1000, rel=0.06)
    assert "Hz" in frequency


def test_keys_play_and_step(new_page: NewPage, sounds: Path) -> None:
    page = new_page("explore", data=sounds)
    plot = panel(page, "Waveform").locator(".plot")
    plot.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause one").wait_for()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play one").wait_for()
    before = clock(page)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(50)
    assert clock(page) == pytest.approx(before + 0.5, abs=0.06)


def test_one_sound_at_a_time_in_a_comparison(new_page: NewPage, sounds: Path) -> None:
    page = new_page("compare", data=sounds)
    page.get_by_role("button", name="Play one").click()
    page.get_by_role("button", name="Pause one").wait_for()
    page.get_by_role("button", name="Play three").click()
    page.get_by_role("button", name="Pause three").wait_for()
    page.get_by_role("button", name="Play one").wait_for()


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
