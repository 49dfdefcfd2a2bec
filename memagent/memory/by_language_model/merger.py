# SPDX-License-Identifier: Apache-2.0
"""What new evidence changes among the lessons, decided by a language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from memagent.language_model import LanguageModel, PromptFile
from memagent.memory.semantic.merging import Decision, Evidence, LessonRecord
from memagent.memory.semantic.trials import LessonConfig

_PROMPT = Path(__file__).parent / "prompts" / "merge.md"
_LONGEST = 200
"""Characters of a lesson's words."""


class _Choice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["ADD", "UPDATE", "DELETE", "NOOP"]
    lesson: str
    words: str = Field(max_length=_LONGEST)


class _Choices(BaseModel):
    model_config = ConfigDict(extra="forbid")

    decisions: list[_Choice] = Field(min_length=1, max_length=4)


class ModelMerger:
    """A :class:`memagent.memory.LessonMerger`. Where it decides what cannot be, the rules do."""

    def __init__(self, model: LanguageModel, config: LessonConfig) -> None:
        self._model = model
        self._config = config
        self._prompt = PromptFile.read(_PROMPT, frozenset({"evidence", "lessons"}))

    def decide(self, evidence: Evidence, nearest: Sequence[LessonRecord]) -> Sequence[Decision]:
        prompt = self._prompt.fill(
            evidence=_told(evidence),
            lessons="\n".join(self._shown(record) for record in nearest) or "(none)",
        )
        choices = self._model.ask(prompt, _Choices).decisions
        return tuple(Decision(c.action, c.lesson, c.words.strip()) for c in choices)

    def _shown(self, record: LessonRecord) -> str:
        lesson = record.public(self._config)
        about = " ".join(filter(None, (record.level, record.skill, record.subject)))
        pinned = ", pinned" if record.pinned else ""
        return f'- {record.id} ({about}{pinned}): "{lesson.text}"'


def _told(evidence: Evidence) -> str:
    about = " ".join(filter(None, (evidence.level, evidence.skill, evidence.subject)))
    trial = evidence.trial
    met = ", ".join(f"{name} is {value}" for name, value in (trial.conditions or {}).items())
    return f"{about} ended with {trial.code}{f', where {met}' if met else ''}"
