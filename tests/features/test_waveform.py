"""The waveform is the samples, on their own time axis."""

from __future__ import annotations

import numpy as np

from audioclf.features import Waveform


def test_samples_are_kept_with_their_times() -> None:
    found = Waveform().compute([0.0, 0.5, -0.25], 8000)
    assert found.values.tolist() == [0.0, 0.5, -0.25]
    np.testing.assert_allclose(found.axes[0].values, [0, 1 / 8000, 2 / 8000])
    assert (found.label, found.axes[0].unit) == ("Amplitude", "s")
