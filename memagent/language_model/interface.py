# SPDX-License-Identifier: Apache-2.0
"""What memagent asks of a language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from memagent.errors import MemagentError

Shape = TypeVar("Shape", bound=BaseModel)


class LanguageModelError(MemagentError):
    """There is no usable answer: the server is away, too slow, or answers nonsense."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question."""

    name: str
    """What kind of question it is, for accounts and messages: "plan"."""
    system: str
    """Who the model is, and the rules."""
    user: str
    """What is asked now."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What questions of one kind have cost so far."""

    answers: int = 0
    requests: int = 0
    """Attempts included that brought no answer."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """As the server counts them; 0 from one that does not."""
    seconds: float = 0.0
    """Waited, in all."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.answers + other.answers,
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.seconds + other.seconds,
        )


class LanguageModel(Protocol):
    """Answers typed questions; safe from any thread."""

    @property
    def id(self) -> str:
        """Names the model: answers of equal ids come from the same one."""
        ...

    def ask(self, prompt: Prompt, shape: type[Shape]) -> Shape:
        """An answer of the given shape.

        Raises:
            LanguageModelError: there is none, in a time that the model's owner has bounded.
        """
        ...
