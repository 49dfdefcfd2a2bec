# SPDX-License-Identifier: Apache-2.0
"""The catalogue: which kinds of object the agent can name, and what each looks like.

Prior knowledge about kinds, like a detector's class list; it says nothing of where anything is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from memagent.config import read_yaml

Shape = Literal["box", "cylinder", "sphere", "elongated"]
Colour = Literal["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "black"]


class Category(BaseModel):
    """One kind of object."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    shape: Shape
    colours: tuple[Colour, ...]
    size: tuple[
        Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]
    ]
    """Typical extents in metres: longer horizontal axis, shorter one, up."""
    synonyms: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Words for a wider class, e.g. "fruit"."""

    def label(self, colour: str) -> str:
        """What a person would call one of this colour: "red mug", but just "banana"."""
        return self.name if len(self.colours) == 1 and self.plain else f"{colour} {self.name}"

    plain: bool = False
    """True where the colour goes without saying (a banana)."""


class Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: tuple[Category, ...]

    @model_validator(mode="after")
    def _names_unique(self) -> Catalogue:
        names = [c.name for c in self.categories]
        if len(set(names)) != len(names):
            raise ValueError(f"category names must be unique, got {names}")
        return self

    def category(self, name: str) -> Category | None:
        return next((c for c in self.categories if c.name == name), None)


def load_catalogue(path: Path) -> Catalogue:
    """Read a catalogue from YAML.

    Raises:
        ConfigError: the file is missing or invalid; the message names file, key and value.
    """
    return read_yaml(path, Catalogue)
