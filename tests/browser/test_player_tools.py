"""Selection, loop, band, speed and zoom of the player, in a real browser."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from audioclf.ui.sound import player as player_module

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]
BAND = Path(player_module.__file__).with_name("band.js")
FRAME = 1 / 60


@pytest.fixture(scope="module")
def sounds(write_tone: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of sounds of 2 s; a 'both' holds 1,000 and 2,000 Hz."""
    root = tmp_path_factory.mktemp("tools") / "set"
    write_tone(root / "both" / "0.wav", frequency=1000, seconds=2, channels=2)
    write_tone(root / "low" / "0.wav", frequency=200, seconds=2)
    return root


def ask(page: Any, script: str, argument: object = None) -> Any:
    """What a function of the player and an argument gives."""
    asked = f"async (root, argument) => (root.player ? [await ({script})(root.player, argument)] : null)"
    for _ in range(6000):
        found = page.locator(".player").evaluate(asked, argument)
        if found is not None:
            return found[0]
        page.wait_for_timeout(100)  # its element has come, and its script not yet
    raise AssertionError("there is no player")


def wait_for(page: Any, script: str) -> None:
    """Wait until a function of the player gives something true."""
    root = page.locator(".player").element_handle()
    page.wait_for_function(f"root => root.player && ({script})(root.player)", arg=root)


def plot_of(page: Any, title: str) -> Any:
    return page.locator(".panel", has=page.locator(f".title:text-is('{title}')")).locator(".plot")


def drag(page: Any, title: str, start: float, end: float, low: float | None = None, high: float | None = None) -> None:
    """Drag from one place of a panel to another, in seconds and Hz."""
    box = plot_of(page, title).bounding_box()
    places = ask(
        page,
        """(player, { title, at, hertz }) => {
            const panel = player.panels.find((one) => one.about.title === title);
            return [0, 1].map((i) => [panel.across(at[i]), hertz[i] === null ? 40 : panel.down(hertz[i])]);
        }""",
        {"title": title, "at": [start, end], "hertz": [low, high]},
    )
    (x, y), (to_x, to_y) = [(box["x"] + across, box["y"] + down) for across, down in places]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to_x) / 2, (y + to_y) / 2, steps=3)
    page.mouse.move(to_x, to_y, steps=3)
    page.mouse.up()


def opened(new_page: NewPage, sounds: Path) -> Any:
    page = new_page("explore", data=sounds)
    wait_for(page, "player => player.panels.length === 6 && player.panels[2].picture")
    return page


def level(samples: np.ndarray, frequency: float, sr: float) -> float:
    """Level of a tone in dB."""
    n = np.arange(len(samples))
    fade = np.hanning(len(samples))
    return 20 * math.log10(abs((samples * fade * np.exp(-2j * np.pi * frequency * n / sr)).sum()) / fade.sum() + 1e-12)


def test_a_box_is_heard_and_nothing_outside_it(new_page: NewPage, sounds: Path) -> None:
    page = opened(new_page, sounds)
    drag(page, "STFT spectrogram", 0.5, 1.5, 600, 1400)
    wait_for(page, "player => player.sounds[0].filtered")
    heard = ask(
        page,
        """async (player) => {
            const [sound] = player.sounds;
            const all = await sound.decoded;
            const { start, end, low, high } = sound.selection;
            const rate = all.sampleRate;
            const original = all.getChannelData(0).slice(Math.round(start * rate), Math.round(end * rate));
            return { start, end, low, high, rate, original: [...original], heard: [...sound.filtered] };
        }""",
    )
    assert heard["start"] == pytest.approx(0.5, abs=0.02)
    assert heard["end"] == pytest.approx(1.5, abs=0.02)
    assert 500 < heard["low"] < 700 < 1200 < heard["high"] < 1600
    original, filtered = np.array(heard["original"]), np.array(heard["heard"])
    assert len(original) == len(filtered)
    inside, outside = (
        level(filtered, frequency, heard["rate"]) - level(original, frequency, heard["rate"])
        for frequency in (1000, 2000)
    )
    assert abs(inside) < 1
    assert outside < -40
    page.locator(".chosen:text('Hearing 0.')").wait_for()
    # what is played is that stretch alone, and the line stands where it belongs
    page.get_by_role("button", name="Play both").click()
    wait_for(page, "player => player.sounds[0].banded && player.sounds[0].time > player.selection.start + 0.05")
    assert ask(page, "player => player.sounds[0].audio.duration") == pytest.approx(
        heard["end"] - heard["start"], abs=0.01
    )
    wait_for(page, "player => player.sounds[0].paused && player.sounds[0].time - player.selection.start < 0.01")


