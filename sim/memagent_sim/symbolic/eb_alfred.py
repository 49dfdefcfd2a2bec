# SPDX-License-Identifier: Apache-2.0
"""EB-ALFRED's tasks, read from a file of theirs.

The file gives the things of each scene with their positions, but no receptacles. Those are
inferred: things that are near to one another share a receptacle, the expert's plan says what some
of them are, and the others are the kind of receptacle at about that height where people keep such
things. So these are scenes like ALFRED's, with its things and goals, but not AI2-THOR's rooms.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from memagent_sim.symbolic.house import FLOOR
from memagent_sim.symbolic.kinds import FIXTURES, LAMP_STANDS, WARES, Room, room_of, takes
from memagent_sim.symbolic.scene import Receptacle, Scene, appliances_of, numbered, spread
from memagent_sim.symbolic.task import Family, Task

NEAR, LEVEL = 0.7, 0.25
"""Metres apart, and up or down, within which things share a receptacle."""
_GOAL = ("object_target", "parent_target", "mrecep_target", "toggle_target", "object_sliced")


class TaskFileError(ValueError):
    """A file of tasks cannot be read; the message names file, line, key and what is wrong."""


def load_tasks(path: Path | str) -> tuple[tuple[Scene, Task], ...]:
    """Read every task of a JSONL file, with its scene.

    Raises:
        TaskFileError: the file or one of its lines cannot be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TaskFileError(f"{path}: cannot be read: {error}") from error
    tasks = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                tasks.append(read_task(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                what = f"no key {error}" if isinstance(error, KeyError) else str(error)
                raise TaskFileError(f"{path}, line {number}: {what}") from error
    if not tasks:
        raise TaskFileError(f"{path}: holds no task")
    return tuple(tasks)


def read_task(row: Mapping[str, Any]) -> tuple[Scene, Task]:
    """One task, from a line of the file.

    Raises:
        KeyError: a key is missing.
        ValueError: a value is none that it can have; the message names the key.
    """
    goal = {key: row["goal"][key] for key in _GOAL}
    task = Task(
        family=cast(Family, row["task_type"]),
        instruction=str(row["instruction"]),
        name=str(row["id"]),
        subset=str(row["subset"]),
        **goal,
    )
    things = [_Lying(o["name"], *_position(o)) for o in row["objects"]]
    for thing in things:
        if thing.kind not in WARES:
            raise ValueError(f"objects: {thing.kind!r} is no kind that can be picked up")
    count = Counter(t.kind for t in things)
    for kind, least in ((task.object_target, task.count), (task.mrecep_target, 1)):
        if kind and count[kind] < least:
            raise ValueError(f"objects: the goal needs {least} {kind}, there are {count[kind]}")
    room = room_of(row["scene"])
    plan = [(str(step[0]), str(step[1])) for step in row["expert_plan"]]
    scene = _infer(f"{row['scene']} {row['id']}", room, things, task, plan)
    return scene, task


@dataclass(frozen=True, slots=True)
class _Lying:
    """A thing and its position: metres, z up."""

    kind: str
    x: float
    y: float
    z: float


def _position(row: Mapping[str, Any]) -> tuple[float, float, float]:
    """From AI2-THOR's axes (y up) to the map's (z up)."""
    x, up, z = (float(v) for v in row["position"])
    if not all(map(math.isfinite, (x, up, z))):
        raise ValueError(f"objects: the position of a {row['name']} must be finite")
    return (x, z, up)


Cluster = list[_Lying]


def _infer(
    name: str, room: Room, things: Sequence[_Lying], task: Task, plan: Sequence[tuple[str, str]]
) -> Scene:
    clusters = _clusters(things)
    kinds = _kinds(clusters, room, task, plan)
    groups = [(kind, cluster) for kind, cluster in zip(kinds, clusters, strict=True)]
    have = Counter(kinds)
    needed = [task.parent_target, *_named(plan)]
    for kind, fixture in FIXTURES.items():
        least = fixture.rooms.get(room, (0, 0))[0]
        if kind in needed or task.family in _NEEDS.get(kind, ()):
            least = max(1, least)
        groups += [(kind, []) for _ in range(least - have[kind])]
    named = numbered(kind for kind, _ in groups)
    centres = [_centre(cluster, things, i) for i, (_, cluster) in enumerate(groups)]
    spots = spread((n, *centres[i]) for i, (n, _) in enumerate(named))
    receptacles = tuple(Receptacle(n, k, (*spots[n], FIXTURES[k].height)) for n, k in named)
    holder = {id(thing): named[i][0] for i, (_, cluster) in enumerate(groups) for thing in cluster}
    ordered = sorted(things, key=lambda t: (t.kind, t.x, t.y, t.z))
    names = [n for n, _ in numbered(t.kind for t in ordered)]
    return Scene(
        name,
        room,
        receptacles,
        tuple(appliances_of(receptacles, _lamps(receptacles, room, task))),
        {n: t.kind for n, t in zip(names, ordered, strict=True)},
        {n: holder[id(t)] for n, t in zip(names, ordered, strict=True)},
    )


_NEEDS: Mapping[str, tuple[str, ...]] = {
    "Microwave": ("pick_heat_then_place_in_recep",),
    "Fridge": ("pick_cool_then_place_in_recep",),
    "SinkBasin": ("pick_clean_then_place_in_recep",),
}
"""Receptacles without which a family's tasks cannot be done."""


def _clusters(things: Sequence[_Lying]) -> list[Cluster]:
    """Things that share a receptacle: each is near to the middle of its cluster."""
    clusters: list[Cluster] = []
    for thing in sorted(things, key=lambda t: (t.z, t.x, t.y, t.kind)):
        for cluster in clusters:
            x, y, z = (sum(getattr(t, a) for t in cluster) / len(cluster) for a in "xyz")
            if math.hypot(thing.x - x, thing.y - y) <= NEAR and abs(thing.z - z) <= LEVEL:
                cluster.append(thing)
                break
        else:
            clusters.append([thing])
    return clusters


def _kinds(
    clusters: Sequence[Cluster], room: Room, task: Task, plan: Sequence[tuple[str, str]]
) -> list[str]:
    """What kind of receptacle each cluster is in or on."""
    said: dict[int, str] = {}
    for kind, thing in _pickups(plan):
        for i, cluster in enumerate(clusters):
            wares = [t.kind for t in cluster]
            if i not in said and thing in map(str.lower, wares) and _accepts(kind, wares):
                said[i] = kind
                break
    kinds: list[str] = []
    count = Counter(said.values())
    for i, cluster in enumerate(clusters):
        if i in said:
            kinds.append(said[i])
            continue
        kind = _likeliest(cluster, room, count)
        count[kind] += 1
        kinds.append(kind)
    return kinds


def _likeliest(cluster: Cluster, room: Room, count: Counter[str]) -> str:
    wares = [t.kind for t in cluster]
    height = sum(t.z for t in cluster) / len(cluster)
    possible = [
        kind
        for kind, fixture in FIXTURES.items()
        if room in fixture.rooms and kind != "Floor"
        and count[kind] < fixture.rooms[room][1] and _accepts(kind, wares)
    ]  # fmt: skip

    def plausibility(kind: str) -> tuple[float, str]:
        kept = sum(kind in WARES[ware].homes for ware in wares) / len(wares)
        return (kept - abs(FIXTURES[kind].height - height), kind)

    return max(possible, key=plausibility, default="Floor")


def _accepts(kind: str, wares: Sequence[str]) -> bool:
    # With space left for what the task may bring.
    return len(wares) < FIXTURES[kind].capacity and all(takes(kind, ware) for ware in wares)


def _pickups(plan: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Receptacle and thing of each pick-up right after going somewhere, before it is put down."""
    moved: set[str] = set()
    for (before, place), (action, thing) in pairwise(plan):
        fixture = _BY_LOWER.get(place)
        if before == "GotoLocation" and action == "PickupObject" and fixture and thing not in moved:
            yield fixture, thing
        if action == "PutObject":
            moved.add(thing)


def _named(plan: Sequence[tuple[str, str]]) -> list[str]:
    """Receptacles that the expert goes to."""
    return [_BY_LOWER[p] for action, p in plan if action == "GotoLocation" and p in _BY_LOWER]


_BY_LOWER: Mapping[str, str] = {kind.lower(): kind for kind in FIXTURES}


def _lamps(receptacles: Sequence[Receptacle], room: Room, task: Task) -> dict[str, str]:
    lamps = {task.toggle_target} if task.toggle_target else set()
    if room in ("living room", "bedroom"):
        lamps |= set(LAMP_STANDS)
    placed = {}
    for lamp in sorted(lamps):
        beside = [r.name for r in receptacles if r.kind in LAMP_STANDS[lamp]]
        placed[lamp] = beside[0] if beside else FLOOR
    return placed


def _centre(cluster: Cluster, things: Sequence[_Lying], number: int) -> tuple[float, float]:
    """Of the cluster; an empty receptacle is somewhere along the edge of the room."""
    if cluster:
        return (
            sum(t.x for t in cluster) / len(cluster),
            sum(t.y for t in cluster) / len(cluster),
        )
    x = sum(t.x for t in things) / len(things)
    y = sum(t.y for t in things) / len(things)
    angle = number * 2.4
    return (x + 2.5 * math.cos(angle), y + 2.5 * math.sin(angle))
