# SPDX-License-Identifier: Apache-2.0
"""What the demonstration shows in the terminal while it runs, and the table at its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from memagent.demo.schedule import TaskRow, skills_on, successes_on
from memagent.types import Percept, Plan

STYLES = {
    "goal": "bold white",
    "plan": "bold cyan",
    "verdict": "magenta",
    "rejected": "bold magenta",
    "step": "blue",
    "outcome": "green",
    "failed": "yellow",
    "memory": "dim green",
    "percept": "dim",
    "note": "white",
    "day": "bold white on blue",
}
PLAIN_WIDTH = 140
QUIET_PERCEPT_S = 2.0
"""A percept's summary is printed at most so often."""


def _console() -> Console:
    console = Console(highlight=False)
    # A pipe or a log has no width of its own.
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


class Terminal:
    """Prints events as lines with one live status line below; plain lines where no terminal is."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _console()
        self._lock = threading.Lock()
        self._status = Text("starting")
        self._counts: dict[str, float] = {}
        self._seen = ""
        self._shown_at = 0.0
        self._live = Live(self._status, console=self.console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Terminal:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def line(self, kind: str, text: str) -> None:
        with self._lock:
            row = Text(f"{kind:>8}  ", style="dim")
            row.append(text, style=STYLES.get(kind, "white"))
            self.console.print(row, soft_wrap=not self.console.is_terminal)

    # --- what the graph says ------------------------------------------------------------------

    def on_percept(self, percept: Percept) -> None:
        names = ", ".join(sorted({o.label for o in percept.objects})) or "nothing"
        self._update(f"{percept.room or 'between rooms'}: sees {names}")
        now = time.monotonic()
        if percept.summary != self._seen and now - self._shown_at > QUIET_PERCEPT_S:
            self._seen, self._shown_at = percept.summary, now
            self.line("percept", percept.summary)

    def on_memory(self, kind: str, text: str) -> None:
        self.line("memory", text)

    def on_status(self, node: str, level: str, text: str, values: dict[str, float]) -> None:
        if level != "OK":
            self.line("failed", f"{node}: {text}")
        if node == "memory":
            self._counts = values

    def on_task(self, kind: str, text: str, plan: Plan | None) -> None:
        if kind != "progress":  # the steps themselves tell that
            self.line(kind, text)

    def on_day(self, day: int) -> None:
        told = (
            "the first day" if day == 1 else "the next day; people put things back, one was moved"
        )
        self.line("day", f" Day {day}: {told} ")

    def on_row(self, row: TaskRow) -> None:
        mark = "✓" if row.success else "✗"
        style = "bold green" if row.success else "bold red"
        truth = "" if row.reached else f" (not reached: {row.missing})"
        with self._lock:
            self.console.print(
                Text(
                    f"       {mark}  {row.instruction}: {row.result.status.value} "
                    f"{row.result.reason}{truth}, {row.result.skills} skills",
                    style=style,
                )
            )

    def _update(self, text: str) -> None:
        counts = ", ".join(f"{n:g} {k}" for k, n in list(self._counts.items())[:6])
        with self._lock:
            self._status = Text(f"  {text}" + (f"   [memory: {counts}]" if counts else ""))
            if self.console.is_terminal:
                self._live.update(self._status)

    # --- the end --------------------------------------------------------------------------------

    def results(self, rows: Sequence[TaskRow], files: dict[str, Path]) -> None:
        table = Table(title="The same instructions on two days", title_style="bold")
        for column in (
            "day",
            "instruction",
            "result",
            "skills",
            "replans",
            "sim s",
            "what memory saved",
        ):
            table.add_column(
                column, justify="right" if column in ("skills", "replans", "sim s") else "left"
            )
        for row in rows:
            style = "green" if row.success else "red"
            table.add_row(
                str(row.day),
                row.instruction,
                Text("success" if row.success else row.result.status.value.lower(), style=style),
                str(row.result.skills),
                str(row.result.replans),
                f"{row.result.duration:.0f}",
                row.result.saved,
            )
        self.console.print(table)
        days = sorted({row.day for row in rows})
        for day in days:
            total = sum(row.day == day for row in rows)
            self.console.print(
                f"  day {day}: {successes_on(rows, day)} of {total} reached "
                f"with {skills_on(rows, day)} skills"
            )
        for name, path in files.items():
            self.console.print(f"  {name}: {path}")
