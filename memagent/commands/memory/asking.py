# SPDX-License-Identifier: Apache-2.0
"""Questions to a memory, asked beside the robot that writes it."""

from __future__ import annotations

from typing import Annotated

import typer

from memagent.commands.memory import printing
from memagent.commands.memory.app import app
from memagent.commands.memory.opening import asking
from memagent.errors import MemagentError
from memagent.moments import read_moment, tell_ago, tell_moment
from memagent.types import Query, Vector3

_WORTH_TELLING = 0.005
"""Probability below which people need not read of a place; programs do."""

Limit = Annotated[int, typer.Option(help="The most to print.", min=1)]
Since = Annotated[str, typer.Option(help="From then on: 2h (ago), a date, or seconds.")]
Until = Annotated[str, typer.Option(help="Until then.")]
AsOf = Annotated[str, typer.Option(help="As it was then: 2h (ago), a date, or seconds.")]
Thing = Annotated[str, typer.Argument(help="An object: its name, label or kind.")]


@app.command()
def recall(
    text: Annotated[str, typer.Argument(help="What it is about, in words.")] = "",
    near: Annotated[str, typer.Option(help="Near x,y or x,y,z, metres.")] = "",
    radius: Annotated[float, typer.Option(help="How near, metres.")] = 1.0,
    since: Since = "",
    until: Until = "",
    kind: Annotated[list[str] | None, typer.Option(help="step, object, relation, ...")] = None,
    limit: Limit = 10,
) -> None:
    """Find what was remembered, by meaning, place and time; best first."""
    with asking() as (memory, now):
        found = memory.recall(
            Query(
                text,
                kinds=tuple(kind or ()),  # type: ignore[arg-type]
                near=position(near) if near else None,
                radius=radius,
                since=moment(since, now),
                until=moment(until, now),
                limit=limit,
            )
        )
        printing.items(found.items, now, found.scores)


@app.command()
def where(thing: Thing) -> None:
    """Say where an object is, and how sure that is."""
    with asking() as (memory, _):
        belief = memory.where(thing)
        rows = [
            (f"{c.predicate} {c.place}", f"{c.probability:.0%}", c.evidence)
            for c in belief.candidates
            if c.probability >= _WORTH_TELLING
        ]
        if belief.elsewhere >= _WORTH_TELLING or not rows:
            rows.append(("elsewhere", f"{belief.elsewhere:.0%}", ""))
        printing.say(belief, lambda: printing.table((belief.name, "", "why"), rows))


@app.command()
def near(
    x: float,
    y: float,
    z: float = 0.0,
    radius: Annotated[float, typer.Option(help="Metres.")] = 1.0,
    limit: Limit = 10,
) -> None:
    """List what was remembered near a position in the map, nearest first."""
    with asking() as (memory, now):
        printing.items(memory.near((x, y, z), radius, limit), now)


@app.command()
def timeline(since: Since = "", until: Until = "", limit: Limit = 50) -> None:
    """Tell what happened in an interval, oldest first."""
    with asking() as (memory, now):
        printing.items(memory.timeline(moment(since, now), moment(until, now), limit), now)


@app.command()
def facts(
    thing: Annotated[str, typer.Argument(help="Of one object only.")] = "",
    as_of: AsOf = "",
    history: Annotated[bool, typer.Option(help="All that was ever believed of it.")] = False,
) -> None:
    """List what is believed, or was at a time."""
    with asking() as (memory, now):
        if history and not thing:
            raise MemagentError("whose history? Name an object")
        name = memory.where(thing).name if thing else None
        if history and name:
            printing.facts(memory.history(name), now)
        else:
            printing.facts(memory.facts(name, moment(as_of, now)), now)


@app.command()
def graph(
    around: Annotated[str, typer.Argument(help="Around one object or place only.")] = "",
    as_of: AsOf = "",
    hops: Annotated[int, typer.Option(help="How far from it.", min=0)] = 2,
) -> None:
    """Show the knowledge graph."""
    with asking() as (memory, now):
        name = memory.where(around).name if around else None
        known = memory.graph(moment(as_of, now), name, hops)
        rows = [
            (a, str(data["predicate"]), b, f"{data['strength']:.2f}")
            for a, b, data in known.edges(data=True)
        ]
        printing.say(
            {
                "nodes": [{"name": name} | data for name, data in known.nodes(data=True)],
                "edges": [{"from": a, "to": b} | data for a, b, data in known.edges(data=True)],
            },
            lambda: printing.table(("", "", "", "strength"), rows),
        )


@app.command()
def habits(thing: Thing) -> None:
    """Say where people keep an object."""
    with asking() as (memory, _):
        printing.listing(
            memory.habits(thing),
            ("place", "visits"),
            lambda habit: (habit.place, f"{habit.visits} of {habit.of}"),
        )


@app.command()
def lessons(
    skill: Annotated[str, typer.Argument(help="Of one skill.")] = "",
    subject: Annotated[str, typer.Argument(help="With one object or place.")] = "",
) -> None:
    """Tell what outcomes have taught."""
    with asking() as (memory, _):
        printing.listing(
            memory.lessons(skill, subject),
            ("id", "", "works", "95 %"),
            lambda x: (x.id, x.text, f"{x.rate:.0%}", "{:.0%} to {:.0%}".format(*x.interval)),
        )


@app.command()
def episodes(limit: Limit = 20) -> None:
    """List the newest attempts and how they ended, newest first."""
    with asking() as (memory, now):
        printing.listing(
            memory.episodes(limit),
            ("id", "when", "what", "how it ended"),
            lambda e: (e.id, tell_ago(e.started, now), e.instruction, f"{e.status} {e.reason}"),
        )


@app.command()
def operations(limit: Limit = 20) -> None:
    """List what people set right, newest first."""
    with asking() as (memory, now):
        printing.listing(
            memory.operations(limit),
            ("id", "when", "what", ""),
            lambda o: (o.id, tell_ago(o.stamp, now), o.text, "" if o.undone is None else "undone"),
        )


@app.command()
def stats() -> None:
    """Count what there is."""
    with asking() as (memory, now):
        counts = memory.stats()
        rows = [(name, f"{count:,}") for name, count in counts.items()]
        rows.append(("newest", tell_moment(now)))
        printing.say(counts | {"newest": now}, lambda: printing.table(("", ""), rows))


def moment(text: str, now: float) -> float | None:
    """Seconds of a time as it was written; None for no time."""
    return read_moment(text, now) if text else None


def position(text: str) -> Vector3:
    """Metres, as they were written."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3):
        raise MemagentError(f"--near {text!r}: write x,y or x,y,z in metres, such as 1.5,-2")
    x, y, z = [*numbers, 0.0][:3]
    return x, y, z
