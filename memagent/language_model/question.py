# SPDX-License-Identifier: Apache-2.0
"""One question in the words of the chat completions protocol, and the reading of its answers."""

from __future__ import annotations

import json
import re
from typing import Any, Generic

from pydantic import ValidationError

from memagent.language_model.interface import Prompt, Shape, Usage

MODES = ("json_schema", "json_object", "text")
"""Ways to ask for a shape, the surest first."""
_THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_SHOWN = 2_000
"""Characters of an answer that are shown to the model again."""
_PROBLEMS = 5

Message = dict[str, str]


class Question(Generic[Shape]):
    """What is said so far. An answer that does not fit is objected to in the next message."""

    def __init__(self, prompt: Prompt, shape: type[Shape]) -> None:
        self._prompt = prompt
        self._shape = shape
        self._schema = shape.model_json_schema()
        self._said: list[Message] = []
        self.objection = ""
        """What was wrong with the newest answer."""

    def body(self, mode: str) -> dict[str, Any]:
        """The messages, and how the shape is asked for in a mode."""
        system = self._prompt.system
        if mode != "json_schema":
            schema = json.dumps(self._schema, separators=(",", ":"))
            system += f"\n\nAnswer with one JSON object of this schema, and nothing else:\n{schema}"
        messages = [
            {"role": "system", "content": system},
            {"role": "user", "content": self._prompt.user},
            *self._said,
        ]
        named = {"name": self._shape.__name__, "schema": self._schema, "strict": True}
        format_ = {
            "json_schema": {"type": "json_schema", "json_schema": named},
            "json_object": {"type": "json_object"},
        }.get(mode)
        return {"messages": messages} | ({"response_format": format_} if format_ else {})

    def read(self, body: bytes) -> tuple[Shape | None, Usage]:
        """The answer, or None and an objection; and what it cost."""
        try:
            answer = json.loads(body)
            choice = answer["choices"][0]
            content, ended = choice["message"].get("content"), choice.get("finish_reason")
            refusal = choice["message"].get("refusal")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self.objection = f"the server's answer is no chat completion ({error!r})"
            return None, Usage()
        usage = _usage(answer.get("usage"))
        if refusal or not isinstance(content, str) or not content.strip():
            self.objection = f"the model refuses: {refusal}" if refusal else "the answer is empty"
        elif ended == "length":
            self.objection = "the answer was cut off; allow more of max_tokens"
        else:
            try:
                return self._shape.model_validate_json(_json_in(content)), usage
            except ValidationError as error:
                self._object(content, error)
        return None, usage

    def _object(self, content: str, error: ValidationError) -> None:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'the answer'}: {problem['msg']}"
            for problem in error.errors()[:_PROBLEMS]
        )
        self.objection = f"the answer does not fit: {problems}"
        self._said = [  # The newest only: a model that errs again needs no history of it.
            {"role": "assistant", "content": content[:_SHOWN]},
            {"role": "user", "content": f"{self.objection}. Answer again, with JSON only."},
        ]


def _json_in(content: str) -> str:
    """The JSON object of an answer that may think aloud first, or fence it."""
    content = _THINKING.sub("", content)
    first, last = content.find("{"), content.rfind("}")
    return content[first : last + 1] if 0 <= first < last else content


def _usage(counted: Any) -> Usage:
    """What a server says it counted, if that is numbers."""
    counts = counted if isinstance(counted, dict) else {}
    asked, said = counts.get("prompt_tokens"), counts.get("completion_tokens")
    return Usage(
        prompt_tokens=asked if isinstance(asked, int) else 0,
        completion_tokens=said if isinstance(said, int) else 0,
    )
