"""Reads a SoundFont: which samples sound for a program, key and velocity, and how they are shaped.

Source: E-mu Systems, SoundFont Technical Specification 2.04 (section numbers below are its own).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import DatasetError

START, END, LOOP_START, LOOP_END = 0, 1, 2, 3
START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE = 4, 12, 45, 50
MOD_LFO_TO_PITCH, VIB_LFO_TO_PITCH, MOD_ENV_TO_PITCH = 5, 6, 7
FILTER_CUTOFF, FILTER_Q, MOD_LFO_TO_CUTOFF, MOD_ENV_TO_CUTOFF, MOD_LFO_TO_VOLUME = 8, 9, 10, 11, 13
MOD_LFO_DELAY, MOD_LFO_RATE, VIB_LFO_DELAY, VIB_LFO_RATE = 21, 22, 23, 24
MOD_ENV, VOLUME_ENV = 25, 33
"""First of six generators in a row: delay, attack, hold, decay, sustain, release."""
MOD_KEY_TO_HOLD, MOD_KEY_TO_DECAY, VOLUME_KEY_TO_HOLD, VOLUME_KEY_TO_DECAY = 31, 32, 39, 40
INSTRUMENT, KEY_RANGE, VELOCITY_RANGE, ATTENUATION = 41, 43, 44, 48
COARSE_TUNE, FINE_TUNE, SAMPLE, LOOP_MODE, SCALE_TUNING, ROOT_KEY = 51, 52, 53, 54, 56, 58

_DEFAULTS: Mapping[int, int] = {
    FILTER_CUTOFF: 13500,
    **dict.fromkeys((MOD_LFO_DELAY, VIB_LFO_DELAY), -12000),
    **{first + step: -12000 for first in (MOD_ENV, VOLUME_ENV) for step in (0, 1, 2, 3, 5)},
    SCALE_TUNING: 100,
    ROOT_KEY: -1,
}
"""Generators whose default is not 0 (section 8.1.3)."""

_NOT_ADDED = frozenset(
    (
        *(START, END, LOOP_START, LOOP_END, START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE),
        *(KEY_RANGE, VELOCITY_RANGE, SAMPLE, LOOP_MODE, ROOT_KEY, INSTRUMENT),
    )
)
"""Generators that a preset cannot change (section 8.5)."""


@dataclass(frozen=True)
class Sample:
    """A recording in the SoundFont: places in :attr:`SoundFont.points`, sample rate in Hz, the MIDI key at which it
    sounds as recorded, and cents to add."""

    start: int
    end: int
    loop_start: int
    loop_end: int
    sr: int
    root: int
    correction: int


@dataclass(frozen=True)
class Voice:
    """One of the layers that sound for a key: a sample and the amounts of its generators by their numbers."""

    sample: Sample
    generators: Mapping[int, int]

    def amount(self, generator: int) -> int:
        """Amount of a generator: as set, or its default."""
        return self.generators.get(generator, _DEFAULTS.get(generator, 0))


@dataclass(frozen=True)
class _Zone:
    keys: tuple[int, int]
    velocities: tuple[int, int]
    generators: Mapping[int, int]

    def holds(self, key: int, velocity: int) -> bool:
        return self.keys[0] <= key <= self.keys[1] and self.velocities[0] <= velocity <= self.velocities[1]


class SoundFont:
    """A SoundFont 2 file in memory.

    Raises
    ------
    DatasetError
        When the file is not there or is no SoundFont 2.
    """

    def __init__(self, path: Path) -> None:
        try:
            data = path.read_bytes()
            self._read(data)
        except (OSError, struct.error, KeyError, IndexError, ValueError) as error:
            raise DatasetError(
                f"'{path.name}' cannot be read as a SoundFont 2 ({error}); install pretty_midi anew, which carries one."
            ) from None

    def _read(self, data: bytes) -> None:
        if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
            raise ValueError("no RIFF file of type sfbk")
        chunks: dict[bytes, bytes] = {}
        for name, start, size in _chunks(data, 12, len(data)):
            if name == b"LIST":
                chunks.update(
                    (inner, data[begin : begin + length])
                    for inner, begin, length in _chunks(data, start + 4, start + size)
                )
        self.points: npt.NDArray[np.int16] = np.frombuffer(chunks[b"smpl"], "<i2")
        self._samples = [
            Sample(start, end, loop_start, loop_end, sr, root if root <= 127 else 60, correction)
            for _, start, end, loop_start, loop_end, sr, root, correction, _, _ in _records(
                chunks[b"shdr"], "<20sIIIIIBbHH"
            )
        ]
        presets = _records(chunks[b"phdr"], "<20sHHHIII")
        instruments = _records(chunks[b"inst"], "<20sH")
        preset_bags, preset_generators = _records(chunks[b"pbag"], "<HH"), _records(chunks[b"pgen"], "<HH")
        bags, generators = _records(chunks[b"ibag"], "<HH"), _records(chunks[b"igen"], "<HH")
        self._presets = {
            (bank, program): _zones(preset_bags[bag : following[3] + 1], preset_generators, INSTRUMENT)
            for (_, program, bank, bag, *_), following in pairwise(presets)
        }
        self._instruments = [
            _zones(bags[bag : following + 1], generators, SAMPLE) for (_, bag), (_, following) in pairwise(instruments)
        ]

    def voices(self, program: int, key: int, velocity: int, *, bank: int = 0) -> list[Voice]:
        """The layers that sound together for one note.

        A pitch outside the range of an instrument is played by the layers of the nearest key within. The numbers are
        MIDI's, 0 to 127; ``bank`` is 0 for programs and 128 for percussion.
        """
        nearest = sorted(range(128), key=lambda other: abs(other - key)) if bank == 0 else [key]
        return next(filter(None, (self._voices(program, other, velocity, bank) for other in nearest)), [])

    def _voices(self, program: int, key: int, velocity: int, bank: int) -> list[Voice]:
        found = []
        for outer in self._presets.get((bank, program), []):
            if not outer.holds(key, velocity):
                continue
            for zone in self._instruments[outer.generators[INSTRUMENT]]:
                if zone.holds(key, velocity):
                    amounts = dict(zone.generators)
                    for number, amount in outer.generators.items():
                        if number not in _NOT_ADDED:
                            amounts[number] = amounts.get(number, _DEFAULTS.get(number, 0)) + amount
                    found.append(Voice(self._samples[amounts[SAMPLE]], amounts))
        return found


def _chunks(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, start)
        yield name, start + 8, size
        start += 8 + size + size % 2


def _records(data: bytes, layout: str) -> list[tuple[int, ...]]:
    return list(struct.iter_unpack(layout, data))


def _zones(bags: list[tuple[int, ...]], generators: list[tuple[int, ...]], last: int) -> list[_Zone]:
    """Zones of one preset or instrument; the first, where it names nothing, gives the others their defaults."""
    zones: list[_Zone] = []
    common: dict[int, int] = {}
    for number, ((begin, _), (end, _)) in enumerate(pairwise(bags)):
        amounts = {**common, **{record[0]: record[1] for record in generators[begin:end]}}
        if last not in amounts:
            if number == 0:
                common = amounts
            continue
        keys, velocities = (_range(amounts.pop(kind, 127 << 8)) for kind in (KEY_RANGE, VELOCITY_RANGE))
        signed = {kind: value if kind == last else _signed(value) for kind, value in amounts.items()}
        zones.append(_Zone(keys, velocities, signed))
    return zones


def _range(amount: int) -> tuple[int, int]:
    return amount & 255, amount >> 8


def _signed(amount: int) -> int:
    return amount - 65536 if amount >= 32768 else amount
