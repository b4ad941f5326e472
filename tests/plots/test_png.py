"""Figures as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.features import Waveform
from audioclf.plots import feature_figure, save


def test_a_figure_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    figure = feature_figure(Waveform().compute(np.ones(10), 8000))
    save(figure, tmp_path / "a.png")
    save(figure, tmp_path / "a.SVG")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "a.SVG").read_bytes()[:1000]
    with pytest.raises(ParameterError, match=r"\.png, \.svg or \.pdf, got 'a\.gif'"):
        save(figure, tmp_path / "a.gif")
    with pytest.raises(ParameterError, match="cannot be written"):
        save(figure, tmp_path / "nowhere" / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.SVG", "a.png"]
