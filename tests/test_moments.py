# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import datetime

import pytest

from memagent.errors import MemagentError
from memagent.moments import read_moment, tell_ago, tell_moment

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12.5", 12.5), ("-3", -3.0), ("1e3", 1000.0), ("90s", 9910.0), ("2min ago", 9880.0),
        ("1.5h", 4600.0), ("2026-11-28T09:30", datetime(2026, 11, 28, 9, 30).timestamp()),
    ],
)  # fmt: skip
def test_times_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert read_moment(text, 10_000.0) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "5 parsecs", "2026-13-01"])
def test_what_is_no_time_is_an_error_that_lists_the_forms(text: str) -> None:
    with pytest.raises(MemagentError, match=r"is no time: write seconds .* 2h"):
        read_moment(text, 0.0)


def test_times_are_told_in_fitting_units() -> None:
    assert tell_ago(0.0, 90.0) == "90 s ago"
    assert tell_ago(0.0, 3 * 86400.0) == "3 d ago"
    assert tell_ago(0.0, 0.4) == "just now"
    assert tell_ago(7200.0, 0.0) == "in 2 h"
    assert tell_moment(12.34) == "12.3 s"
    assert tell_moment(datetime(2026, 11, 28, 9, 30).timestamp()) == "2026-11-28 09:30:00"
