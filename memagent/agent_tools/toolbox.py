# SPDX-License-Identifier: Apache-2.0
"""The tools that one agent may use, each with the memory or the robot that it is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from memagent.agent_tools.declaration import SCOPES, Answer, Scope, Tool, ToolError, plain


class Toolbox:
    """Lists and calls tools; safe from any thread where what they are for is."""

    def __init__(
        self,
        offers: Iterable[tuple[Iterable[type[Tool]], Any]],
        scopes: Iterable[Scope] = ("read",),
    ) -> None:
        """Nothing is called yet.

        Args:
            offers: tools, with what they are for.
            scopes: what is allowed; a tool of another scope is not listed and cannot be called.
        """
        self._scopes = frozenset(scopes)
        self._all = {tool.called(): (tool, of) for tools, of in offers for tool in tools}
        self.tools = tuple(tool for tool, _ in self._all.values() if tool.scope in self._scopes)

    def openai_schemas(self) -> list[dict[str, Any]]:
        """``tools`` of a request to an OpenAI-compatible server."""
        return [tool.openai_schema() for tool in self.tools]

    def call(self, name: str, arguments: Mapping[str, Any]) -> Answer:
        """Check the arguments, carry the tool out, and return its answer: JSON-able.

        Raises:
            ToolError: there is no such tool, it is not allowed, or its arguments are wrong.
            MemagentError: it cannot be carried out.
        """
        tool, subject = self._allowed(name)
        try:
            call = tool.model_validate(arguments)
        except ValidationError as error:
            raise ToolError(_told(tool, error)) from error
        answer: Answer = plain(call.carry_out(subject))
        return answer

    def _allowed(self, name: str) -> tuple[type[Tool], Any]:
        if name not in self._all:
            there = ", ".join(tool.called() for tool in self.tools)
            raise ToolError(f"there is no tool {name!r}; there are {there}")
        tool, subject = self._all[name]
        if tool.scope not in self._scopes:
            given = ", ".join(scope for scope in SCOPES if scope in self._scopes) or "none"
            raise ToolError(f"{name!r} needs the scope {tool.scope!r}; allowed here: {given}")
        return tool, subject


def _told(tool: type[Tool], error: ValidationError) -> str:
    problems = "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'arguments'}: {problem['msg']}"
        for problem in error.errors()
    )
    return f"{tool.called()}: {problems}. It takes: {', '.join(tool.model_fields) or 'nothing'}"
