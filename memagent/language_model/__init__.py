# SPDX-License-Identifier: Apache-2.0
"""Language models, where there is one: typed questions to any OpenAI-compatible server.

Nothing in memagent needs a model. What can use one asks through ``LanguageModel``, gets an answer
of the shape that it asked for or a ``LanguageModelError`` within a deadline, and goes on by its own
rules in the latter case.
"""

from memagent.language_model.endpoint import Endpoint, EndpointConfig
from memagent.language_model.interface import (
    LanguageModel,
    LanguageModelError,
    Prompt,
    Usage,
)
from memagent.language_model.prompts import PromptFile
from memagent.language_model.transcript import Transcript

__all__ = [
    "Endpoint",
    "EndpointConfig",
    "LanguageModel",
    "LanguageModelError",
    "Prompt",
    "PromptFile",
    "Transcript",
    "Usage",
]
