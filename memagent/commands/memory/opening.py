# SPDX-License-Identifier: Apache-2.0
"""Opening the memory that a command is about. Memory is imported late, so that help is quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

from memagent import resources
from memagent.config import read_yaml
from memagent.errors import MemagentError
from memagent.site import Site, load_site

if TYPE_CHECKING:
    from memagent.memory import LifelongMemory, MemoryConfig, MemoryReader


@dataclass(frozen=True, slots=True)
class Opening:
    """What was said before the command's name."""

    where: str
    namespace: str
    site_file: str
    config_file: str
    as_json: bool

    @property
    def site(self) -> Site | None:
        return load_site(resources.find(self.site_file)) if self.site_file else None

    @property
    def config(self) -> MemoryConfig:
        from memagent.memory import MemoryConfig

        given = self.config_file
        known = read_yaml(resources.find(given), MemoryConfig) if given else MemoryConfig()
        store = known.store.model_copy(update={"namespace": self.namespace})
        return known.model_copy(update={"store": store})


_GIVEN: ContextVar[Opening] = ContextVar("opening")


def give(found: Opening) -> None:
    """Say which memory the command that runs now is about."""
    _GIVEN.set(found)


def opening() -> Opening:
    """That of the running command."""
    return _GIVEN.get()


@contextmanager
def failing() -> Iterator[None]:
    """Errors as one line on standard error, and status 1."""
    try:
        yield
    except MemagentError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True
        )
        raise typer.Exit(1) from error


@contextmanager
def asking() -> Iterator[tuple[MemoryReader, float]]:
    """The memory to ask, beside whoever writes it, and the newest moment that it knows."""
    from memagent.memory import MemoryReader

    with failing():
        given = opening()
        with MemoryReader(given.where, given.site, given.config) as memory:
            yield memory, memory.world().stamp


@contextmanager
def writing() -> Iterator[LifelongMemory]:
    """The memory to change: nobody else may be writing it."""
    from memagent.memory import LifelongMemory

    with failing():
        given = opening()
        if "://" not in given.where and not Path(given.where).is_file():
            raise MemagentError(f"{given.where}: there is no such memory; name one with --file")
        with LifelongMemory(given.where, given.site, given.config) as memory:
            yield memory
