# SPDX-License-Identifier: Apache-2.0
"""One table of what several benchmarks have measured: each figure beside what it should be.

Every part has written its own file into a folder; the table is made of all that are there, so that
a part may be run again alone, or at a quieter time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import report

Read = Callable[[Mapping[str, Any]], Any]
"""A figure from those of a part; KeyError where it was not measured."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    part: str
    aim: float | None
    """What it should at least be, or at most."""
    at_least: bool
    read: Read
    n: str | int = ""
    """How many measurements, or the part's figure that says so; "" where the part tells."""
    lacking: str = ""
    """What it needs that may not be there."""

    def is_met(self, value: float) -> bool:
        if self.aim is None:
            return True
        return value >= self.aim if self.at_least else value <= self.aim


def named(name: str) -> Read:
    """A figure as it is, with its interval if it has one."""

    def read(found: Mapping[str, Any]) -> Any:
        if f"{name}_low" not in found:
            return found[name]
        return {"value": found[name], "low": found[f"{name}_low"], "high": found[f"{name}_high"]}

    return read


def parts_of(figures: Mapping[str, Figure]) -> tuple[str, ...]:
    """The benchmarks that the figures come from."""
    return tuple(dict.fromkeys(figure.part for figure in figures.values()))


def gather(out: Path, name: str, wanted: Mapping[str, Figure]) -> dict[str, Any]:
    """Make the table of what the parts wrote, and ``out/name.json``."""
    console = Console(highlight=False)
    parts = {
        part: json.loads((out / f"{part}.json").read_text(encoding="utf-8"))
        for part in parts_of(wanted)
        if (out / f"{part}.json").is_file()
    }
    figures: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    table = Table("", "figure", "95 %", "n", "aim", "met", title=name)
    for key, figure in wanted.items():
        found = parts.get(figure.part, {}).get("figures", {})
        try:
            value = figure.read(found)
        except KeyError:
            needs = f"needs {figure.lacking}" if figure.lacking else f"{figure.part} was not run"
            console.print(f"  {key}: left out, {needs}")
            continue
        figures[key] = value
        n = found[figure.n] if figure.n and isinstance(figure.n, str) else figure.n
        middle = float(value["value"] if isinstance(value, Mapping) else value)
        met = figure.is_met(middle)
        rows.append({"figure": key, "n": n, "aim": figure.aim, "met": met})
        within = f"{value['low']:,.4g} to {value['high']:,.4g}" if isinstance(value, dict) else ""
        aim = "" if figure.aim is None else f"{'≥' if figure.at_least else '≤'} {figure.aim:,g}"
        told = "" if figure.aim is None else "yes" if met else "no"
        table.add_row(key, f"{middle:,.4g}", within, f"{n:,}" if n != "" else "", aim, told)
    console.print(table)
    config = {
        "load": os.getloadavg(),
        "parts": {part: found["config"] for part, found in parts.items()},
    }
    seeds = sorted({seed for found in parts.values() for seed in found["seeds"]})
    return report.write(out, name, figures, rows, config, seeds)
