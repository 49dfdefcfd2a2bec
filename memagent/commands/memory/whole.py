# SPDX-License-Identifier: Apache-2.0
"""A memory as a whole: exports, copies, and the care of its file."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from memagent.commands.memory import printing
from memagent.commands.memory.app import app
from memagent.commands.memory.asking import AsOf, moment
from memagent.commands.memory.opening import asking, failing, opening, writing
from memagent.errors import MemagentError
from memagent.whole_file import write_whole


class ExportFormat(str, Enum):
    """What an export is for."""

    json = "json"
    """People and other memories: complete."""
    graphml = "graphml"
    """Graph programs: the knowledge graph."""
    geojson = "geojson"
    """Map programs: places, and the things in them."""


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    format: Annotated[ExportFormat, typer.Option(help="What for.")] = ExportFormat.json,
    as_of: AsOf = "",
) -> None:
    """Write what is known to a file; --as-of is for the graph alone."""
    with asking() as (memory, now):
        from memagent.memory import geojson, graphml

        if format is ExportFormat.json:
            text = json.dumps(memory.export(), ensure_ascii=False)
        elif format is ExportFormat.graphml:
            text = graphml(memory.graph(moment(as_of, now)))
        else:
            text = json.dumps(geojson(memory.world(), opening().site), ensure_ascii=False)
        try:
            write_whole(out, text.encode())
        except OSError as error:
            raise MemagentError(f"{out}: cannot be written: {error.strerror}") from error
        size = {"file": str(out), "bytes": len(text.encode())}
        printing.say(size, lambda: printing.line(f"{out}: {size['bytes']:,} bytes"))


@app.command(name="import")
def import_(source: Annotated[Path, typer.Argument(help="A JSON file from export.")]) -> None:
    """Take in what another memory exported: all of it, or nothing."""
    with writing() as memory:
        added = memory.import_(source)
        rows = [(name, f"{count:,}") for name, count in added.items() if count]
        printing.say(added, lambda: printing.table(("added", ""), rows))


@app.command()
def snapshot(out: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Copy the memory, consistently, while it may be in use."""
    with asking() as (memory, _):
        memory.snapshot(out)
        printing.say(
            {"file": str(out)}, lambda: printing.line(f"{out}: {out.stat().st_size:,} bytes")
        )


@app.command()
def check() -> None:
    """Look for damage; ends with status 1 if there is any."""
    from memagent.memory.store import StoreConfig, open_store

    with failing():
        given = opening()
        config = StoreConfig(read_only=True, check_on_open=True, namespace=given.namespace)
        store = open_store(given.where, config)
        store.close()
        printing.say(
            {"memory": store.name, "ok": True}, lambda: printing.line(f"{store.name}: no damage")
        )


@app.command()
def compact() -> None:
    """Give back the space of what was forgotten."""
    with writing() as memory:
        given = memory.compact()
        printing.say({"bytes": given}, lambda: printing.line(f"gave back {given:,} bytes"))
