"""Tables of files and labels: any encoding and separator, columns found, every bad row named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audioclf.core.errors import DatasetError, ParameterError
from audioclf.datasets import Dataset, load_dataset

WriteTone = Callable[..., Path]


@pytest.fixture
def sounds(tmp_path: Path, write_tone: WriteTone) -> Path:
    """Six tones in a folder ``audio`` beside where a table goes."""
    for i in range(6):
        write_tone(tmp_path / "set" / "audio" / f"{i}.wav", frequency=200.0 + 100 * i, seconds=1.0, sr=8000)
    return tmp_path / "set"


def _table(folder: Path, text: str, name: str = "labels.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


_PLAIN = "file_name,label\n" + "".join(f"{i}.wav,{'even' if i % 2 == 0 else 'odd'}\n" for i in range(6))


def test_files_are_found_beside_or_in_a_folder(sounds: Path) -> None:
    dataset = load_dataset(_table(sounds, _PLAIN))
    assert dataset.counts == {"even": 3, "odd": 3}
    assert dataset.problems == ()
    assert dataset.source == str((sounds / "labels.csv").resolve())
    assert load_dataset(sounds).fingerprint == dataset.fingerprint
    assert load_dataset(dataset.source).fingerprint == dataset.fingerprint


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators(sounds: Path, encoding: str, separator: str) -> None:
    text = _PLAIN.replace("even", "gerädert").replace(",", separator)
    path = _table(sounds, text, "labels.tsv" if separator == "\t" else "labels.csv", encoding)
    assert load_dataset(path).counts == {"gerädert": 3, "odd": 3}


@pytest.mark.parametrize(
    ("header", "file", "label"),
    [
        ("File Name,Class", "File Name", "Class"),
        ("slice_file_name,fsID,start_x,classID,class", "slice_file_name", "class"),
        ("filename,fold,target,category,esc10,src_file,take", "filename", "category"),
        ("path;genre", "path", "genre"),
    ],
)
def test_usual_column_names_are_understood(sounds: Path, header: str, file: str, label: str) -> None:
    separator = ";" if ";" in header else ","
    columns = header.split(separator)
    lines = [header]
    for i in range(4):
        values = dict.fromkeys(columns, "1") | {file: f"{i}.wav", label: f"class {i % 2}"}
        lines.append(separator.join(values[name] for name in columns))
    dataset = load_dataset(_table(sounds, "\n".join(lines)))
    assert dataset.counts == {"class 0": 2, "class 1": 2}


def test_group_fold_start_and_duration(sounds: Path) -> None:
    text = (
        'file,label,speaker,fold,start,duration\n0.wav,a,ann,1,0,0.5\n0.wav,b,ann,2,0.5,0.25\n1.wav,b,bob,2,"0,25",\n'
    )
    first, second, third = load_dataset(_table(sounds, text)).clips
    assert (first.group, first.fold, first.start, first.duration) == ("ann", 1, 0.0, 0.5)
    assert (second.label, second.start, second.seconds) == ("b", 0.5, 0.25)
    assert (third.group, third.start, third.duration) == ("bob", 0.25, None)
    assert first.key != second.key


def test_an_end_column_gives_the_duration(sounds: Path) -> None:
    (clip,) = load_dataset(_table(sounds, "file,label,start,end\n0.wav,a,0.25,0.75\n")).clips
    assert (clip.start, clip.duration) == (0.25, 0.5)


def test_columns_can_be_chosen(sounds: Path) -> None:
    text = "what,kind of it,file,label\n0.wav,a,no.wav,x\n1.wav,b,no.wav,x\n"
    path = _table(sounds, text)
    dataset = load_dataset(path, file_column="what", label_column="kind of it")
    assert dataset.classes == ("a", "b")
    with pytest.raises(ParameterError, match="did you mean 'what'"):
        load_dataset(path, file_column="wat")


def test_a_column_can_be_left_out(sounds: Path) -> None:
    path = _table(sounds, "file,label,speaker,fold\n0.wav,a,ann,1\n1.wav,b,bob,2\n")
    dataset = load_dataset(path, group_column="-", fold_column="-")
    assert {(clip.group, clip.fold) for clip in dataset.clips} == {(None, None)}


def test_a_column_named_set_that_holds_no_folds_is_none(sounds: Path) -> None:
    dataset = load_dataset(_table(sounds, "file,label,set\n0.wav,a,kitchen\n1.wav,b,garden\n"))
    assert {clip.fold for clip in dataset.clips} == {None}
    assert dataset.problems == ()


def test_train_and_test_tables_become_folds(tmp_path: Path, write_tone: WriteTone) -> None:
    for part, count in (("train", 4), ("test", 2)):
        lines = ["file_name,label"]
        for i in range(count):
            write_tone(tmp_path / part / f"{i}.wav", frequency=200 + 90 * i + 13 * count, sr=8000)
            lines.append(f"{i}.wav,{i % 2}")
        _table(tmp_path, "\n".join(lines), f"{part}.csv")
    for path in (tmp_path / "train.csv", tmp_path):
        dataset = load_dataset(path)
        assert [clip.fold for clip in dataset.clips] == [1, 1, 1, 1, 0, 0]
        assert dataset.problems == ()
        assert {clip.path.parent.name for clip in dataset.clips if clip.fold == 0} == {"test"}
    assert {clip.fold for clip in load_dataset(tmp_path / "test.csv").clips} == {0}


def test_a_test_table_without_labels_is_a_problem_and_training_clips_load(sounds: Path) -> None:
    _table(sounds, _PLAIN, "train.csv")
    _table(sounds, "file_name\n1.wav\n", "test.csv")
    dataset = load_dataset(sounds / "train.csv")
    assert len(dataset) == 6
    (problem,) = dataset.problems
    assert problem.file == "test.csv"
    assert "label" in problem.reason


def test_fsdd_as_a_pair_of_tables(fsdd: Path, tmp_path: Path) -> None:
    """Reference B's layout, made of real recordings."""
    lines = {"train": ["file_name,label"], "test": ["file_name,label"]}
    for file in sorted((fsdd / "recordings").glob("*_?.wav")):
        digit, _, take = file.stem.split("_")
        part = "test" if int(take) <= 4 else "train"
        (tmp_path / part).mkdir(exist_ok=True)
        os.symlink(file, tmp_path / part / file.name)
        lines[part].append(f"{file.name},{digit}")
    for part, rows in lines.items():
        _table(tmp_path, "\n".join(rows), f"{part}.csv")
    dataset = load_dataset(tmp_path / "train.csv")
    assert (len(dataset), len(dataset.classes), dataset.problems) == (600, 10, ())
    assert sum(clip.fold == 0 for clip in dataset.clips) == 300


