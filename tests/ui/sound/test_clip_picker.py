"""What stands for a clip in the address: one thing for one clip, also where the same sound is there twice."""

from __future__ import annotations

import shutil
from pathlib import Path

from streamlit.testing.v1 import AppTest

from audioclf.datasets import load_dataset
from audioclf.ui.sound import clip_picker


def test_two_clips_of_one_content_are_told_apart(class_folders: Path) -> None:
    for other in ("low/a copy.wav", "high/a stray.wav"):
        shutil.copy(class_folders / "low" / "0.wav", class_folders / other)
    dataset = load_dataset(class_folders)
    names, numbers = clip_picker.ids(dataset)
    assert len(set(names)) == len(dataset) == 14
    assert [numbers[clip_picker.id_of(dataset, clip)] for clip in dataset.clips] == list(range(14))
    again = load_dataset(class_folders)
    assert [clip_picker.id_of(dataset, clip) for clip in again.clips] == list(names)


def test_every_clip_of_one_name_can_be_chosen(class_folders: Path) -> None:
    """Streamlit tells choices apart by their texts, and the same file name stands in the folder of every speaker."""
    low = class_folders / "low"
    for number, speaker in enumerate("abc"):
        (low / speaker / "s").mkdir(parents=True)
        shutil.move(low / f"{number}.wav", low / speaker / "s" / "1.wav")

    def page(folder: str) -> None:
        import streamlit as st

        from audioclf.datasets import load_dataset
        from audioclf.ui.sound import clip_picker

        dataset = load_dataset(folder)
        of_class = dataset.of("low")
        st.text(of_class[clip_picker.numbered(of_class, 0)].path)

    test = AppTest.from_function(page, args=(str(class_folders),)).run()
    found = set()
    for number in range(6):
        test.selectbox[0].set_value(number).run()
        found.add(test.text[0].value)
    assert len(found) == 6


def test_the_first_violin_shown_is_a_note_that_a_violin_plays() -> None:
    def page() -> None:
        import streamlit as st

        from audioclf.datasets import load_dataset
        from audioclf.ui.shell import state
        from audioclf.ui.sound import clip_picker

        dataset = load_dataset("instruments", programs=[40], seconds=0.2, sr=8000)
        st.text(clip_picker.pick(state.current(), dataset).group)

    test = AppTest.from_function(page).run(timeout=600)
    assert not test.exception
    assert 55 <= int(test.text[0].value) <= 103
