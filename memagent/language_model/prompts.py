# SPDX-License-Identifier: Apache-2.0
"""Prompts as files, so that they can be read, compared and replaced without touching code.

A file has two parts, the system's and the user's, each under a heading of its own; ``$name`` stands
for what is filled in.

    # system
    You plan for a robot with the skills: $skills
    # user
    $instruction
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from memagent.errors import ConfigError
from memagent.language_model.interface import Prompt

_HEADING = re.compile(r"^# (system|user)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A kind of question, read from a file."""

    path: Path
    system: Template
    user: Template

    @classmethod
    def read(cls, path: Path, names: frozenset[str]) -> PromptFile:
        """Read and check a file.

        Args:
            path: its stem is the kind's name.
            names: all that can be filled in.

        Raises:
            ConfigError: it cannot be read, lacks a part, or asks for what there is not.
        """
        try:
            pieces = _HEADING.split(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read: {error}") from error
        if pieces[1::2] != ["system", "user"]:
            raise ConfigError(f'{path}: needs a part "# system" and then a part "# user"')
        system, user = (Template(piece.strip()) for piece in pieces[2::2])
        for part in (system, user):
            for match in part.pattern.finditer(part.template):
                name = match["named"] or match["braced"]
                if match["invalid"] is not None or (name is not None and name not in names):
                    said = part.template[match.start() :].split("\n", 1)[0][:40]
                    there = ", ".join(f"${name}" for name in sorted(names))
                    raise ConfigError(
                        f"{path}: {said!r}: only {there} can be filled in; write $$ for a dollar"
                    )
        return cls(path, system, user)

    def fill(self, **values: str) -> Prompt:
        """The question with what is asked now."""
        return Prompt(self.path.stem, self.system.substitute(values), self.user.substitute(values))
