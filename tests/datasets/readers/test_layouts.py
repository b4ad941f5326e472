"""Data sets as their publishers lay them out, and their relatives: what is understood, and what is loaded."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import audioclf
from audioclf.core.errors import AudioclfError, DatasetError
from audioclf.datasets import Dataset, Reading, load_dataset, understand

WriteTone = Callable[..., Path]
Lay = Callable[..., Path]

_CASES = Path(audioclf.__file__).parents[1].parent / "shared" / "cases"


@pytest.fixture
def lay(tmp_path: Path, write_tone: WriteTone) -> Lay:
    """Lay out a folder: sounds by name (of a length in seconds), and texts by name."""

    def make(
        sounds: list[str] | Mapping[str, float], texts: Mapping[str, str] | None = None, name: str = "set"
    ) -> Path:
        lengths = sounds if isinstance(sounds, Mapping) else dict.fromkeys(sounds, 0.1)
        for number, (sound, seconds) in enumerate(lengths.items()):
            write_tone(tmp_path / name / sound, frequency=200 + 7 * number, seconds=seconds, sr=8000)
        for text, content in (texts or {}).items():
            path = tmp_path / name / text
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return tmp_path / name

    return make


def parts(dataset: Dataset) -> dict[str, int]:
    return {part: sum(clip.split == part for clip in dataset.clips) for part in ("train", "validation", "test")}


def groups(dataset: Dataset) -> set[str | None]:
    return {clip.group for clip in dataset.clips}


def agreed(path: Path, **options: object) -> tuple[Reading, Dataset]:
    """What is understood and what is loaded, which must be the same."""
    reading, dataset = understand(path, **options), load_dataset(path, **options)
    assert reading.counts == dataset.counts
    assert [(row.label, row.group, row.fold, row.split) for row in reading.clips] == [
        (clip.label, clip.group, clip.fold, clip.split) for clip in dataset.clips
    ]
    assert json.loads(json.dumps(reading.to_dict()))["clips"] == len(dataset)
    return reading, dataset


# the small inputs kept beside the project

RIGHT = {
    "us8k": ({"siren": 4, "drilling": 4, "dog_bark": 4}, 6, 4, {}),
    "us8k_flat": ({"siren": 4, "dog_bark": 4}, 8, 4, {}),
    "gtzan": ({"blues": 4, "jazz": 4}, 0, 0, {}),
    "hf": ({"cat": 4, "dog": 4}, 0, 0, {"train": 4, "test": 4}),
    "edge": ({"noise": 4, "yes": 4}, 0, 0, {"train": 4, "test": 4}),
    "ravdess": ({"angry": 3, "happy": 3, "neutral": 3}, 3, 0, {}),
    "sc": ({"no": 4, "up": 4, "yes": 4}, 4, 0, {"train": 9, "validation": 1, "test": 2}),
    "fsdk": ({"Cello": 3, "Snare_drum": 3}, 0, 0, {}),
    "phone": ({"cough": 3, "speech": 3}, 0, 0, {}),
    "abs": ({"cat": 2, "dog": 2}, 0, 0, {}),
    "absw": ({"cat": 2, "dog": 2}, 0, 0, {}),
    "nfd": ({"a": 2, "b": 2}, 0, 0, {}),
    "case": ({"a": 2, "b": 2}, 0, 0, {}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_cases_kept_beside_the_project(name: str) -> None:
    if not (_CASES / name).is_dir():
        pytest.skip(f"the case {name} is not on this machine (looked in {_CASES})")
    counts, n_groups, n_folds, split = RIGHT[name]
    reading, dataset = understand(_CASES / name), load_dataset(_CASES / name)
    if name == "phone":  # formats that a later version may decode
        assert dataset.counts.keys() == counts.keys()
        named = {problem.file for problem in dataset.problems} | {
            "/".join(clip.path.parts[-2:]) for clip in dataset.clips
        }
        there = {path.relative_to(_CASES / name).as_posix() for path in (_CASES / name).rglob("*.*")}
        assert named == there
        return
    assert dataset.counts == reading.counts == counts
    assert (reading.n_groups, reading.n_folds, reading.parts) == (n_groups, n_folds, split)
    assert all(clip.start == 0 and clip.duration is None for clip in dataset.clips)
    assert all(problem.reason and problem.remedy for problem in dataset.problems)


def test_common_voice_beside_the_project_asks_for_the_column() -> None:
    if not (_CASES / "cv").is_dir():
        pytest.skip(f"the case cv is not on this machine (looked in {_CASES})")
    (question,) = understand(_CASES / "cv").questions
    assert "gender" in {answer.value for answer in question.candidates}
    assert load_dataset(_CASES / "cv", label_column="gender").counts == {"male": 3, "female": 3}


# UrbanSound8K

_US8K = "slice_file_name,fsID,start,end,salience,fold,classID,class\n"


def _us8k(rows: int, length: float) -> str:
    lines = (
        f"{100 + i // 2}-{i % 3}-0-{i}.wav,{100 + i // 2},{7.5 * i},{7.5 * i + length},1,{i % 4 + 1},{i % 3},c{i % 3}\n"
        for i in range(rows)
    )
    return _US8K + "".join(lines)


@pytest.mark.parametrize("above", ["", "UrbanSound8K/"])
def test_urbansound8k(lay: Lay, above: str) -> None:
    sounds = {f"{above}audio/fold{i % 4 + 1}/{100 + i // 2}-{i % 3}-0-{i}.wav": 0.25 for i in range(12)}
    texts = {f"{above}metadata/UrbanSound8K.csv": _us8k(12, 0.25), f"{above}README.txt": "x"}
    reading, dataset = agreed(lay(sounds, texts))
    assert reading.layout == "UrbanSound8K"
    assert reading.sentence() == (
        "12 clips, 3 classes from column 'class', 4 folds from column 'fold', 6 groups from column 'fsID'; this is the"
        " layout of UrbanSound8K."
    )
    assert {clip.seconds for clip in dataset.clips} == {0.25}
    assert {clip.fold for clip in dataset.clips} == {1, 2, 3, 4}


def test_a_part_of_urbansound8k_names_the_rows_without_files(lay: Lay) -> None:
    sounds = {f"audio/fold{i % 4 + 1}/{100 + i // 2}-{i % 3}-0-{i}.wav": 0.25 for i in range(6)}
    dataset = load_dataset(lay(sounds, {"metadata/UrbanSound8K.csv": _us8k(12, 0.25)}))
    assert len(dataset) == 6
    assert sum("No such file" in problem.reason for problem in dataset.problems) == 6


def test_urbansound8k_without_its_table_has_its_folds_from_folders(lay: Lay) -> None:
    reading, dataset = agreed(lay([f"audio/fold{i % 2 + 1}/{100 + i}-{i % 3}-0-{i}.wav" for i in range(6)]))
    assert dataset.counts == {"0": 2, "1": 2, "2": 2}
    assert {clip.fold for clip in dataset.clips} == {1, 2}
    assert len(groups(dataset)) == 6
    assert reading.labels == "the file names"


def test_stretches_of_long_files_stay_stretches(lay: Lay) -> None:
    table = "file,label,start,end\nlong.wav,a,0.1,0.3\nother.wav,b,0.5,0.9\n"
    dataset = load_dataset(lay({"long.wav": 1.0, "other.wav": 1.0}, {"t.csv": table}))
    assert [(clip.start, round(clip.seconds, 6)) for clip in dataset.clips] == [(0.1, 0.2), (0.5, 0.4)]


@pytest.mark.parametrize("length", ["0.5", "4000", "500", "0.498"])
def test_a_length_that_is_the_files_own_cuts_nothing(lay: Lay, length: str) -> None:
    table = "file,label,length\n" + "".join(f"{i}.wav,{'ab'[i % 2]},{length}\n" for i in range(6))
    reading = understand(lay({f"{i}.wav": 0.5 for i in range(6)}, {"t.csv": table}))
    assert all(clip.duration is None for clip in reading.load().clips)
    assert "whole" in reading.remarks[0]


# computed features, tables of other things

_FEATURES = "filename,length,chroma_stft_mean,mfcc1_var,label\n"


def test_a_table_of_computed_features_is_no_manifest(lay: Lay) -> None:
    sounds = [f"Data/genres_original/{genre}/{genre}.0000{i}.wav" for genre in ("blues", "jazz") for i in range(3)]
    rows = "".join(f"{Path(sound).name},661794,0.3,1.5,{Path(sound).parent.name}\n" for sound in sounds)
    split = "".join(f"{Path(sound).name[:-4]}.{i}.wav,66149,0.3,1,x\n" for sound in sounds for i in range(10))
    texts = {"Data/features_30_sec.csv": _FEATURES + rows, "Data/features_3_sec.csv": _FEATURES + split}
    reading, dataset = agreed(lay(sounds, {**texts, "Data/images_original/blues/blues00000.png": ""}))
    assert dataset.counts == {"blues": 3, "jazz": 3}
    assert reading.layout == "GTZAN"
    assert {"computed features" in remark for remark in reading.remarks} == {True}


def test_computed_features_are_the_last_witness(lay: Lay) -> None:
    rows = "".join(f"x{i}q.wav,4,0.{i},1.5,{'ab'[i % 2]}\n" for i in range(6))
    dataset = load_dataset(lay({f"x{i}q.wav": 0.5 for i in range(6)}, {"features.csv": _FEATURES + rows}))
    assert dataset.counts == {"a": 3, "b": 3}
    assert {clip.duration for clip in dataset.clips} == {None}


def test_a_table_of_other_files_beside_class_folders_changes_nothing(lay: Lay) -> None:
    folder = lay(["a/1.wav", "a/2.wav", "b/3.wav", "b/4.wav"], {"list.csv": "file,label\nno.wav,x\nno2.wav,y\n"})
    assert load_dataset(folder).counts == {"a": 2, "b": 2}


# official splits from folders, tables, columns and lists


@pytest.mark.parametrize(
    ("train", "test"), [("train", "test"), ("Training", "Testing"), ("audio_train", "audio_test"), ("dev", "eval")]
)
def test_folders_of_an_official_split_are_no_classes(lay: Lay, train: str, test: str) -> None:
    sounds = [f"{part}/{label}/{i}.wav" for part in (train, test) for label in ("cat", "dog") for i in range(2)]
    reading, dataset = agreed(lay(sounds))
    assert dataset.counts == {"cat": 4, "dog": 4}
    assert parts(dataset) == {"train": 4, "validation": 0, "test": 4}
    assert reading.splits == "the folders"
    assert {clip.fold for clip in dataset.clips} == {0, 1}


def test_parts_below_the_classes(lay: Lay) -> None:
    folder = lay([f"{label}/{part}/{i}.wav" for label in "ab" for part in ("train", "val", "test") for i in range(2)])
    _, dataset = agreed(folder)
    assert dataset.counts == {"a": 6, "b": 6}
    assert parts(dataset) == {"train": 4, "validation": 4, "test": 4}


def test_one_part_alone_is_no_split(lay: Lay) -> None:
    reading, dataset = agreed(lay(["train/cat/0.wav", "train/dog/1.wav"]))
    assert dataset.counts == {"cat": 1, "dog": 1}
    assert reading.parts == {}


def test_parts_without_anything_that_tells_a_class_are_asked_about(lay: Lay) -> None:
    folder = lay(["train/1.wav", "train/2.wav", "test/3.wav", "test/4.wav"])
    assert [question.option for question in understand(folder).questions] == ["pattern"]
    with pytest.raises(DatasetError, match="how the names are built"):
        load_dataset(folder)


@pytest.mark.parametrize("names", [("metadata.csv", "metadata.csv"), ("train.csv", "test.csv"), ("a.csv", "b.csv")])
def test_a_table_in_every_folder(lay: Lay, names: tuple[str, str]) -> None:
    texts, sounds = {}, []
    for part, name in zip(("train", "test"), names, strict=True):
        rows = [(f"{part}{i}.wav", ("cat", "dog")[i % 2]) for i in range(4)]
        texts[f"data/{part}/{name}"] = "file_name,label\n" + "".join(f"{file},{label}\n" for file, label in rows)
        sounds += [f"data/{part}/{file}" for file, _ in rows]
    reading, dataset = agreed(lay(sounds, texts))
    assert dataset.counts == {"cat": 4, "dog": 4}
    assert parts(dataset) == {"train": 4, "validation": 0, "test": 4}
    assert all(clip.path.parent.name == clip.split for clip in dataset.clips)
    assert reading.remarks == ()


def test_equal_names_in_every_folder_are_those_beside_their_table(lay: Lay) -> None:
    text = "file_name,label\n0.wav,cat\n1.wav,dog\n"
    _, dataset = agreed(lay(
        [f"{part}/{i}.wav" for part in ("train", "test") for i in range(2)],
        {f"{part}/metadata.csv": text for part in ("train", "test")},
    ))  # fmt: skip
    assert parts(dataset) == {"train": 2, "validation": 0, "test": 2}


@pytest.mark.parametrize("column", ["split", "subset", "Set", "data_split", "fold"])
def test_a_column_of_parts(lay: Lay, column: str) -> None:
    rows = "".join(f"{i}.wav,{'ab'[i % 2]},{('train', 'val', 'test')[i // 2]}\n" for i in range(6))
    reading, dataset = agreed(lay([f"{i}.wav" for i in range(6)], {"t.csv": f"file,label,{column}\n{rows}"}))
    assert parts(dataset) == {"train": 2, "validation": 2, "test": 2}
    assert reading.splits == f"column '{column}'"


def test_a_fold_and_a_part_at_once(lay: Lay) -> None:
    rows = "".join(f"{i}.wav,{'ab'[i % 2]},{i % 3},{('train', 'test')[i // 3]}\n" for i in range(6))
    _, dataset = agreed(lay([f"{i}.wav" for i in range(6)], {"t.csv": f"file,label,fold,split\n{rows}"}))
    assert [clip.fold for clip in dataset.clips] == [0, 1, 2, 0, 1, 2]
    assert parts(dataset) == {"train": 3, "validation": 0, "test": 3}


def test_tables_of_a_part_beside_the_table_of_all(lay: Lay) -> None:
    rows = [f"{i}.wav,{'ab'[i % 2]}\n" for i in range(6)]
    texts = {"all.csv": "file,label\n" + "".join(rows), "test.csv": "file,label\n" + "".join(rows[:2])}
    _, dataset = agreed(lay([f"audio/{i}.wav" for i in range(6)], texts))
    assert parts(dataset) == {"train": 4, "validation": 0, "test": 2}


def _speech_commands() -> tuple[list[str], dict[str, str]]:
    sounds = [f"{word}/{i:02d}ab34cd_nohash_{i % 2}.wav" for word in ("yes", "no") for i in range(4)]
    sounds += ["_background_noise_/white_noise.wav"]
    lists = {"testing_list.txt": "yes/03ab34cd_nohash_1.wav\nno/03ab34cd_nohash_1.wav\n",
             "validation_list.txt": "yes/02ab34cd_nohash_0.wav\n"}  # fmt: skip
    return sounds, {**lists, "LICENSE": "x", "README.md": "x"}


def test_speech_commands(lay: Lay) -> None:
    reading, dataset = agreed(lay(*_speech_commands()))
    assert dataset.counts == {"no": 4, "yes": 4}
    assert parts(dataset) == {"train": 5, "validation": 1, "test": 2}
    assert groups(dataset) == {f"{i:02d}ab34cd" for i in range(4)}
    assert reading.layout == "Speech Commands"
    (problem,) = dataset.problems
    assert problem.file == "_background_noise_"
    assert "noise" in problem.reason


def test_speech_commands_out_of_an_archive_keeps_its_lists(lay: Lay, tmp_path: Path) -> None:
    import zipfile

    folder = lay(*_speech_commands())
    with zipfile.ZipFile(tmp_path / "sc.zip", "w") as packed:
        for path in folder.rglob("*.*"):
            packed.write(path, path.relative_to(folder).as_posix())
    _, dataset = agreed(tmp_path / "sc.zip")
    assert parts(dataset) == {"train": 5, "validation": 1, "test": 2}


def test_a_text_that_is_no_list_tells_no_split(lay: Lay) -> None:
    sounds, _ = _speech_commands()
    reading = understand(lay(sounds, {"testing_list.txt": "see the paper\n", "test.txt": "yes/none.wav\n", "x.md": ""}))
    assert reading.parts == {}


@pytest.mark.parametrize("labels", [True, False])
def test_edge_impulse(lay: Lay, labels: bool) -> None:
    sounds = [f"{part}/{'yes' if i % 2 else 'noise'}.{i}abc1def{part[:2]}.wav"
              for part in ("training", "testing") for i in range(4)]  # fmt: skip
    files = [{"path": sound, "category": sound.split("/")[0], "label": {"type": "label", "label": "Ja" if "yes" in sound
              else "Nein"}} for sound in sounds]  # fmt: skip
    reading, dataset = agreed(
        lay(sounds, {"info.labels": json.dumps({"version": 1, "files": files})} if labels else {})
    )
    assert dataset.counts == ({"Ja": 4, "Nein": 4} if labels else {"noise": 4, "yes": 4})
    assert parts(dataset) == {"train": 4, "validation": 0, "test": 4}
    assert reading.layout == "Edge Impulse"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": [1]}', "[" * 100_000])
def test_labels_that_are_damaged_are_passed_over(lay: Lay, text: str) -> None:
    sounds = [f"training/{label}.{i}abc1deft.wav" for label in ("no", "yes") for i in range(2)]
    assert load_dataset(lay(sounds, {"info.labels": text})).counts == {"no": 2, "yes": 2}


# more of what is published


def test_dcase_with_the_lists_of_its_fold(lay: Lay) -> None:
    names = [
        (f"audio/{scene}-lisbon-{i}-a.wav", scene, f"lisbon-{i}") for scene in ("airport", "bus") for i in range(4)
    ]
    meta = "filename\tscene_label\tidentifier\n" + "".join(
        f"{name}\t{scene}\t{place}\n" for name, scene, place in names
    )
    train = "filename\tscene_label\n" + "".join(f"{name}\t{scene}\n" for name, scene, _ in names if "-3-" not in name)
    test = "filename\n" + "".join(f"{name}\n" for name, _, _ in names if "-3-" in name)
    setup = {"evaluation_setup/fold1_train.csv": train, "evaluation_setup/fold1_test.csv": test}
    reading, dataset = agreed(lay([name for name, _, _ in names], {"meta.csv": meta, **setup}))
    assert dataset.counts == {"airport": 4, "bus": 4}
    assert parts(dataset) == {"train": 6, "validation": 0, "test": 2}
    assert groups(dataset) == {f"lisbon-{i}" for i in range(4)}
    assert reading.layout == "DCASE"


def test_a_text_in_columns_is_a_table(lay: Lay) -> None:
    rows = "".join(f"audio/{i}.wav\t{'ab'[i % 2]}\tmore\n" for i in range(6))
    _, dataset = agreed(lay([f"audio/{i}.wav" for i in range(6)], {"meta.txt": rows, "notes.txt": "a\tb\n"}))
    assert dataset.counts == {"a": 3, "b": 3}


def test_json_lines_are_a_table(lay: Lay) -> None:
    texts = {
        f"{part}/metadata.jsonl": "".join(
            json.dumps({"file_name": f"{part}{i}.wav", "label": i % 2, "speaker": None}) + "\n" for i in range(4)
        )
        + "[1]\nbroken\n"
        for part in ("train", "test")
    }
    dataset = load_dataset(lay([f"{part}/{part}{i}.wav" for part in ("train", "test") for i in range(4)], texts))
    assert dataset.counts == {"0": 4, "1": 4}
    assert parts(dataset) == {"train": 4, "validation": 0, "test": 4}
    assert len(dataset.problems) == 4


def test_fsd50k(lay: Lay) -> None:
    def table(numbers: range, *, split: bool) -> str:
        rows = (f"{i},{('Bark', 'Bell')[i % 2]},/m/{i % 2}" + (f",{('train', 'val')[i > 3]}" * split) for i in numbers)
        return "\n".join(["fname,labels,mids" + ",split" * split, *rows])

    sounds = [f"FSD50K.dev_audio/{i}.wav" for i in range(6)] + [f"FSD50K.eval_audio/{i}.wav" for i in range(100, 104)]
    tables = {"dev": table(range(6), split=True), "eval": table(range(100, 104), split=False)}
    texts = {f"FSD50K.ground_truth/{name}.csv": text for name, text in tables.items()}
    reading, dataset = agreed(
        lay(sounds, {**texts, "FSD50K.ground_truth/vocabulary.csv": "0,Bark,/m/0\n1,Bell,/m/1\n"})
    )
    assert dataset.counts == {"Bark": 5, "Bell": 5}
    assert parts(dataset) == {"train": 4, "validation": 2, "test": 4}
    assert reading.layout == "FSD50K"


def test_fsdkaggle_with_the_table_of_its_test(lay: Lay) -> None:
    train = "fname,label,manually_verified\n" + "".join(f"{i:04d}.wav,{'ab'[i % 2]},1\n" for i in range(6))
    test = "fname,label,usage,freesound_id\n" + "".join(f"{i:04d}.wav,{'ab'[i % 2]},Private,{i}\n" for i in range(4))
    sounds = [f"audio_{part}/{i:04d}.wav" for part, n in (("train", 6), ("test", 4)) for i in range(n)]
    reading, dataset = agreed(lay(sounds, {"train.csv": train, "test_post_competition.csv": test}))
    assert parts(dataset) == {"train": 6, "validation": 0, "test": 4}
    assert all(f"audio_{clip.split}" == clip.path.parent.name for clip in dataset.clips)
    assert reading.layout == "FSDKaggle2018"


def test_nsynth(lay: Lay) -> None:
    sounds = [f"nsynth-{part}/audio/{family}_acoustic_00{i}-0{i}0-100.wav"
              for part in ("train", "valid", "test") for family in ("bass", "flute") for i in range(2)]  # fmt: skip
    reading, dataset = agreed(lay(sounds))
    assert dataset.counts == {"bass": 6, "flute": 6}
    assert parts(dataset) == {"train": 4, "validation": 4, "test": 4}
    assert groups(dataset) == {f"{family}_acoustic_00{i}" for family in ("bass", "flute") for i in range(2)}
    assert reading.layout == "NSynth"


def test_tess(lay: Lay) -> None:
    names = [
        f"{who}_{what}/{who}_{word}_{what}.wav"
        for who in ("OAF", "YAF")
        for what in ("angry", "ps")
        for word in ("a", "b")
    ]
    _, dataset = agreed(lay(names))
    assert dataset.counts == {"angry": 4, "surprise": 4}
    assert groups(dataset) == {"OAF", "YAF"}


def test_esc_50_with_its_table(lay: Lay) -> None:
    names = [(f"{fold}-{100 + fold}-A-{target}.wav", fold, target) for fold in range(1, 6) for target in (0, 10)]
    header = "filename,fold,target,category,esc10,src_file,take\n"
    rows = "".join(
        f"{name},{fold},{target},{('dog', 'rain')[target > 0]},True,{100 + fold},A\n" for name, fold, target in names
    )
    reading, dataset = agreed(lay([f"audio/{name}" for name, _, _ in names], {"meta/esc50.csv": header + rows}))
    assert dataset.counts == {"dog": 5, "rain": 5}
    assert (reading.n_folds, reading.n_groups, reading.layout) == (5, 5, "ESC-50")


def test_official_tables_of_common_voice(lay: Lay) -> None:
    header = "client_id\tpath\tsentence\tgender\n"
    rows = [f"s{i // 2}\tc_{i}.mp3\thi {i}\t{'mf'[i % 2]}\n" for i in range(10)]
    texts = {
        "validated.tsv": rows,
        "train.tsv": rows[:6],
        "dev.tsv": rows[6:8],
        "test.tsv": rows[8:],
        "invalidated.tsv": [],
    }
    folder = lay(
        [f"clips/c_{i}.wav" for i in range(10)], {name: header + "".join(some) for name, some in texts.items()}
    )
    _, dataset = agreed(folder, label_column="gender")
    assert parts(dataset) == {"train": 6, "validation": 2, "test": 2}
    assert groups(dataset) == {f"s{i}" for i in range(5)}


def test_lists_below_a_wrapping_folder(lay: Lay) -> None:
    sounds, lists = _speech_commands()
    texts = {f"train/{name}": text for name, text in lists.items()}
    _, dataset = agreed(lay([f"train/audio/{sound}" for sound in sounds], texts))
    assert parts(dataset) == {"train": 5, "validation": 1, "test": 2}


# classes from names, groups from folders


def test_ravdess(lay: Lay) -> None:
    sounds = [f"Actor_{actor:02d}/03-01-0{emotion}-01-01-01-{actor:02d}.wav" for actor in (1, 2) for emotion in (1, 3)]
    reading, dataset = agreed(lay(sounds))
    assert dataset.counts == {"happy": 2, "neutral": 2}
    assert groups(dataset) == {"01", "02"}
    assert reading.layout == "RAVDESS"


def test_a_strange_name_among_known_ones_is_named(lay: Lay) -> None:
    sounds = [f"Actor_0{actor}/03-01-0{i + 1}-01-01-01-0{actor}.wav" for actor in (1, 2) for i in range(8)]
    dataset = load_dataset(lay([*sounds, "Actor_01/test.wav"]))
    assert len(dataset.classes) == 8
    assert [problem.file for problem in dataset.problems] == ["Actor_01/test.wav"]


@pytest.mark.parametrize(
    ("names", "counts", "speakers"),
    [
        (["1001_DFA_ANG_XX", "1001_IEO_SAD_HI", "1002_DFA_ANG_LO"], {"anger": 2, "sadness": 1}, {"1001", "1002"}),
        (["03a01Fa", "03a01Wb", "16b10Wa"], {"anger": 2, "happiness": 1}, {"03", "16"}),
        (["DC_a01", "DC_sa02", "JE_su03"], {"anger": 1, "sadness": 1, "surprise": 1}, {"DC", "JE"}),
        (["00/0_00_1", "00/1_00_1", "59/0_59_2"], {"0": 2, "1": 1}, {"00", "59"}),
    ],
)
def test_names_of_published_sets(lay: Lay, names: list[str], counts: dict[str, int], speakers: set[str]) -> None:
    _, dataset = agreed(lay([f"{name}.wav" for name in names]))
    assert dataset.counts == counts
    assert groups(dataset) == speakers


@pytest.mark.parametrize("folder", ["speaker{}", "Actor_0{}", "subject-{}", "site {}", "session{}", "2024-01-0{}"])
def test_speakers_and_places_above_or_below_the_classes_are_groups(lay: Lay, folder: str) -> None:
    names = [folder.format(i) for i in (1, 2)]
    above = lay([f"{name}/{label}/{i}.wav" for name in names for label in "ab" for i in range(2)], name="above")
    below = lay([f"{label}/{name}/{i}.wav" for name in names for label in "ab" for i in range(2)], name="below")
    for path in (above, below):
        reading, dataset = agreed(path)
        assert dataset.counts == {"a": 4, "b": 4}
        assert groups(dataset) == set(names)
        assert reading.groups == "the folders"


def test_speakers_are_the_classes_where_nothing_else_is(lay: Lay) -> None:
    reading, dataset = agreed(lay(["speaker1/x.wav", "speaker1/y.wav", "speaker2/x.wav", "speaker2/y.wav"]))
    assert dataset.counts == {"speaker1": 2, "speaker2": 2}
    assert "classes" in reading.remarks[0]


@pytest.mark.parametrize("column", ["speaker", "actor", "source", "site", "date", "client_id", "Recording Date"])
def test_columns_of_groups(lay: Lay, column: str) -> None:
    rows = "".join(f"{i}.wav,{'ab'[i % 2]},g{i // 2}\n" for i in range(6))
    reading, dataset = agreed(lay([f"{i}.wav" for i in range(6)], {"t.csv": f"file,label,{column}\n{rows}"}))
    assert groups(dataset) == {"g0", "g1", "g2"}
    assert reading.groups == f"column '{column}'"


# where the sounds lie


@pytest.mark.parametrize("table", ["t.csv", "meta/t.csv", "a/b/c/t.csv", "sounds/deep/er/t.csv"])
@pytest.mark.parametrize("place", ["", "sounds/", "sounds/deep/er/", "other/"])
def test_a_table_beside_above_or_below_its_sounds(lay: Lay, table: str, place: str) -> None:
    rows = "".join(f"{'xy'[i % 2]}{i}.wav,{'ab'[i % 2]}\n" for i in range(6))
    _, dataset = agreed(
        lay([f"{place}{'xy'[i % 2]}{i}.wav" for i in range(6)], {table: f"file,label\n{rows}", "k.txt": ""})
    )
    assert dataset.counts == {"a": 3, "b": 3}


@pytest.mark.parametrize(
    "root", ["/home/user/recordings/", "C:\\Users\\me\\sounds\\", "\\\\server\\share\\", "file:///data/", "old/place/"]
)
def test_names_of_another_machine(lay: Lay, root: str) -> None:
    separator = "\\" if "\\" in root else "/"
    rows = "".join(f"{root}{label}{separator}{i}.wav,{label}\n" for label in ("cat", "dog") for i in range(2))
    _, dataset = agreed(
        lay([f"x/{label}/{i}.wav" for label in ("cat", "dog") for i in range(2)], {"t.csv": f"path,label\n{rows}"})
    )
    assert dataset.counts == {"cat": 2, "dog": 2}
    assert all(clip.path.parent.name == clip.label for clip in dataset.clips)
    assert dataset.problems == ()


@pytest.mark.parametrize(("on_disk", "in_table"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_either_form_of_unicode(lay: Lay, on_disk: str, in_table: str) -> None:
    names = [f"Café Ångström {i}.wav" for i in range(4)]
    rows = "".join(f"{unicodedata.normalize(in_table, name)},{'ab'[i % 2]}\n" for i, name in enumerate(names))
    _, dataset = agreed(lay([unicodedata.normalize(on_disk, name) for name in names], {"t.csv": f"file,label\n{rows}"}))
    assert dataset.counts == {"a": 2, "b": 2}


def test_other_case_and_other_suffix(lay: Lay) -> None:
    table = "file,label\nrec0.wav,a\nREC1.mp3,b\nrec2,a\nSub/rec3.wav,b\n"
    _, dataset = agreed(lay(["REC0.WAV", "rec1.wav", "Rec2.Wav", "sub/REC3.wav"], {"t.csv": table}))
    assert dataset.counts == {"a": 2, "b": 2}


def test_two_files_that_fit_are_named_and_neither_is_taken(lay: Lay) -> None:
    folder = lay(
        ["p/x.wav", "q/x.wav", "p/y.wav", "p/z.wav"], {"meta/t.csv": "file,label\nx.wav,a\ny.wav,b\nz.wav,a\n"}
    )
    dataset = load_dataset(folder)
    assert [clip.path.name for clip in dataset.clips] == ["y.wav", "z.wav"]
    (problem,) = dataset.problems
    assert "'p/x.wav', 'q/x.wav'" in problem.reason


@pytest.mark.parametrize(
    ("column", "folders"), [("label", ("a", "b")), ("fold", ("fold1", "fold2")), ("split", ("train", "test"))]
)
def test_the_row_itself_says_which_of_two_files_it_means(lay: Lay, column: str, folders: tuple[str, str]) -> None:
    cells = {"label": ("a", "b"), "fold": ("1", "2"), "split": ("train", "test")}[column]
    header = "file,label" if column == "label" else f"file,label,{column}"
    lines = [f"x.wav,{'ab'[i]}" + ("" if column == "label" else f",{cells[i]}") for i in range(2)]
    dataset = load_dataset(lay([f"audio/{folder}/x.wav" for folder in folders], {"t.csv": "\n".join([header, *lines])}))
    assert [clip.path.parent.name for clip in dataset.clips] == list(folders)


def test_a_name_is_not_taken_for_another_folders_file(lay: Lay) -> None:
    """Only dog/0.wav is there; cat/0.wav must not become it."""
    folder = lay(["dog/0.wav", "dog/1.wav"], {"t.csv": "file,label\ncat/0.wav,cat\ndog/0.wav,dog\ndog/1.wav,dog\n"})
    dataset = load_dataset(folder)
    assert dataset.counts == {"dog": 2}
    assert "No such file" in dataset.problems[0].reason


def test_nothing_outside_the_folder_is_read(lay: Lay, tmp_path: Path, write_tone: WriteTone) -> None:
    outside = write_tone(tmp_path / "outside" / "secret.wav")
    rows = f"{outside},a\n../outside/secret.wav,b\n{tmp_path}/set/in.wav,a\n"
    folder = lay(["in.wav"], {"t.csv": f"file,label\n{rows}"})
    dataset = load_dataset(folder)
    assert [clip.path.name for clip in dataset.clips] == ["in.wav"]
    assert len(dataset.problems) == 2


# what only the owner knows


def _common_voice() -> tuple[list[str], dict[str, str]]:
    header = "client_id\tpath\tsentence\tup_votes\tage\tgender\n"
    rows = "".join(f"s{i // 2}\tcv_{i}.mp3\tsentence {i}\t2\ttwenties\t{('male', 'female')[i % 2]}\n" for i in range(6))
    return [f"clips/cv_{i}.wav" for i in range(6)], {"validated.tsv": header + rows}


def test_common_voice_asks_which_column_is_the_label(lay: Lay) -> None:
    folder = lay(*_common_voice())
    reading = understand(folder)
    (question,) = reading.questions
    assert question.option == "label_column"
    assert [answer.value for answer in question.candidates] == ["client_id", "gender"]
    assert "male 3, female 3" in question.candidates[1].examples
    assert reading.layout == "Common Voice"
    with pytest.raises(DatasetError, match="label_column=gender"):
        load_dataset(folder)
    _, dataset = agreed(folder, label_column="gender")
    assert dataset.counts == {"male": 3, "female": 3}
    assert groups(dataset) == {"s0", "s1", "s2"}


def test_a_column_of_sentences_is_no_label(lay: Lay) -> None:
    rows = "".join(f"{i}.wav,sentence {i},{'ab'[i % 2]}\n" for i in range(30))
    (question,) = understand(lay([f"{i}.wav" for i in range(30)], {"t.csv": f"file,word,kind\n{rows}"})).questions
    assert [answer.value for answer in question.candidates] == ["kind"]


def test_files_are_found_in_a_column_of_any_name(lay: Lay) -> None:
    rows = "".join(f"{i},x{i}q,{'ab'[i % 2]}\n" for i in range(6))
    _, dataset = agreed(lay([f"d/x{i}q.wav" for i in range(6)], {"t.csv": f"number,which one,label\n{rows}"}))
    assert dataset.counts == {"a": 3, "b": 3}


def test_a_flat_folder_asks_how_its_names_are_built(lay: Lay) -> None:
    folder = lay([f"{label}-{i}.wav" for label in ("cat", "dog") for i in range(3)])
    (question,) = understand(folder).questions
    assert (question.option, question.candidates[0].value) == ("pattern", "{label}-{take}")
    assert "cat 3, dog 3" in question.candidates[0].examples
    assert load_dataset(folder, pattern="{label}-{take}").counts == {"cat": 3, "dog": 3}


def test_a_folder_that_says_nothing_is_no_class(lay: Lay) -> None:
    assert understand(lay(["clips/1.wav", "clips/2.wav"], {"notes.txt": "x"})).questions


@pytest.mark.parametrize("rows", ["", "no.wav,a\n", "no.wav,a\nnone.wav,b\n"])
def test_a_table_that_finds_no_sound_is_an_error(lay: Lay, rows: str) -> None:
    folder = lay(["1.wav", "2.wav"], {"t.csv": f"file,label\n{rows}"})
    for path in (folder, folder / "t.csv"):
        with pytest.raises(DatasetError, match=r"'t.csv' finds no sound|t.csv, line 2"):
            load_dataset(path)


def test_formats_that_cannot_be_read_are_named(lay: Lay) -> None:
    folder = lay(["a/1.wav", "b/1.wav"])
    for name in ("x.spx", "y.ts", "z.amr"):
        (folder / "a" / name).write_bytes(b"nothing that is known")
    dataset = load_dataset(folder)
    assert len(dataset) == 2
    assert [problem.file for problem in dataset.problems] == ["a/x.spx", "a/y.ts", "a/z.amr"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are of POSIX")
def test_a_pipe_is_not_waited_for(lay: Lay) -> None:
    folder = lay(["a/1.wav", "b/1.wav"])
    for name in ("table.csv", "info.labels", "testing_list.txt", "rows.jsonl"):
        os.mkfifo(folder / name)
    assert load_dataset(folder).counts == {"a": 1, "b": 1}
    with pytest.raises(DatasetError, match="cannot be read"):
        load_dataset(folder, table="table.csv")


@pytest.mark.skipif(os.name == "nt", reason="names with control characters")
def test_no_layout_of_strange_names_is_a_crash(lay: Lay) -> None:
    names = ["\x1b[31m", "..a", "a b", "train", "fold1", "_x_", "=1+1", "{label}", "%s", "con", "é", "test\n"]
    for number, first in enumerate(names):
        folder = lay([f"{first}/{second}/1.wav" for second in names], name=f"set{number}")
        try:
            dataset = load_dataset(folder)
        except AudioclfError as error:
            assert str(error)
        else:
            assert dataset.clips