@pytest.mark.parametrize(
    ("low", "high", "rate"),
    [(300, 3400, 44100), (0, 500, 22050), (4000, 11025, 22050), (80, 160, 96000), (990, 1010, 8000)],
)
def test_the_filter_is_flat_inside_and_40_db_down_one_edge_outside(
    chromium: Any, low: float, high: float, rate: int
) -> None:
    """Tones through the very function that the player renders with."""
    page = chromium.new_page()
    page.add_script_tag(path=str(BAND))
    width = page.evaluate("([low, high]) => edgeWidth(low, high)", [low, high])
    tones = {
        "inside": [max(low, 20), (low + high) / 2, min(high, rate / 2 * 0.98)],
        "outside": [hz for hz in (low - width, low / 2, high + width, high * 2) if 10 < hz < rate / 2 * 0.98],
    }
    for where, frequencies in tones.items():
        for frequency in frequencies:
            gain = page.evaluate(
                """async ([low, high, rate, frequency]) => {
                    const sound = new AudioBuffer({ length: 2 * rate, sampleRate: rate });
                    const wave = sound.getChannelData(0);
                    wave.forEach((_, i) => (wave[i] = 0.5 * Math.sin((2 * Math.PI * frequency * i) / rate)));
                    const heard = await renderBand(sound, { start: 0.5, end: 1.5, low, high });
                    const power = (values) => values.reduce((sum, value) => sum + value * value, 0);
                    return 10 * Math.log10(power(heard) / power(wave.slice(rate / 2, 1.5 * rate)) + 1e-12);
                }""",
                [low, high, rate, frequency],
            )
            assert abs(gain) < 1 if where == "inside" else gain < -40, (where, frequency, gain)
    page.close()


def test_a_filtered_click_stays_where_it_is(chromium: Any) -> None:
    page = chromium.new_page()
    page.add_script_tag(path=str(BAND))
    peak = page.evaluate(
        """async () => {
            const sound = new AudioBuffer({ length: 22050, sampleRate: 22050 });
            sound.getChannelData(0)[12345] = 1;
            const heard = await renderBand(sound, { start: 0.25, end: 0.9, low: 500, high: 4000 });
            return heard.reduce((best, value, i) => (Math.abs(value) > Math.abs(heard[best]) ? i : best), 0);
        }"""
    )
    assert peak + round(0.25 * 22050) == pytest.approx(12345, abs=1)
    page.close()


def test_a_stretch_is_played_alone_and_looped(new_page: NewPage, sounds: Path) -> None:
    page = opened(new_page, sounds)
    drag(page, "Waveform", 0.6, 1.0)
    page.get_by_text("0.6", exact=False).first.wait_for()
    page.get_by_role("button", name="Play both").click()
    wait_for(page, "player => !player.sounds[0].paused && player.sounds[0].time >= player.selection.start")
    # it stops by itself, and the line goes back
    wait_for(
        page, "player => player.sounds[0].paused && Math.abs(player.sounds[0].time - player.selection.start) < 0.01"
    )
    page.get_by_role("button", name="Loop the selection, or the whole sound").click()
    page.get_by_role("button", name="Play both").click()
    wait_for(
        page,
        """player => {
            const time = player.sounds[0].time;
            const again = time < (player.last ?? time) && time >= player.selection.start - 0.01;
            player.rounds = (player.rounds ?? 0) + again;
            player.last = time;
            return player.rounds >= 2 && !player.sounds[0].paused;
        }""",
    )


def test_the_selection_comes_back_to_the_page(new_page: NewPage, sounds: Path) -> None:
    page = opened(new_page, sounds)
    drag(page, "Mel spectrogram", 0.5, 1.5, 700, 1400)
    page.locator(".title:text-is('FFT spectrum: selection, whole in grey')").wait_for()
    page.get_by_role("button", name="FFT", exact=True).click()
    page.get_by_text("One Fourier transform of the whole sound").wait_for()
    selection = ask(page, "player => player.selection")
    assert selection["start"] == pytest.approx(0.5, abs=0.02), "kept from view to view"
    page.wait_for_function("location.search.includes('spectrum')")
    linked = json.loads(parse_qs(urlsplit(page.url).query)["view"][0])["selection"]
    assert linked == [selection[name] for name in ("start", "end", "low", "high")]
    # the link alone is enough for another browser
    other = new_page("explore")
    other.goto(page.url)
    wait_for(other, "player => player.selection && player.selection.low")
    assert ask(other, "player => player.selection") == selection
    page.get_by_role("button", name="Label", exact=True).click()
    page.get_by_role("button", name="Add the clip").click()
    page.get_by_text("1.00 s").first.wait_for()  # facts of the new clip, which is shown
    page.get_by_test_id("stSidebar").get_by_text("3 clips").wait_for()


def test_the_picture_follows_a_slider_while_it_is_dragged(new_page: NewPage, sounds: Path) -> None:
    page = new_page("explore", data=sounds, view='{"show": "mel"}')
    wait_for(page, "player => player.panels.length === 1 && player.panels[0].picture")
    page.get_by_label("Parameter to slide").select_option("n_mels")
    slider = page.get_by_role("slider", name="n_mels")
    box = slider.bounding_box()
    across = [box["x"] + share * box["width"] for share in (0.5, 0.02)]
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    for x in across:
        page.mouse.move(x, box["y"] + box["height"] / 2, steps=8)
        wanted = page.locator(".slide .value").inner_text()
        wait_for(page, f"player => player.panels[0].about.rows === {wanted} && player.panels[0].picture")
    assert wanted == "8"
    field = page.locator("input[aria-label='n_mels']").first
    assert field.input_value() == "128", "the form waits until the slider is released"
    page.mouse.up()
    page.wait_for_function("location.search.includes('n_mels')")
    page.wait_for_function("document.querySelector(\"input[aria-label='n_mels']\").value === '8'")
    page.keyboard.press("ArrowRight")
    wait_for(page, "player => player.panels[0].about.rows === 16")
    assert page.evaluate("() => document.activeElement !== document.body"), "the slider keeps the keys"


