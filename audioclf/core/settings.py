"""The settings table: what can be set from outside, by environment variable.

One table feeds the code, ``audioclf settings``, the documentation and the tests.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from audioclf.core.errors import ParameterError


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    name: str
    default: str
    help: str

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return f"AUDIOCLF_{self.name.upper()}"


SETTINGS: tuple[Setting, ...] = (
    Setting("home", "", "Folder for data sets, features and runs; empty means the system's place for user data."),
    Setting("max_jobs", "1", "How many trainings run at the same time; the others wait their turn."),
    Setting(
        "fit_processes",
        "0",
        "How many models of a run (folds, ensemble) are trained at the same time; 0 means processors / max_jobs.",
    ),
    Setting(
        "scheduler",
        "",
        "Address of a Dask scheduler (tcp://host:8786) whose workers make a run's models and a search's points;"
        " empty: this machine.",
    ),
    Setting(
        "scheduler_tls_ca", "", "PEM file of the authority behind the scheduler's certificate, for a tls:// address."
    ),
    Setting("scheduler_tls_cert", "", "PEM file of the certificate shown to the scheduler."),
    Setting("scheduler_tls_key", "", "PEM file of that certificate's key."),
    Setting("job_memory_gb", "6", "Memory one training may take, in GB, where the system can cap it (at least 4)."),
    Setting("max_clip_seconds", "600", "Longest stretch of one file that is decoded as a single clip, in seconds."),
    Setting("feature_store_gb", "10", "Size of the feature store on disk, in GB; what was not used for longest goes."),
    Setting("max_upload_mb", "1000", "Largest file the browser may upload, in MB."),
    Setting("shared", "0", "1 on a server that several people use: each gets a workspace of their own."),
    Setting("quota_gb", "5", "What one workspace of a shared server may hold, in GB; 0 means as much as fits."),
    Setting(
        "data_folders",
        "",
        "Folders of a shared server whose sounds everyone may open, separated as in PATH; empty means none.",
    ),
    Setting(
        "yamnet",
        "",
        "YAMNet's weights: path of an .h5, an .npz or a TensorFlow checkpoint; empty fetches its publisher's file.",
    ),
    Setting("free_disk_gb", "1", "Disk space that always stays free, in GB; nothing more is written below it."),
)

_BY_NAME = {setting.name: setting for setting in SETTINGS}


def get(name: str) -> str:
    """Value of a setting as text: the environment's, or the default."""
    setting = _BY_NAME[name]
    return os.environ.get(setting.variable, "").strip() or setting.default


def number(name: str, low: float = 0.0) -> float:
    """Value of a numeric setting; a ParameterError when the environment's is no number or below ``low``."""
    text = get(name)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not value >= low:
        variable = _BY_NAME[name].variable
        raise ParameterError(
            f"{variable} must be a number of at least {low:g}, got {text!r}; correct or unset it.", name
        )
    return value


def home() -> Path:
    """Folder that everything lies in; made when it is not there."""
    import platformdirs

    folder = Path(get("home")) if get("home") else Path(platformdirs.user_data_dir("audioclf", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def datasets_folder() -> Path:
    """Where data sets that the package makes or fetches are kept."""
    return _made(home() / "datasets")


def embeddings_folder() -> Path:
    """Where weights of embedding models are kept."""
    return _made(home() / "embeddings")


def cache_folder() -> Path:
    """Where anything that can be computed again is kept: features and file facts."""
    return _made(home() / "cache")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
