"""The command that makes sound of a feature: resynthesize."""

from __future__ import annotations

from pathlib import Path

import click

from audioclf.cli.group import cli
from audioclf.cli.options import as_json, literals_of, print_json


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", default="mel", show_default=True, help="Feature: stft, cqt, mel, mfcc.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Parameter of the feature, such as n_mels=16.")
@click.option("--phase", default="griffin-lim", show_default=True, help="griffin-lim, or original: the sound's own.")
@click.option("--sr", type=int, default=22050, show_default=True, help="Sample rate to resample to, in Hz.")
@click.option("--offset", type=float, default=0.0, help="Where to begin, in seconds.")
@click.option("--duration", type=float, help="How much to take, in seconds.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="WAV file to write.")
@as_json
def resynthesize(
    file: Path,
    kind: str,
    pairs: tuple[str, ...],
    phase: str,
    sr: int,
    offset: float,
    duration: float | None,
    out: Path,
    as_json: bool,
) -> None:
    """Make sound of one feature of a sound FILE: hear what the feature keeps."""
    from audioclf.audio.io import load_audio, wav_bytes
    from audioclf.core.errors import ParameterError
    from audioclf.core.files import write_atomic
    from audioclf.features import FEATURES
    from audioclf.features.inversion import resynthesize as make

    if out.suffix.lower() != ".wav":
        raise ParameterError(f"The name of the sound must end in .wav, got '{out.name}'; rename it.", "out")
    feature = FEATURES[kind].from_dict(literals_of(pairs))
    y, rate = load_audio(file, sr=sr, offset=offset, duration=duration)
    heard = make(y, rate, feature, phase=phase)
    try:
        write_atomic(out, wav_bytes(heard.y, rate))
    except OSError as error:
        raise ParameterError(
            f"'{out}' cannot be written ({error.strerror}); name a file in a folder that exists and is yours.", "out"
        ) from error
    if as_json:
        print_json({"file": str(out), "distance": heard.distance})
    else:
        click.echo(f"{out}: {heard.distance:.1f} dB from the original")