def test_keys_select_loop_and_clear_speed_changes_and_zooming_draws_anew(new_page: NewPage, sounds: Path) -> None:
    page = opened(new_page, sounds)
    plot_of(page, "Waveform").focus()
    for key in (*["ArrowRight"] * 4, "[", *["ArrowRight"] * 5, "]", "l"):
        page.keyboard.press(key)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    selection = ask(page, "player => player.selection")
    assert selection["end"] - selection["start"] == pytest.approx(0.5, abs=0.06)
    assert page.get_by_role("button", name="Loop the selection").get_attribute("aria-pressed") == "true"
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    assert page.evaluate("() => document.activeElement !== document.body"), "the keys still have their feature"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    wait_for(page, "player => player.sounds[0].banded")
    band = ask(page, "player => [player.selection.low, player.selection.high]")
    assert band == pytest.approx([707 * 2 ** (1 / 3), 1414 * 2 ** (1 / 3)], rel=1e-3)
    page.keyboard.press("Escape")
    wait_for(page, "player => !player.selection && !player.sounds[0].banded")
    # speed, with and without pitch
    page.get_by_label("Speed").select_option("0.5")
    page.get_by_role("button", name="Keep pitch").click()
    state = ask(page, "player => [player.sounds[0].audio.playbackRate, player.sounds[0].audio.preservesPitch]")
    assert state == [0.5, False]
    # the stretch that is zoomed to is drawn anew
    columns = "player => player.panels[2].picture.width"
    before = ask(page, columns)
    drag(page, "Waveform", 0.9, 1.1)
    page.get_by_role("button", name="Zoom in: to the selection, or around the line").click()
    wait_for(page, "player => player.data.view && player.panels[2].picture")
    range_ = ask(
        page, "player => player.panels.map((panel) => panel.timed ? [panel.range.low, panel.range.high] : null)"
    )
    assert range_[0] == range_[2] == range_[5]
    assert range_[0] == pytest.approx([0.9, 1.1], abs=0.02)
    shown = ask(page, "player => [player.panels[2].about.x.low, player.panels[2].about.x.high]")
    assert shown == pytest.approx(range_[0], abs=0.01), "the picture holds the stretch alone"
    assert ask(page, columns) > 300 > before, "as many frames as pixels"
    page.get_by_role("button", name="Zoom out").click()
    wait_for(page, "player => player.data.view && player.data.view.high - player.data.view.low > 0.3")
    plot_of(page, "Waveform").focus()
    page.keyboard.press("0")
    wait_for(page, "player => !player.data.view")


def test_touch_selects(chromium: Any, server: Any, sounds: Path) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(600_000)
    page.goto(f"{server.url}/explore?data={sounds}")
    wait_for_selector = page.wait_for_selector
    wait_for_selector(".plot")
    wait_for(page, "player => player.panels.length === 6 && player.panels[2].picture")
    plot = plot_of(page, "Waveform")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    session = context.new_cdp_session(page)
    for kind, x in (("touchStart", 100), ("touchMove", 130), ("touchMove", 200), ("touchEnd", None)):
        points = [] if x is None else [{"x": box["x"] + x, "y": box["y"] + 50}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    wait_for(page, "player => player.selection && player.selection.end - player.selection.start > 0.3")
    context.close()


def test_the_line_keeps_up_with_ten_minutes(new_page: NewPage, write_tone: Callable[..., Path], tmp_path: Path) -> None:
    """In every frame the line is drawn where the sound is at that moment, at the start and near the end."""
    write_tone(tmp_path / "long" / "one" / "0.wav", seconds=600, sr=8000)
    write_tone(tmp_path / "long" / "two" / "0.wav", seconds=1, sr=8000)
    page = opened(new_page, tmp_path / "long")
    for from_ in (0.0, 590.0):
        drawn = ask(
            page,
            """(player, from) => new Promise((done) => {
                const [sound] = player.sounds;
                const panel = player.panels[2];
                const found = [];
                const line = panel.line;
                panel.line = function (time) {
                    line.call(this, time);
                    if (sound.paused || sound.audio.seeking || sound.time < from || found.length === 60) return;
                    const { x, w } = this.area;
                    const pixels = +this.head.style.transform.match(/[-0-9.]+/)[0];
                    const { low, high } = this.range;
                    found.push([low + ((pixels - x) / w) * (high - low), sound.audio.currentTime]);
                    if (found.length === 60) { sound.pause(); done(found); }
                };
                player.play(sound, from);
            })""",
            from_,
        )
        lines, times = np.array(drawn).T
        assert times[-1] > times[0] >= from_
        assert np.abs(lines - times).max() < FRAME