_BAD = {
    "missing.wav,a": "No such file",
    "../outside.wav,a": "outside",
    "audio/../../outside.wav,a": "outside",
    "/etc/passwd,a": "outside",
    "C:\\sounds\\0.wav,a": "outside",
    "..\\outside.wav,a": "outside",
    "a\x00b.wav,a": "No such file",
    ",a": "names no file",
    "0.wav,": "no label",
    "0.wav": "no label",
    "0.wav,a,,x": "no time",
    "0.wav,a,,-1": "no time",
    "0.wav,a,,nan": "no time",
    "0.wav,a,,99": "starts at 99",
    "0.wav,a,,0,0": "lasts 0",
    "0.wav,a,,0,-2": "no time",
    "1.wav,a,,0,inf": "no time",
    "2.wav,b": "second time",
    "text.wav,a": "text",
}


@pytest.mark.parametrize("row", _BAD)
def test_every_bad_row_is_a_problem_and_the_good_ones_load(sounds: Path, row: str) -> None:
    shutil.copy(sounds / "audio" / "0.wav", sounds.parent / "outside.wav")
    (sounds / "audio" / "text.wav").write_text("this is a text and no sound at all")
    text = f"file_name,label,group,start,duration\n2.wav,a\n{row}\n3.wav,b\n"
    dataset = load_dataset(_table(sounds, text))
    assert [clip.path.name for clip in dataset.clips] == ["2.wav", "3.wav"]
    (problem,) = dataset.problems
    assert _BAD[row] in problem.reason
    assert "line 3" in problem.file or problem.file in ("audio/text.wav", "audio/0.wav")
    assert problem.remedy.endswith(".")


