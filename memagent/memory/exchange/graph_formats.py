# SPDX-License-Identifier: Apache-2.0
"""What is known, in the formats of graph programs and of map programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import networkx as nx

from memagent.site import Site
from memagent.types import ObjectBelief, WorldBelief


def graphml(graph: nx.MultiDiGraph) -> str:
    """A knowledge graph as GraphML (graphml.graphdrawing.org), which knows only plain values.

    Positions become JSON, and what is not known is left out.
    """
    plain = nx.MultiDiGraph()
    for name, data in graph.nodes(data=True):
        plain.add_node(name, **_plain(data))
    for a, b, key, data in graph.edges(keys=True, data=True):
        plain.add_edge(a, b, key=key, **_plain(data))
    return "\n".join(nx.generate_graphml(plain))


def geojson(world: WorldBelief, site: Site | None = None) -> dict[str, Any]:
    """Places and objects as a GeoJSON feature collection (RFC 7946), but in metres of ``map``.

    Coordinates are x and y (and z), not longitude and latitude: no map program can know where on
    Earth a flat is. Rooms are polygons, places and objects points.
    """
    features = []
    for room in site.rooms if site else ():
        x0, y0, x1, y1 = room.bounds
        ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
        features.append(_feature("Polygon", [ring], {"kind": "room", "name": room.name}))
    for place in site.places if site else ():
        at = {"kind": "place", "name": place.name, "room": place.room}
        features.append(_feature("Point", list(place.stand[:2]), at))
    features += [found for known in world.objects if (found := _object(known)) is not None]
    frame = "map, metres"
    return {"type": "FeatureCollection", "frame": frame, "stamp": world.stamp, "features": features}


def _object(known: ObjectBelief) -> dict[str, Any] | None:
    """The point where an object most probably is; None if no position of it is known."""
    best = next(iter(known.candidates), None)
    if best is None or best.position is None:
        return None
    described = {
        "kind": "object", "name": known.name, "category": known.category, "colour": known.colour,
        "place": best.place, "probability": best.probability, "last_seen": best.last_seen,
    }  # fmt: skip
    return _feature("Point", list(best.position), described)


def _feature(kind: str, coordinates: list[Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": dict(properties)}


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, (str, int, float, bool)) else json.dumps(value)
        for name, value in data.items()
        if value is not None
    }
