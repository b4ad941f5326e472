"""Arrays for training out of a data set."""

from __future__ import annotations

import numpy as np

from audioclf.inputs import join


def test_join_keeps_one_feature_as_it_is() -> None:
    x = np.zeros((3, 4, 5), np.float32)
    assert join([x], "channels") is x