def test_folds_that_are_none_are_reported_where_the_column_was_chosen(sounds: Path) -> None:
    path = _table(sounds, "file,label,part\n0.wav,a,1\n1.wav,b,train\n2.wav,a,left\n")
    dataset = load_dataset(path, fold_column="part")
    assert [clip.fold for clip in dataset.clips] == [1, 1]
    assert "left" in dataset.problems[0].reason


@pytest.mark.parametrize(
    "label",
    ["=HYPERLINK(1)", "<img src=x onerror=alert(1)>", "שלום", "🐕‍🦺", "x" * 300, "a/b", "a\\b", "'quoted'", '"'],
)
def test_labels_are_text(sounds: Path, label: str) -> None:
    cell = '"' + label.replace('"', '""') + '"'
    dataset = load_dataset(_table(sounds, f"file,label\n0.wav,{cell}\n1.wav,b\n"))
    assert dataset.classes == (label, "b")


def test_names_with_windows_separators_without_suffix_and_in_folders(sounds: Path) -> None:
    (sounds / "audio" / "deep").mkdir()
    shutil.move(sounds / "audio" / "0.wav", sounds / "audio" / "deep" / "0.wav")
    dataset = load_dataset(_table(sounds, "file,label\ndeep\\0.wav,a\n1,b\n./2.wav,a\n"))
    assert [clip.path.name for clip in dataset.clips] == ["0.wav", "1.wav", "2.wav"]


def test_a_table_without_header(sounds: Path) -> None:
    assert load_dataset(_table(sounds, "0.wav,a\n1.wav,b\n")).counts == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("\n\n \n", "empty"),
        ("a,b\n1,2\n", "'a', 'b'"),
        ("file_name,b\n0.wav,2\n", "label"),
        ("x,label\n0.wav,2\n", "file name"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(sounds: Path, text: str, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        load_dataset(_table(sounds, text))


def test_noise_is_no_crash(sounds: Path) -> None:
    for seed in range(30):
        data = bytes((seed * 37 + i * i) % 256 for i in range(400 + seed))
        path = sounds / "noise.csv"
        path.write_bytes(data)
        try:
            load_dataset(path)
        except DatasetError as error:
            assert str(error)


def test_a_quote_that_never_ends(sounds: Path) -> None:
    dataset = load_dataset(_table(sounds, f'file,label\n0.wav,a\n1.wav,"b\n{"x" * 200_000}\n'))
    assert [clip.path.name for clip in dataset.clips] == ["0.wav"]
    assert dataset.problems


def test_a_table_in_a_folder_of_its_own_and_one_of_several(sounds: Path) -> None:
    (sounds / "meta").mkdir()
    _table(sounds / "meta", _PLAIN, "esc.csv")
    assert len(load_dataset(sounds)) == 6
    _table(sounds, "file,label\n0.wav,only\n", "second.csv")
    assert load_dataset(sounds, kind="manifest", table="second.csv").classes == ("only",)
    with pytest.raises(ParameterError):
        load_dataset(sounds, kind="manifest", table="third.csv")


def test_other_tables_in_a_folder_per_class_change_nothing(class_folders: Path) -> None:
    _table(class_folders, "a,b\n1,2\n", "notes.csv")
    dataset: Dataset = load_dataset(class_folders)
    assert dataset.counts == {"high": 6, "low": 6}


def test_thirty_thousand_rows(sounds: Path) -> None:
    (sounds / "many").mkdir()
    lines = ["file_name,label"]
    for i in range(3000):
        os.symlink(sounds / "audio" / f"{i % 6}.wav", sounds / "many" / f"{i}.wav")
        lines.append(f"{i}.wav,{i % 10}")
    dataset = load_dataset(_table(sounds, "\n".join(lines)), audio_folder="many")
    assert (len(dataset), len(dataset.classes)) == (3000, 10)
