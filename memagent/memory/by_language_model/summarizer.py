# SPDX-License-Identifier: Apache-2.0
"""Old steps, told by a language model in a few sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from memagent.language_model import LanguageModel, PromptFile
from memagent.memory.temporal import Moment

_PROMPT = Path(__file__).parent / "prompts" / "summarise.md"
_SENTENCES = 4
_LONGEST = 600
"""Characters: a summary that is longer does not shorten anything."""


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")

    summary: str = Field(min_length=1, max_length=_LONGEST)


class ModelSummarizer:
    """A :class:`memagent.memory.Summarizer`."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._prompt = PromptFile.read(_PROMPT, frozenset({"sentences", "start", "end", "steps"}))

    def summarise(self, steps: Sequence[Moment]) -> str:
        prompt = self._prompt.fill(
            sentences=str(_SENTENCES),
            start=f"{steps[0].start:.0f} s",
            end=f"{steps[-1].end:.0f} s",
            steps="\n".join(f"- {step.start:.0f} s: {step.text}" for step in steps),
        )
        return self._model.ask(prompt, _Told).summary
