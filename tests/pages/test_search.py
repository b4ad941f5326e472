"""The Search page: values of any parameter become points, and the leader board leads on to Results and Train."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.core.errors import ParameterError
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import new_folder
from audioclf.features import Mel
from audioclf.inference.assets import app_folder
from audioclf.jobs import queue
from audioclf.models import MODELS
from audioclf.tuning import Range, Search, SearchRun, create_search, list_searches, run_search

OpenPage = Callable[..., AppTest]


def keyed(page: AppTest, key: str) -> Any:
    elements = (*page.number_input, *page.selectbox, *page.multiselect, *page.text_input, *page.button)
    return next(element for element in elements if element.key == key)


def words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption)).replace("\\", "")


def searches() -> set[str]:
    return {made.id for made in list_searches(workspaces.searches_folder())}


@pytest.fixture
def page(open_page: OpenPage, class_folders: Path) -> AppTest:
    return open_page("search", data=class_folders)


@pytest.fixture(scope="module")
def made(audioclf_home: Path, three_classes: Path) -> Iterator[SearchRun]:
    """A finished search over two parameters of a classical model, of half the clips."""
    experiment = Experiment(
        dataset=DatasetChoice(str(three_classes)),
        split=Holdout(test_size=0.34, validation_size=0.5),
        features=(Mel(n_mels=16),),
        model=MODELS["tree"](),
    )
    search = Search(experiment, {"feature.n_mels": [8, 16], "model.max_depth": [1, 4]}, share=0.7)
    found = run_search(search, new_folder(workspaces.searches_folder()), name="<b>first</b> *search*")
    yield found
    if found.folder.is_dir():
        found.delete()


def test_two_parameters_wait_behind_one_button(page: AppTest) -> None:
    assert not page.error
    assert keyed(page, "search.names").value == ["feature.n_mels", "training.learning_rate"]
    assert keyed(page, "search.values.feature.n_mels").value == "64, 128, 256"
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Points"] == "9"
    assert "Time, about" not in shown, "no finished run tells"
    assert not keyed(page, "search.go").disabled
    assert keyed(page, "search.go").proto.type == "primary"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64, -1", "n_mels = -1"),
        ("", "has no value to try"),
        ("10:x", "two numbers"),
        ("64, 64", "the value 64 twice"),
        ("64, five", "n_mels is a whole number"),
        ("64, 100000", "n_mels = 100000"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_stops_the_button(page: AppTest, text: str, message: str) -> None:
    before = searches()
    keyed(page, "search.values.feature.n_mels").set_value(text)
    page.run()
    assert not page.exception
    assert any(message in error.value.replace("\\", "") for error in page.error), [error.value for error in page.error]
    assert keyed(page, "search.go").disabled
    assert searches() == before


def test_a_point_that_cannot_be_made_is_named_before_there_is_a_job(page: AppTest) -> None:
    keyed(page, "search.names").set_value(["feature.fmax"])
    page.run()
    keyed(page, "search.values.feature.fmax").set_value("8000, 20000")
    page.run()
    assert any("point 2" in error.value.replace("\\", "") for error in page.error)
    assert keyed(page, "search.go").disabled


def test_code_of_ones_own_is_not_for_the_web_app(page: AppTest) -> None:
    keyed(page, "search.names").set_value(["model.kind"])
    page.run()
    keyed(page, "search.values.model.kind").set_value("mlp, custom")
    page.run()
    assert any("the app does not do" in error.value.replace("\\", "") for error in page.error)
    assert keyed(page, "search.go").disabled
    search = Search(Experiment(), {"model.kind": ["mlp", "custom"]})
    with pytest.raises(ParameterError, match="the app does not do"):
        queue.submit_search(search)


def test_any_parameter_can_be_picked_and_a_range_is_drawn_from(page: AppTest) -> None:
    picker = keyed(page, "search.names")
    offered = " ".join(picker.options)
    for name in ("audio.sr", "split.kind", "scaling.mode", "feature.hop_length", "model.kind", "training.epochs"):
        assert name in offered
    picker.set_value(["model.kind", "training.learning_rate"])
    page.run()
    keyed(page, "search.values.model.kind").set_value("logreg, mlp")
    keyed(page, "search.values.training.learning_rate").set_value("0.0001:0.01:log")
    page.run()
    assert not page.error
    keyed(page, "search.n_points").set_value(5)
    page.run()
    assert {metric.label: metric.value for metric in page.metric}["Points"] == "5"
    keyed(page, "search.names").set_value([])
    page.run()
    assert keyed(page, "search.go").disabled


def test_a_recipe_brings_its_own_grid(page: AppTest) -> None:
    keyed(page, "search.base").set_value("genres-grid")
    page.run()
    assert keyed(page, "search.names").value == ["feature.n_fft", "feature.hop_length", "feature.n_mels"]
    assert keyed(page, "search.values.feature.n_fft").value == "1024, 2048"
    assert keyed(page, "search.share").value == 0.5
    keyed(page, "search.base").set_value("fsdd-speakers-embedding").run()
    assert keyed(page, "search.names").value == ["model.C"], "an embedding has its own sample rate"


def test_a_press_makes_a_search_that_is_watched_and_stopped(page: AppTest, open_page: OpenPage) -> None:
    keyed(page, "search.base").set_value("instruments-mfcc-logreg")
    page.run()
    keyed(page, "search.names").set_value(["training.seed"])
    page.run()
    keyed(page, "search.values.training.seed").set_value(", ".join(map(str, range(100))))
    page.run()
    keyed(page, "search.go").click()
    page.run()
    assert not page.exception
    search_id = "".join(page.query_params["search"])
    made = next(one for one in list_searches(workspaces.searches_folder()) if one.id == search_id)
    end = time.monotonic() + 600
    try:
        assert len(made.search.preview) == 100
        other = open_page("search", search=search_id)  # a refresh, or a second browser
        assert "search.stop" in {element.key for element in other.button}
        keyed(other, "search.stop").click()
        other.run()
        while not made.status.ended:
            assert time.monotonic() < end, made.status
            time.sleep(0.1)
        page.run()
        assert made.status.state == "stopped"
        assert "search.resume" in {element.key for element in page.button}
    finally:
        queue.stop(made)
        while not made.status.ended and time.monotonic() < end:
            time.sleep(0.1)
        made.delete()


def test_the_leader_board_chooses_by_validation_and_tells_one_test_figure(
    open_page: OpenPage, made: SearchRun, three_classes: Path
) -> None:
    page = open_page("search", data=three_classes, search=made.id)
    assert not page.error
    message = words(page)
    assert "<b>first</b>" in message
    assert "Chosen:" in message
    assert "Only the chosen point's test accuracy is shown" in message
    board = page.dataframe[0].value
    assert list(board["place"]) == [1, 2, 3, 4]
    assert list(board["val_loss"]) == sorted(board["val_loss"])
    assert {"n_mels", "max_depth"} <= set(board.columns)
    assert not [column for column in board.columns if "test" in column or column == "accuracy"]


def test_a_point_opens_as_a_run_and_goes_over_to_train(
    open_page: OpenPage, made: SearchRun, three_classes: Path
) -> None:
    best = made.best
    assert best is not None
    page = open_page("search", data=three_classes, search=made.id)
    keyed(page, "search.open").click()
    page.run()
    assert not page.exception
    assert page.title[0].value == "Results"
    assert "".join(page.query_params["run"]) == f"{made.id}.{best.number:02d}"
    page = open_page("search", data=three_classes, search=made.id)
    page.session_state["train.text"] = True
    keyed(page, "search.train").click()
    page.run()
    assert not page.exception
    assert page.title[0].value == "Train"
    experiment = Experiment.from_toml(page.code[0].value)
    assert experiment.features == made.point(best.number).experiment.features
    assert experiment.dataset.share == 1.0


def test_a_search_of_an_unknown_id_is_no_error(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("search", data=class_folders, search="../../etc")
    assert not page.error
    assert keyed(page, "search.go")


def test_importance_and_parallel_coordinates_stand_below_the_board(
    open_page: OpenPage, made: SearchRun, three_classes: Path
) -> None:
    assert set(made.importance) <= {"feature.n_mels", "model.max_depth"}
    page = open_page("search", data=three_classes, search=made.id)
    assert not page.error
    assert "Every point as a line" in words(page)
    assert ("Importance of the parameters" in words(page)) == bool(made.importance)


def test_a_search_that_draws_is_shown_before_its_first_point(
    open_page: OpenPage, made: SearchRun, three_classes: Path
) -> None:
    search = Search(
        made.search.experiment, {"feature.n_mels": Range(8, 64), "model.max_depth": [1, 2]}, sampler="tpe", n_points=5
    )
    waiting = create_search(search, new_folder(workspaces.searches_folder()), begun=True)
    try:
        page = open_page("search", data=three_classes, search=waiting.id)
        assert not page.error
        assert any("0 of 5 points" in element.proto.text for element in page.get("progress"))
    finally:
        queue._write(waiting, state="stopped")
        waiting.delete()


OPTUNA = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file(sys.argv[1], default_timeout=600)
page.switch_page("pages/search.py")
page.query_params["data"], page.query_params["search"] = sys.argv[2:]
page.run()
assert not page.exception and not page.error, (page.exception, page.error)
assert page.dataframe, "no leader board"
assert "audioclf.tuning" in sys.modules
print(sorted({"optuna", "sqlalchemy", "sklearn"} & set(sys.modules)))
"""


def test_a_leader_board_is_read_without_optuna(made: SearchRun, three_classes: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPTUNA, str(app_folder() / "app.py"), str(three_classes), made.id],
        cwd=app_folder(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_form_outlives_a_reload(page: AppTest, open_page: OpenPage, class_folders: Path) -> None:
    assert "draft" not in page.query_params, "nothing was changed"
    keyed(page, "search.base").set_value("esc10-compact").run()
    keyed(page, "search.names").set_value(["training.epochs"]).run()
    keyed(page, "search.values.training.epochs").set_value("3, 5").run()
    keyed(page, "search.metric").set_value("val_accuracy").run()
    keyed(page, "search.name").set_value("few epochs").run()
    assert not page.exception
    again = open_page("search", data=class_folders, draft="".join(page.query_params["draft"]))
    assert keyed(again, "search.base").value == "esc10-compact"
    assert keyed(again, "search.names").value == ["training.epochs"]
    assert keyed(again, "search.values.training.epochs").value == "3, 5"
    assert keyed(again, "search.metric").value == "val_accuracy"
    assert keyed(again, "search.name").value == "few epochs"
