# SPDX-License-Identifier: Apache-2.0
"""Temporal memory: what happened lately, step by step, and before that in ever shorter words.

A ring keeps the newest step summaries. When it overflows, rules compress its older half into one
entry of a bounded history; when that overflows, its two oldest entries become one. So the whole has
a fixed size, is ordered in time, and reaches back to the robot's first step.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_RETELLABLE = 32


class TemporalConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: Annotated[int, Field(ge=2)] = 30
    """Newest step summaries kept word for word."""
    history: Annotated[int, Field(ge=2)] = 30
    """Compressed entries before them."""
    clauses: Annotated[int, Field(ge=1)] = 12
    """The most clauses that one compressed entry keeps."""
    interval: float = 5.0
    """Seconds: steps that are no event boundary are remembered at most this often."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened from ``start`` to ``end``, in words."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Overflow:
    """Steps that left the ring, and the summary that rules made of them."""

    summary: Moment
    steps: tuple[Moment, ...]


class TemporalBuffer:
    """The ring of steps and the history before it."""

    def __init__(self, config: TemporalConfig) -> None:
        self._config = config
        self._steps: list[Moment] = []
        self._history: list[Moment] = []
        self.overflows: deque[Overflow] = deque(maxlen=_RETELLABLE)
        """The newest ones, oldest first, until somebody has retold them."""

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Everything, oldest first: the compressed history, then the steps."""
        return (*self._history, *self._steps)

    def is_news(self, stamp: float, text: str, boundary: bool) -> bool:
        """Whether a step's summary says something worth a new entry."""
        if not text:
            return False
        last = self._steps[-1] if self._steps else None
        if last is None:
            return True
        return text != last.text and (boundary or stamp - last.end >= self._config.interval)

    def add(self, stamp: float, text: str) -> Moment | None:
        """Append a step; returns the summary of the older half if the ring overflowed."""
        self._steps.append(Moment(stamp, stamp, text))
        if len(self._steps) <= self._config.steps:
            return None
        half = (len(self._steps) + 1) // 2
        summary = compress(self._steps[:half], self._config.clauses)
        self.overflows.append(Overflow(summary, tuple(self._steps[:half])))
        self._steps = self._steps[half:]
        self._remember(summary)
        return summary

    def retell(self, overflow: Overflow, text: str) -> Moment | None:
        """Tell a summary in other words; None if it is not there to be told any more."""
        if overflow in self.overflows:
            self.overflows.remove(overflow)
        if not text or overflow.summary not in self._history:
            return None
        told = replace(overflow.summary, text=text)
        self._history[self._history.index(overflow.summary)] = told
        return told

    def restore(self, summaries: Iterable[Moment], steps: Iterable[Moment]) -> None:
        """Rebuild from what was stored: summaries and steps, both oldest first."""
        self._history.clear()
        for summary in summaries:
            self._remember(summary)
        end = self._history[-1].end if self._history else float("-inf")
        self._steps = [step for step in steps if step.start > end][-self._config.steps :]

    def rewrite(self, change: Callable[[Moment], str]) -> None:
        """Let every moment say what ``change`` makes of it; those that say nothing go."""
        for moments in (self._history, self._steps):
            told = [(moment, change(moment)) for moment in moments]
            moments[:] = [replace(moment, text=text) for moment, text in told if text]

    def _remember(self, summary: Moment) -> None:
        self._history.append(summary)
        if len(self._history) > self._config.history:
            self._history[:2] = [compress(self._history[:2], self._config.clauses)]


def compress(moments: Sequence[Moment], clauses: int) -> Moment:
    """One moment in place of several: their distinct clauses in order, at most ``clauses``.

    Where there are more, evenly spaced ones stay, the first and the last always.
    """
    distinct = list(
        dict.fromkeys(
            clause for moment in moments for clause in re.split(r"[.;]\s+|[.;]$", moment.text)
            if clause
        )
    )  # fmt: skip
    if len(distinct) > clauses:
        last = len(distinct) - 1
        kept = [round(i * last / max(1, clauses - 1)) for i in range(clauses)]
        distinct = [distinct[i] for i in kept]
    return Moment(moments[0].start, moments[-1].end, "; ".join(distinct))
