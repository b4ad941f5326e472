"""Labels out of file names: patterns, known schemes, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioclf.core.errors import DatasetError, ParameterError
from audioclf.datasets import load_dataset
from audioclf.datasets.naming import Named
from audioclf.datasets.readers.filename_pattern import Pattern, preview, suggest

WriteTone = Callable[..., Path]


@pytest.mark.parametrize(
    ("pattern", "name", "named"),
    [
        ("{label}_{group}_{take}", "7_jackson_32", Named("7", "jackson")),
        ("{label}_{group}_{take}", "a_b_c_d", Named("a", "b")),
        ("{label}_{group}_{take}", "a_b", None),
        ("{label}_{group}_{take}", "_b_c", None),
        ("{fold}-{source}-{take}", "3-1234-B", Named(None, "1234", 3)),
        ("{fold}-{source}-{take}", "x-1234-B", None),
        ("{split} {label}", "test dog", Named("dog")),
        ("rec{take}_{class}", "rec12_cat", Named("cat")),
        ("rec{take}_{class}", "12_cat", None),
        ("{label}.final", "dog.final", Named("dog")),
        ("{label}.final", "dog", None),
        ("{label}({take})", "dog(3)", Named("dog")),
        ("{speaker}/{label}", "ann/yes", Named("yes", "ann")),
        ("{label}", "folder/dog", Named("dog")),
        ("{LABEL}_{x}", "dog_1", Named("dog")),
        ("{label}_{}", "dog_1", Named("dog")),
        ("{label}.*_{x}", "dog.*_1", Named("dog")),
        ("{group:2}{text:3}{label:1}{version}", "03a01Fa", Named("F", "03")),
        ("{group:2}{text:3}{label:1}{version}", "03a01F", None),
        ("{label: 3 }{take}", "dog12", Named("dog")),
        ("{take:2}_{label}", "12_dog", Named("dog")),
        ("{take:2}_{label}", "123_dog", None),
        ("{x}-{label:3}", "a-dog", Named("dog")),
        ("{x}-{label:3}", "a-dogs", None),
    ],
)
def test_patterns(pattern: str, name: str, named: Named | None) -> None:
    assert Pattern(pattern).read(name) == named


_NONE = ["", "label", "{label", "label}", "{label}{take}", "{label}_{class}", "{a{b}}", "}{"]
_NO_WIDTHS = ["{a:0}{b}", "{a:x}{b}", "{a:-1}{b}", "{a:}{b}", "{a:99999}"]


@pytest.mark.parametrize("text", [*_NONE, *_NO_WIDTHS])
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Pattern(text)
    assert caught.value.field == "pattern"


@given(
    st.lists(st.text(st.characters(exclude_characters="_/{}\0"), min_size=1), min_size=3, max_size=3),
)
def test_what_is_put_together_comes_apart(parts: list[str]) -> None:
    assert Pattern("{label}_{group}_{x}").read("_".join(parts)) == Named(parts[0], parts[1])


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=5), min_size=2, max_size=5))
def test_widths_take_names_apart_without_separators(parts: list[str]) -> None:
    pattern = "".join(f"{{{'label' if n == 1 else f'x{n}'}:{len(part)}}}" for n, part in enumerate(parts))
    assert Pattern(pattern).read("".join(parts)) == Named(parts[1])
    assert Pattern(pattern).read("".join(parts) + "!") is None


def test_values_name_the_classes(named: Callable[..., Path]) -> None:
    folder = named("03a01Wx.wav", "03a01Ax.wav", "04a01Wx.wav", "04a01Zx.wav")
    pattern, values = "{speaker:2}{text:3}{label:1}{take}", ["W=anger", "A = fear"]
    dataset = load_dataset(folder, pattern=pattern, values=values)
    assert dataset.counts == {"anger": 2, "fear": 1, "Z": 1}
    assert {clip.group for clip in dataset.clips} == {"03", "04"}
    assert [row.named for row in preview(pattern, ["03a01Wx.wav"], values=values)] == [Named("anger", "03")]
    with pytest.raises(ParameterError, match="W=anger"):
        load_dataset(folder, pattern=pattern, values=["W"])


def test_no_pattern_is_too_much_for_any_name() -> None:
    """As a regular expression this would not end."""
    pattern = Pattern("_".join(f"{{p{i}}}" for i in range(40)) + "!")
    assert pattern.read("_" * 20_000) is None


def test_preview_shows_what_does_not_fit_first() -> None:
    rows = preview("{label}_{take}", ["a_1.wav", "odd.wav", "x/b_2.wav"], most=2)
    assert [(row.name, row.named) for row in rows] == [("odd.wav", None), ("a_1.wav", Named("a"))]


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["7_jackson_32.wav", "8_theo_1.wav"], "{label}_{group}_{take}"),
        (["dog-1.wav", "cat-2.wav"], "{label}-{take}"),
        (["a.b.c.d.wav"], "{label}.{group}.{take}.{part4}"),
        (["dog.wav"], ""),
        (["03a01W.wav", "03b02F.wav", "16a05W.wav", "16b02F.wav"], "{part1:2}{part2:1}{part3:2}{label:1}"),
        ([], ""),
    ],
)
def test_suggestions_fit(names: list[str], pattern: str) -> None:
    assert suggest(names) == pattern
    if pattern:
        assert all(row.named for row in preview(pattern, names))


def test_fsdd_is_recognised(fsdd: Path) -> None:
    for path in (fsdd, fsdd / "recordings"):
        dataset = load_dataset(path)
        assert dataset.classes == tuple("0123456789")
        assert set(dataset.counts.values()) == {300}
        assert len({clip.group for clip in dataset.clips}) == 6
        assert sum(clip.fold == 0 for clip in dataset.clips) == 300
        assert all((int(clip.path.stem.split("_")[2]) <= 4) == (clip.fold == 0) for clip in dataset.clips)
        assert dataset.problems == ()


@pytest.fixture
def named(tmp_path: Path, write_tone: WriteTone) -> Callable[..., Path]:
    """A folder of tones with given names."""

    def write(*names: str) -> Path:
        for number, name in enumerate(names):
            write_tone(tmp_path / "names" / name, frequency=200.0 + 50 * number, seconds=0.1, sr=8000)
        return tmp_path / "names"

    return write


def test_gtzan_names_in_one_folder(named: Callable[..., Path]) -> None:
    folder = named("blues.00000.wav", "jazz.00054.wav", "jazz.00001.wav")
    assert load_dataset(folder).counts == {"blues": 1, "jazz": 2}


def test_esc50_names_in_one_folder(named: Callable[..., Path]) -> None:
    dataset = load_dataset(named("1-100-A-0.wav", "2-200-B-14.wav", "5-300-A-14.wav"))
    assert dataset.counts == {"0": 1, "14": 2}
    assert [clip.fold for clip in dataset.clips] == [1, 2, 5]


def test_class_folders_win_over_names(named: Callable[..., Path]) -> None:
    dataset = load_dataset(named("a/0_ann_1.wav", "b/1_ann_1.wav"))
    assert dataset.classes == ("a", "b")
    assert {clip.group for clip in dataset.clips} == {"ann"}


def test_a_pattern_of_ones_own(named: Callable[..., Path]) -> None:
    folder = named("ann=yes=1.wav", "ann=no=1.wav", "bob=yes=1.wav", "bob=no=1.wav", "notes.wav")
    dataset = load_dataset(folder, kind="pattern", pattern="{speaker}={label}={take}")
    assert dataset.counts == {"no": 2, "yes": 2}
    assert {clip.group for clip in dataset.clips} == {"ann", "bob"}
    assert [problem.file for problem in dataset.problems] == ["notes.wav"]


def test_a_pattern_without_label_takes_the_folder(named: Callable[..., Path]) -> None:
    dataset = load_dataset(named("dog/1-5.wav", "cat/2-5.wav"), kind="pattern", pattern="{fold}-{take}")
    assert {(clip.label, clip.fold) for clip in dataset.clips} == {("dog", 1), ("cat", 2)}


def test_what_does_not_fit_says_how_names_could_be_read(named: Callable[..., Path], tmp_path: Path) -> None:
    folder = named("dog-1.wav", "cat-2.wav")
    with pytest.raises(ParameterError, match=r"\{label\}-\{take\}"):
        load_dataset(folder, kind="pattern")
    with pytest.raises(ParameterError, match="fits"):
        load_dataset(folder, kind="pattern", pattern="{label}_{take}")
    (tmp_path / "none").mkdir()
    with pytest.raises(DatasetError, match="no sound"):
        load_dataset(tmp_path / "none", kind="pattern", pattern="{label}_{take}")


def test_loose_sounds_that_tell_nothing_are_explained(named: Callable[..., Path]) -> None:
    with pytest.raises(DatasetError, match=r"the 2 sounds in 'names' \(the first is 'cat.wav'\).*pattern="):
        load_dataset(named("dog.wav", "cat.wav"))
