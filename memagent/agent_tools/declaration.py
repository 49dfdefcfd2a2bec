# SPDX-License-Identifier: Apache-2.0
"""What a tool is: a class whose fields are its arguments, and whose docstring says what it is for.

    class Where(Tool):
        \"\"\"Say where an object is.\"\"\"

        thing: Annotated[str, Field(description="its name")]

        def carry_out(self, subject: Asking) -> Answer: ...

One such declaration makes the MCP tool, the OpenAI schema and the check of what a model sends.
"""

from __future__ import annotations

import inspect
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict

from memagent.errors import MemagentError

Scope = Literal["read", "write", "act"]
"""To ask a memory, to change it, or to have the robot do something."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
Answer = dict[str, Any]
"""What a tool returns: JSON-able."""

_NEW_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class ToolError(MemagentError):
    """A tool was called wrongly; the message says what would be right."""


class Tool(BaseModel, ABC):
    """One call of a tool: an instance holds the arguments, the class is the declaration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scope: ClassVar[Scope] = "read"

    @abstractmethod
    def carry_out(self, subject: Any) -> Answer:
        """Do it to the memory or the robot that the tool is for.

        Raises:
            MemagentError: it cannot be done.
        """

    @classmethod
    def called(cls) -> str:
        """The name by which agents call it: that of the class, as ``snake_case``."""
        return _NEW_WORD.sub("_", cls.__name__).lower()

    @classmethod
    def description(cls) -> str:
        """What it is for: the docstring, on one line."""
        return " ".join(inspect.cleandoc(cls.__doc__ or "").split())

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """JSON schema of the arguments."""
        schema = _untitled(cls.model_json_schema())
        return {"properties": {}} | {k: v for k, v in schema.items() if k != "description"}

    @classmethod
    def openai_schema(cls) -> dict[str, Any]:
        """One entry of ``tools`` in a request to an OpenAI-compatible server."""
        function = {
            "name": cls.called(),
            "description": cls.description(),
            "parameters": cls.parameters(),
        }
        return {"type": "function", "function": function}


def plain(value: Any) -> Any:
    """A value as JSON has it.

    Empty fields of dataclasses are left out: a language model reads every token. Numbers that are
    not finite become null.
    """
    if is_dataclass(value) and not isinstance(value, type):
        told = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return {name: one for name, one in told.items() if one not in (None, "", [], {})}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return str(value)


def _untitled(schema: Any) -> Any:
    """A schema without the titles that pydantic makes up from names."""
    if isinstance(schema, dict):
        return {
            name: {key: _untitled(one) for key, one in part.items()}
            if name == "properties"  # Where a name "title" is an argument's.
            else _untitled(part)
            for name, part in schema.items()
            if name != "title"
        }
    return [_untitled(part) for part in schema] if isinstance(schema, list) else schema
