# SPDX-License-Identifier: Apache-2.0
"""Lets a merger that may be slow, such as a language model, draw the lessons, beside all else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from memagent.errors import MemagentError
from memagent.memory.records import MemoryEvent
from memagent.memory.semantic.merging import Decision, Evidence, LessonMerger, LessonRecord
from memagent.memory.state import MemoryState

_LOG = logging.getLogger(__name__)


class Study:
    """Asks about one experience after the other; memory is free while the merger thinks."""

    def __init__(
        self,
        merger: LessonMerger,
        asking: Callable[[], AbstractContextManager[MemoryState]],
        writing: Callable[[], AbstractContextManager[MemoryState]],
        tell: Callable[[Sequence[MemoryEvent]], None],
    ) -> None:
        """Prepare.

        Args:
            merger: decides.
            asking: gives the state to read.
            writing: gives the state to change, in a transaction.
            tell: is told, within that transaction, what was learned.
        """
        self._merger = merger
        self._asking = asking
        self._writing = writing
        self._tell = tell

    def step(self) -> bool:
        """Draw the lessons of one experience; False if there is none."""
        with self._asking() as state:
            experience = state.lessons.next()
            if experience is None:
                return False
            questions = [(e, state.lessons.nearest(e)) for e in experience.evidence]
        answers = {evidence.key: self._ask(evidence, around) for evidence, around in questions}
        with self._writing() as state:
            if state.lessons.next() == experience:  # Else it was forgotten meanwhile.
                told = state.lessons.draw(experience, lambda evidence: answers[evidence.key])
                self._tell([MemoryEvent(experience.stamp, "lesson", x.text) for x in told])
        return True

    def _ask(self, evidence: Evidence, around: Sequence[LessonRecord]) -> Sequence[Decision] | None:
        try:
            return tuple(self._merger.decide(evidence, around))
        except MemagentError as error:
            _LOG.warning("the rules decide on new evidence instead: %s", error)
            return None
