# SPDX-License-Identifier: Apache-2.0
"""Setting a memory right. The robot that writes it is stopped first, or asked by its services."""

from __future__ import annotations

from typing import Annotated

import typer

from memagent.commands.memory import printing
from memagent.commands.memory.app import app
from memagent.commands.memory.opening import writing
from memagent.errors import MemagentError


@app.command()
def correct(
    what: Annotated[str, typer.Argument(help="An object, or a fact's id.")],
    place: Annotated[str, typer.Argument(help="Where it is.")],
) -> None:
    """Say where an object is: the wrong fact ends, and the right one begins."""
    with writing() as memory:
        done = memory.correct(what, place)
        printing.say(done, lambda: printing.line(f"{done.text} ({done.id})"))


@app.command()
def merge(a: str, b: str) -> None:
    """Say that two names are one object: all that is known of B belongs to A."""
    with writing() as memory:
        done = memory.merge(a, b)
        printing.say(done, lambda: printing.line(f"{done.text} ({done.id})"))


@app.command()
def undo(operation: Annotated[str, typer.Argument(help="Its id; '' for the newest.")] = "") -> None:
    """Take back a correction, merge or split; what came later stays."""
    with writing() as memory:
        done = memory.undo(operation or None)
        printing.say(done, lambda: printing.line(f"undone: {done.text} ({done.id})"))


@app.command()
def forget(
    item: Annotated[str, typer.Argument(help="An item's id, such as item-12.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget something for good, with all that follows from it."""
    if not yes:
        typer.confirm(f"Forget {item} for good?", abort=True)
    with writing() as memory:
        if not memory.forget(item):
            raise MemagentError(f"{memory.name}: there is no {item!r}")
        printing.say({"forgotten": item}, lambda: printing.line(f"{item} is forgotten"))
