# SPDX-License-Identifier: Apache-2.0
"""Answers as people like them, or as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from memagent.commands.memory.opening import opening
from memagent.moments import tell_ago
from memagent.types import Fact, MemoryItem

Found = TypeVar("Found")
_NARROWEST = 100
"""Columns of a terminal that is none: a pipe."""


def say(value: Any, told: Callable[[], None]) -> None:
    """Print a value as JSON if that was asked for, or call ``told`` to print it for people."""
    if opening().as_json:
        typer.echo(json.dumps(_plain(value), ensure_ascii=False, default=str))
    else:
        told()


def line(text: str) -> None:
    _console().print(escape(text), soft_wrap=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headings; a line that says so if there are none."""
    if not rows:
        line("nothing")
        return
    drawn = Table(box=None, pad_edge=False, show_header=any(columns))
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(cell) for cell in row))
    _console().print(drawn)


def listing(
    found: Sequence[Found], columns: Sequence[str], row: Callable[[Found], Sequence[str]]
) -> None:
    """Print several answers, one a row."""
    say(found, lambda: table(columns, [row(one) for one in found]))


def items(found: Sequence[MemoryItem], now: float, scores: Sequence[float] | None = None) -> None:
    """Print items; programs get the scores, too."""
    rows = [(item.id, tell_ago(item.stamp, now), item.kind, item.text) for item in found]
    told = [asdict(item) for item in found]
    for entry, score in zip(told, scores or (), strict=False):
        entry["score"] = score
    say(told, lambda: table(("id", "when", "kind", ""), rows))


def facts(found: Sequence[Fact], now: float) -> None:
    listing(
        found,
        ("id", "", "since", "until"),
        lambda fact: (
            fact.id,
            f"{fact.relation.subject} {fact.relation.predicate} {fact.relation.object}",
            tell_ago(fact.valid_from, now),
            "" if fact.valid_to is None else tell_ago(fact.valid_to, now),
        ),
    )


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_NARROWEST)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value
