"""YAMNet: 521 kinds of sounds, learned from two million clips."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

from audioclf.core import settings
from audioclf.core.errors import AudioclfError, DatasetError
from audioclf.datasets.base import Progress, ShouldStop
from audioclf.datasets.ingest import download
from audioclf.embeddings import convert, log_mel, mobilenet, weights
from audioclf.embeddings.base import Array, EmbeddingModel

REMOTE = download.Remote(
    "https://storage.googleapis.com/audioset/yamnet.h5",
    "yamnet.h5",
    15_300_000,
    what="an HDF5 file",
    starts=(b"\x89HDF\r\n",),
    remedy="set AUDIOCLF_YAMNET to its path",
)


@dataclass(frozen=True)
class YAMNet(EmbeddingModel):
    """YAMNet [1]_: a MobileNet that names sounds of every kind, in windows of 0.96 s.

    .. [1] https://github.com/tensorflow/models/tree/master/research/audioset/yamnet
    """

    kind: ClassVar[str] = "yamnet"
    title: ClassVar[str] = convert.TITLE
    source: ClassVar[str] = "https://github.com/tensorflow/models/tree/master/research/audioset/yamnet"
    licence: ClassVar[str] = "Apache-2.0"
    citation: ClassVar[str] = (
        "Plakal, Ellis: YAMNet, 2019. Trained on AudioSet: Gemmeke et al.: "
        '"Audio Set: An ontology and human-labeled dataset for audio events", ICASSP 2017.'
    )
    trained_on: ClassVar[str] = "AudioSet: two million clips of YouTube videos, of ten seconds, with 521 classes."
    n_bytes: ClassVar[int] = 15_005_476
    n_parameters: ClassVar[int] = 3_751_369
    sr: ClassVar[int] = log_mel.SR
    window: ClassVar[float] = 0.96
    hop: ClassVar[float] = 0.48
    first: ClassVar[float] = 0.48
    dimension: ClassVar[int] = mobilenet.DIMENSION

    @property
    def classes(self) -> tuple[str, ...]:
        return _classes()

    def obtain(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> None:
        """See :meth:`EmbeddingModel.obtain`: from the setting ``yamnet``, or fetched from the publisher."""
        _network(*_identity(_weights_file(progress, should_stop)))

    @property
    def at_hand(self) -> bool:
        named = settings.get("yamnet")
        return (Path(named).expanduser() if named else settings.embeddings_folder() / "yamnet.npz").exists()

    @property
    def weights_id(self) -> str:
        return _hashed(*_identity(_weights_file()))

    def arrays(self) -> dict[str, Array]:
        """The weights by name, see :func:`audioclf.embeddings.mobilenet.layout`.

        Raises
        ------
        AudioclfError
            When they cannot be had.
        """
        return weights.read(_weights_file(), mobilenet.layout(), convert.TITLE)

    def count(self, n_samples: int) -> int:
        return log_mel.n_patches(n_samples)

    def infer(self, samples: Array) -> tuple[Array, Array | None]:
        network = _network(*_identity(_weights_file()))
        found = network.embed(log_mel.patches(samples))
        return found, network.scores(found)


@functools.cache
def _classes() -> tuple[str, ...]:
    text = (files("audioclf.embeddings") / "yamnet_classes.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if not line.startswith("#"))


@functools.lru_cache(maxsize=1)
def _network(path: str, *stamp: int) -> mobilenet.MobileNet:
    return mobilenet.MobileNet(weights.read(Path(path), mobilenet.layout(), convert.TITLE))


@functools.lru_cache(maxsize=4)
def _hashed(path: str, *stamp: int) -> str:
    """Hash of the arrays themselves: a file that was written again with the same ones is the same."""
    return weights.digest(weights.read(Path(path), mobilenet.layout(), convert.TITLE))


def _identity(path: Path) -> tuple[str, int, int]:
    """A file as it is now: once it changes, it is another."""
    try:
        found = path.stat()
    except OSError as error:
        raise weights.refusal(path, convert.TITLE, error) from error
    return str(path.absolute()), found.st_size, found.st_mtime_ns


def _weights_file(progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Path:
    """Weights in our own form, made on first use."""
    folder = settings.embeddings_folder()
    named = settings.get("yamnet")
    source = Path(named).expanduser() if named else folder / REMOTE.file_name
    if named and source.suffix == ".npz":
        return source
    kept = folder / (f"yamnet-{_stamp(source)}.npz" if named else "yamnet.npz")
    if kept.is_file():
        return kept
    with download.locked(folder / "yamnet.lock", should_stop=should_stop):
        if not kept.is_file():
            if named:
                convert.convert(source, kept)
            else:
                _fetch(folder, progress, should_stop)
                try:
                    convert.convert(source, kept)
                finally:
                    source.unlink()
    return kept


def _stamp(source: Path) -> str:
    inside = sorted(source.rglob("variables.*")) if source.is_dir() else []
    found = [_identity(path) for path in (inside or [source])]
    return hashlib.blake2b(repr(found).encode(), digest_size=8).hexdigest()


def _fetch(folder: Path, progress: Progress | None, should_stop: ShouldStop | None) -> None:
    try:
        download.fetch(REMOTE, folder, progress=progress, should_stop=should_stop)
    except DatasetError as error:
        raise AudioclfError(str(error)) from error
