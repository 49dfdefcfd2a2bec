# SPDX-License-Identifier: Apache-2.0
"""The group ``memagent memory``: which memory it is about, and how to print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memagent.commands.memory.opening import Opening, give

app = typer.Typer(help="Ask a robot's memory, and set it right.", no_args_is_help=True)


@app.callback()
def _root(
    file: Annotated[
        str, typer.Option(envvar="MEMAGENT_MEMORY", help="The memory: a file, or postgresql://...")
    ] = "~/.memagent/memory.db",
    namespace: Annotated[str, typer.Option(help="Whose memory it is, on a server.")] = "robot",
    site: Annotated[str, typer.Option(help="The surveyed map, a YAML file.")] = "",
    config: Annotated[str, typer.Option(help="How memory works, a YAML file.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    where = file if "://" in file else str(Path(file).expanduser())
    give(Opening(where, namespace, site, config, as_json))
