# SPDX-License-Identifier: Apache-2.0
"""Memory as one JSON-able dictionary, for people, other programs and other memories."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from memagent.memory.exchange.layout import FORMAT, TABLES, Table
from memagent.memory.state import MemoryState

_EPISODES = 1000


def exported(state: MemoryState) -> dict[str, Any]:
    """All that is known: first as people see it, then row by row, as another memory takes it in.

    People see rooms with their places and the objects most probably there, facts, the newest
    episodes and lessons.
    """
    return {
        "format": FORMAT,
        "memory": state.tables.meta("id"),
        "stamp": state.now,
        "percept_stamp": state.percept_stamp,
        "rooms": _rooms(state),
        "objects": [asdict(entity) for entity in state.entities.all()],
        "facts": [asdict(fact.public()) for fact in state.tables.all_facts()],
        "episodes": [asdict(episode) for episode in state.tables.episodes(_EPISODES)],
        "lessons": [asdict(lesson) for lesson in state.lessons.all()],
        "tables": {name: _table(state, name, table) for name, table in TABLES.items()},
    }


def _table(state: MemoryState, name: str, table: Table) -> dict[str, Any]:
    columns = list(table.columns)
    found = state.tables.store.query(
        f"SELECT {', '.join(columns)} FROM {name} ORDER BY {', '.join(table.key)}"
    )
    objects = [i for i, c in enumerate(columns) if table.columns[c].type in ("object", "texts")]
    rows = [list(row) for row in found]
    for row in rows:
        for i in objects:
            row[i] = None if row[i] is None else json.loads(row[i])
    return {"columns": columns, "rows": rows}


def _rooms(state: MemoryState) -> list[dict[str, Any]]:
    by_place: dict[str, list[dict[str, Any]]] = {}
    for entity in state.entities.all():
        for belief in state.believe(entity.name)[:1]:
            by_place.setdefault(belief.place, []).append(
                {
                    "name": entity.name,
                    "category": entity.category,
                    "colour": entity.colour,
                    "predicate": belief.predicate,
                    "probability": belief.probability,
                    "position": belief.position,
                    "evidence": belief.evidence,
                }
            )
    containers = {c.name: c for c in state.places.beliefs(state.now)}
    rooms: dict[str, dict[str, Any]] = {}
    for room in state.site.rooms if state.site else ():
        rooms[room.name] = {"name": room.name, "places": []}
    for candidate in state.candidates():
        place: dict[str, Any] = {
            "name": candidate.name,
            "objects": by_place.pop(candidate.name, []),
        }
        if candidate.name in containers:
            place["open"] = containers[candidate.name].is_open
        room_entry = rooms.setdefault(candidate.room, {"name": candidate.room, "places": []})
        room_entry["places"].append(place)
    for name, objects in by_place.items():  # The floor, the gripper, rooms as a whole.
        rooms.setdefault("", {"name": "", "places": []})["places"].append(
            {"name": name, "objects": objects}
        )
    return list(rooms.values())
