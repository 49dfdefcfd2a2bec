# SPDX-License-Identifier: Apache-2.0
"""Lets a summarizer that may be slow, such as a language model, tell old steps in better words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from memagent.errors import MemagentError
from memagent.memory.state import MemoryState
from memagent.memory.temporal import Moment

_LOG = logging.getLogger(__name__)


class Summarizer(Protocol):
    """Tells several steps in one sentence or a few."""

    def summarise(self, steps: Sequence[Moment]) -> str:
        """Tell what happened, oldest first.

        Raises:
            MemagentError: it cannot; the words of the rules stay.
        """
        ...


class Retelling:
    """Replaces the rules' summaries one after the other; memory is free meanwhile."""

    def __init__(
        self,
        summarizer: Summarizer,
        asking: Callable[[], AbstractContextManager[MemoryState]],
        writing: Callable[[], AbstractContextManager[MemoryState]],
        drop: Callable[[Sequence[int]], None],
    ) -> None:
        """Prepare.

        Args:
            summarizer: tells.
            asking: gives the state to read.
            writing: gives the state to change, in a transaction.
            drop: is told, within that transaction, the numbers of items that were replaced.
        """
        self._summarizer = summarizer
        self._asking = asking
        self._writing = writing
        self._drop = drop

    def step(self) -> bool:
        """Retell one summary; False if there is none that rules have just made."""
        with self._asking() as state:
            overflow = next(iter(state.temporal.overflows), None)
        if overflow is None:
            return False
        try:
            text = self._summarizer.summarise(overflow.steps).strip()
        except MemagentError as error:
            _LOG.warning("the rules' summary of %d steps stays: %s", len(overflow.steps), error)
            text = ""
        with self._writing() as state:
            self._drop(state.retell(overflow, text))
        return True
