# SPDX-License-Identifier: Apache-2.0
"""A language model behind an OpenAI-compatible server: vLLM, Ollama, llama.cpp, or a cloud.

Answers are structured: the schema of the shape goes along, and what comes back is checked against
it. A server that knows no schemas is told the schema in words instead. What may pass is tried
again, and an answer that does not fit is sent back with what is wrong with it, until a deadline for
the whole question.
"""

from __future__ import annotations

import email.utils
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from memagent.language_model.exchange import ExchangeError, Reply, post
from memagent.language_model.interface import LanguageModelError, Prompt, Shape, Usage
from memagent.language_model.question import MODES, Question

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses that may be others a little later."""
_NO_SUCH_OPTION = frozenset({400, 404, 415, 422, 501})
_LONGEST_PAUSE_S = 8.0
_SAID = 300
"""Characters of a server's words in a message."""


class EndpointConfig(BaseModel):
    """Where the model is, and how much patience it deserves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    """Up to and including ``/v1``."""
    model: Annotated[str, Field(min_length=1)]
    """Its name on the server."""
    key_variable: str = "OPENAI_API_KEY"
    """Environment variable that holds the key, if the server wants one."""
    deadline: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds for one question, all attempts together."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    pause: Annotated[float, Field(ge=0, le=60)] = 0.5
    """Seconds before the second attempt; it doubles from then on."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    """None for models that take no temperature."""
    seed: int | None = 0
    max_tokens: Annotated[int, Field(ge=1)] = 2048
    structured: Literal["json_schema", "json_object", "text"] = "json_schema"
    """How the shape is asked for; a server that refuses one way is asked the next one."""

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        parts = urlsplit(url)
        try:
            is_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # A port that cannot be.
            is_one = False
        if not is_one:
            raise ValueError(f"{url!r} is no address of a server, like http://localhost:8000/v1")
        return url.rstrip("/")


class Endpoint:
    """Asks over HTTP; see :class:`memagent.language_model.LanguageModel`."""

    def __init__(
        self, config: EndpointConfig, *, wait: Callable[[float], object] = time.sleep
    ) -> None:
        """Nothing is asked yet.

        Args:
            config: where and how.
            wait: lets seconds pass between two attempts.
        """
        self._config = config
        self._wait = wait
        self._mode = MODES.index(config.structured)
        """The surest way that the server has accepted."""
        self._lock = threading.Lock()
        self._usage: dict[str, Usage] = {}
        self._dice = random.Random(0)

    @property
    def id(self) -> str:
        return f"{self._config.model}@{self._config.url}"

    @property
    def usage(self) -> dict[str, Usage]:
        """What each kind of question has cost so far."""
        with self._lock:
            return dict(self._usage)

    def ask(self, prompt: Prompt, shape: type[Shape]) -> Shape:
        began = time.monotonic()
        deadline = began + self._config.deadline
        question, failed, mode = Question(prompt, shape), 0, self._mode
        spent = Usage()
        try:
            while True:
                spent = replace(spent, requests=spent.requests + 1)
                pause: float | None = None
                try:
                    reply = self._put(question, mode, deadline - time.monotonic())
                except ExchangeError as error:
                    why = str(error)
                else:
                    if reply.status == 200:
                        self._mode = mode
                        answer, cost = question.read(reply.body)
                        spent += cost
                        if answer is not None:
                            spent = replace(spent, answers=1)
                            return answer
                        why, pause = question.objection, 0.0
                    elif reply.status in _NO_SUCH_OPTION and mode + 1 < len(MODES):
                        mode += 1
                        continue
                    elif reply.status in _PASSING:
                        why, pause = _said(reply), _retry_after(reply)
                    else:
                        raise LanguageModelError(f"{self.id}: {_said(reply)}{self._advice(reply)}")
                failed += 1
                self._pause(prompt, why, failed, pause, deadline)
        finally:
            spent = replace(spent, seconds=time.monotonic() - began)
            with self._lock:
                self._usage[prompt.name] = self._usage.get(prompt.name, Usage()) + spent

    def _put(self, question: Question[Shape], mode: int, seconds: float) -> Reply:
        config = self._config
        if seconds <= 0.0:
            raise ExchangeError(f"no answer within {config.deadline:.1f} s")
        options = {"temperature": config.temperature, "seed": config.seed}
        body = {
            "model": config.model,
            "max_tokens": config.max_tokens,
            **{name: value for name, value in options.items() if value is not None},
            **question.body(MODES[mode]),
        }
        key = os.environ.get(config.key_variable, "").strip()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return post(f"{config.url}/chat/completions", body, headers, seconds)

    def _pause(
        self, prompt: Prompt, why: str, failed: int, pause: float | None, deadline: float
    ) -> None:
        """Wait before the next attempt, unless there is to be none."""
        config = self._config
        asked = f"{self.id}: {prompt.name!r}: {why}"
        if failed >= config.attempts:
            raise LanguageModelError(f"{asked} ({failed} attempts)" if failed > 1 else asked)
        if pause is None:
            doubled = config.pause * 2.0 ** (failed - 1)
            pause = min(doubled, _LONGEST_PAUSE_S) * self._dice.uniform(0.5, 1.0)
        if pause >= deadline - time.monotonic():
            raise LanguageModelError(
                f"{asked}; the deadline of {config.deadline:.1f} s leaves no time to try again"
            )
        if pause > 0.0:
            self._wait(pause)

    def _advice(self, reply: Reply) -> str:
        if reply.status in (401, 403):
            return f"; is the right key in {self._config.key_variable}?"
        if reply.status in _NO_SUCH_OPTION:
            return f"; is {self._config.model!r} one of its models, and the address up to /v1?"
        return ""


def _said(reply: Reply) -> str:
    said = " ".join(reply.body[:_SAID].decode(errors="replace").split())
    return f"answered {reply.status} {said!r}" if said else f"answered {reply.status}"


def _retry_after(reply: Reply) -> float | None:
    """Seconds that the server asks to wait, if it says so."""
    value = reply.headers.get("retry-after", "").strip()
    if value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
