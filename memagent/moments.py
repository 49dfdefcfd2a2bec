# SPDX-License-Identifier: Apache-2.0
"""Times as people write and read them: "2h" ago, a date, or seconds of the robot's clock."""

from __future__ import annotations

import math
import re
from datetime import datetime

from memagent.errors import MemagentError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)(?:\s+ago)?")
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_FORMS = "seconds of the robot's clock, 30min, 2h, 3d, 1w (ago), or 2026-11-28T09:30"
_CALENDAR = 1e9
"""Seconds from which on a clock shows the time of day; a simulation's begins near zero."""


def read_moment(text: str, now: float) -> float:
    """Seconds on the robot's clock.

    Args:
        text: one of the forms that the error lists.
        now: the newest moment that memory knows, seconds.

    Raises:
        MemagentError: it is none of them.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now - float(ago[1]) * _UNITS[ago[2]]
    try:
        seconds = float(text)
    except ValueError:
        try:
            return datetime.fromisoformat(text).timestamp()
        except ValueError as error:
            raise MemagentError(f"{text!r} is no time: write {_FORMS}") from error
    if not math.isfinite(seconds):
        raise MemagentError(f"{text!r} is no time: write {_FORMS}")
    return seconds


def tell_moment(stamp: float) -> str:
    """A moment as people read it."""
    if abs(stamp) < _CALENDAR:
        return f"{stamp:.1f} s"
    return datetime.fromtimestamp(stamp).isoformat(sep=" ", timespec="seconds")


def tell_ago(stamp: float, now: float) -> str:
    """How long ago a moment was, in the largest unit of which it is two or more."""
    seconds = now - stamp
    if abs(seconds) < 1.0:
        return "just now"
    name = next((n for n, size in reversed(_UNITS.items()) if abs(seconds) >= 2 * size), "s")
    amount = f"{abs(seconds) / _UNITS[name]:.0f} {name}"
    return f"{amount} ago" if seconds > 0 else f"in {amount}"
