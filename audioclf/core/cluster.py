"""The Dask cluster that ``AUDIOCLF_SCHEDULER`` names: reached, checked, and given calls. None is ever started here.

Its workers are processes that someone has started with :data:`START`, on machines that see the same folders under the
same names.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from audioclf.core import limits, settings
from audioclf.core.errors import AudioclfError, ParameterError, RunError

START = "PYTHONSAFEPATH=1 dask worker {address} --nthreads 1"
"""How a worker is started: it then imports nothing that lies in the folder it is started in."""

_SECONDS = 10.0


def is_set() -> bool:
    """Whether work goes to a cluster; never from one of its own processes."""
    return bool(settings.get("scheduler")) and not limits.in_worker()


def connect() -> Cluster:
    """The cluster that is set; an AudioclfError, in one sentence, when it cannot be reached or used."""
    address = settings.get("scheduler")
    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", address):
        raise ParameterError(
            f"AUDIOCLF_SCHEDULER must be the address of a Dask scheduler, such as tcp://host:8786, got {address!r};"
            " correct or unset it.",
            "scheduler",
        )
    files = _tls_files(address)
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise AudioclfError(
            "AUDIOCLF_SCHEDULER needs Dask, which is not installed; install it with: pip install 'audioclf[cluster]'."
        ) from error
    security = distributed.Security(require_encryption=True, **files) if files else None
    try:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other versions are reported below, in one sentence
            client = distributed.Client(address, timeout=_SECONDS, set_as_default=False, security=security)
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        hint = "" if address.startswith("tls") else ", and give a tls:// address where it asks for TLS"
        raise AudioclfError(
            f"The Dask scheduler at {address} does not answer as expected ({_short(error)}); see that it runs and can"
            f" be reached from here{hint}, or unset AUDIOCLF_SCHEDULER."
        ) from error
    found = Cluster(address, client)
    try:
        found.check()
    except BaseException:
        found.close()
        raise
    return found


def _tls_files(address: str) -> dict[str, str]:
    """TLS files of the settings as ``distributed.Security`` names them; none for a ``tcp://`` address."""
    names = ("scheduler_tls_ca", "scheduler_tls_cert", "scheduler_tls_key")
    files = {name: settings.get(name) for name in names}
    if not address.startswith("tls://"):
        if any(files.values()):
            raise ParameterError(
                f"TLS files are set, and AUDIOCLF_SCHEDULER is {address!r}; give an address that begins with tls://, or"
                " unset them.",
                "scheduler",
            )
        return {}
    for name, file in files.items():
        if not Path(file).is_file():
            raise ParameterError(
                f"A tls:// scheduler needs AUDIOCLF_{name.upper()} to name a PEM file, got {file!r}; set it.", name
            )
    ca, cert, key = files.values()
    return {"tls_ca_file": ca, "tls_client_cert": cert, "tls_client_key": key}


class Cluster:
    """A connection to a scheduler; made by :func:`connect`."""

    def __init__(self, address: str, client: Any) -> None:
        self.address = address
        self.client = client

    @property
    def workers(self) -> int:
        """Processes that take calls at this moment; an AudioclfError when the scheduler has gone."""
        try:
            return len(self.client.nthreads())
        except (OSError, TimeoutError, RuntimeError, ValueError) as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> AudioclfError:
        return AudioclfError(
            f"The Dask scheduler at {self.address} was lost ({_short(error)}); resume when it is back."
        )

    def check(self) -> None:
        """Raise an AudioclfError where there is no worker, or one has other versions than this process."""
        if not self.workers:
            raise AudioclfError(
                f"The Dask scheduler at {self.address} has no workers; start some with:"
                f" {START.format(address=self.address)}."
            )
        here = _versions()
        for worker, there in self._everywhere(_versions).items():
            other = [name for name in here if there.get(name) != here[name]]
            if other:
                name = other[0]
                raise AudioclfError(
                    f"Dask worker {worker} has {name} {there.get(name) or 'missing'}, and this process {here[name]};"
                    " install the same versions on both."
                )

    def require_sees(self, folder: Path, files: Sequence[Path] = ()) -> None:
        """Raise a RunError where a worker does not see a folder of this process, or one of these files."""
        token = secrets.token_hex(8)
        mark = folder / f".{token}.seen"
        mark.write_text(token, encoding="utf-8")
        try:
            for worker, missing in self._everywhere(_missing, str(mark), token, [str(file) for file in files]).items():
                if missing:
                    what = str(folder) if missing == str(mark) else missing
                    raise RunError(
                        f"Dask worker {worker} does not see {what!r}; put AUDIOCLF_HOME, the run and the sounds into a"
                        " folder that all machines share under one name."
                    )
        finally:
            mark.unlink(missing_ok=True)

    def _everywhere(self, function: Callable[..., Any], *given: Any) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.client.run(function, *given)
            return found
        except Exception as error:
            raise AudioclfError(
                f"A worker of the Dask scheduler at {self.address} cannot run audioclf ({_short(error)}); install the"
                " same version there as here."
            ) from error

    def submit(self, function: Callable[..., Any], *given: Any) -> Any:
        """Begin a call; a Dask future."""
        return self.client.submit(function, *given, pure=False, key=f"audioclf-{secrets.token_hex(8)}")

    def explained(self, error: Exception) -> Exception:
        """An error of a call as it should be passed on: those of Dask's own in one sentence."""
        if not type(error).__module__.startswith("distributed") and "Cancelled" not in type(error).__name__:
            return error
        if type(error).__name__ == "KilledWorker":
            return RunError(
                "The Dask workers that took it died, one after the other, without giving a reason; if their memory"
                " is short, give them more, or take a smaller model, feature or batch."
            )
        return self._lost(error)

    def close(self) -> None:
        """End the connection; the cluster stays."""
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)


@contextlib.contextmanager
def joblib_backend() -> Iterator[None]:
    """Let ``joblib.Parallel`` use the cluster inside, where one is set."""
    if not is_set():
        yield
        return
    import joblib

    found = connect()
    try:
        with joblib.parallel_config(backend="dask", client=found.client):
            yield
    finally:
        found.close()


def _versions() -> dict[str, str]:
    """Versions that must be the same on both ends."""
    from importlib import metadata

    found = {"Python": ".".join(map(str, sys.version_info[:2]))}
    for name in ("audioclf", "distributed", "keras", "tensorflow", "numpy"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _missing(mark: str, token: str, files: Sequence[str]) -> str:
    """First of these files that is not there; empty where all are."""
    try:
        if Path(mark).read_text(encoding="utf-8") != token:
            return mark
    except OSError:
        return mark
    return next((file for file in files if not os.path.isfile(file)), "")


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:160] + " …"
