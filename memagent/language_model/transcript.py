# SPDX-License-Identifier: Apache-2.0
"""Questions and answers in a file: asked twice, a question costs once; replayed, it needs no model.

One JSON object per line, appended and synced before an answer is used, so that a run can be
repeated exactly from its transcript. A line that a crash cut off is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from memagent.language_model.interface import LanguageModel, LanguageModelError, Prompt, Shape

SCHEMA = 1
"""Version of the lines."""


class Transcript:
    """A language model that asks another one only what is not in its file."""

    def __init__(self, path: Path | str, model: LanguageModel | None = None) -> None:
        """Read the file, if there is one.

        Args:
            path: of the file; without a model it must be there.
            model: asked for what is not in the file; None to only replay.

        Raises:
            LanguageModelError: the file cannot be read, or is no transcript.
        """
        self._path = Path(path)
        self._model = model
        self._lock = threading.Lock()
        self._answers: dict[str, Any] = {}
        self._of = ""
        """The model that the file's answers are of."""
        self._read()

    @property
    def id(self) -> str:
        return self._model.id if self._model is not None else self._of or "transcript"

    def ask(self, prompt: Prompt, shape: type[Shape]) -> Shape:
        key = _key(self.id, prompt, shape)
        with self._lock:
            known = self._answers.get(key)
        if known is not None:
            try:
                return shape.model_validate(known)
            except ValidationError as error:
                raise LanguageModelError(
                    f"{self._path}: its answer to {prompt.name!r} is no {shape.__name__}: {error}"
                ) from error
        if self._model is None:
            raise LanguageModelError(f"{self._path}: holds no answer to this {prompt.name!r}")
        began = time.monotonic()
        answer = self._model.ask(prompt, shape)
        self._append(key, prompt, answer, time.monotonic() - began)
        return answer

    def _read(self) -> None:
        if self._model is not None and not self._path.exists():
            return
        try:
            text = self._path.read_bytes()
        except OSError as error:
            raise LanguageModelError(f"{self._path}: cannot be read: {error.strerror}") from error
        whole = text[: text.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                row = json.loads(line)
                schema, key, answer, of = row["schema"], row["key"], row["answer"], row["model"]
            except (ValueError, KeyError, TypeError) as error:
                raise LanguageModelError(
                    f"{self._path}:{number}: is no line of a transcript ({error!r})"
                ) from error
            if schema != SCHEMA:
                raise LanguageModelError(
                    f"{self._path}:{number}: has version {schema}, and this memagent reads {SCHEMA}"
                )
            self._answers[key], self._of = answer, of
        if self._model is not None and len(whole) < len(text):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))

    def _append(self, key: str, prompt: Prompt, answer: BaseModel, seconds: float) -> None:
        row = {
            "schema": SCHEMA,
            "key": key,
            "model": self.id,
            "prompt": {"name": prompt.name, "system": prompt.system, "user": prompt.user},
            "answer": answer.model_dump(mode="json"),
            "seconds": round(seconds, 3),
        }
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("ab") as file:
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise LanguageModelError(
                    f"{self._path}: cannot be written: {error.strerror}"
                ) from error
            self._answers[key] = row["answer"]


def _key(model: str, prompt: Prompt, shape: type[BaseModel]) -> str:
    """Equal for equal questions to the same model."""
    asked = [model, prompt.name, prompt.system, prompt.user, shape.model_json_schema()]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
