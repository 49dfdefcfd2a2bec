# SPDX-License-Identifier: Apache-2.0
"""A graph as one JSON-able state and back, with a version and checks; files written atomically."""

from __future__ import annotations

import base64
import binascii
import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from memagent.memory.spatial.topology.config import TopologyConfig
from memagent.memory.spatial.topology.graph import TopologyGraph
from memagent.memory.spatial.topology.recognition import Hypothesis
from memagent.memory.spatial.topology.trajectory import Keyframe
from memagent.memory.spatial.topology.values import (
    Exit,
    Landmark,
    Passage,
    Place,
    TopologyError,
    unit,
)
from memagent.types import FloatArray, Pose2D
from memagent.whole_file import write_whole

VERSION = 1

Count = Annotated[int, Field(ge=0)]
Length = Annotated[FiniteFloat, Field(ge=0)]
Width = Annotated[float, Field(gt=0)] | None
"""None: not measured."""
PoseState = tuple[FiniteFloat, FiniteFloat, FiniteFloat]


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaceState(_State):
    id: str
    pose: PoseState
    descriptor: str
    """float64, little-endian, base64."""
    label: str
    visits: Count
    stamp: FiniteFloat
    odometer: Length


class PassageState(_State):
    a: str
    b: str
    length: Length
    seconds: Length | None
    successes: Count
    failures: Count
    width: Width


class HangingState(_State):
    place: str
    offset: tuple[FiniteFloat, FiniteFloat]


class LandmarkState(HangingState):
    name: str


class ExitState(HangingState):
    width: Width


class KeyframeState(_State):
    place: str
    pose: PoseState
    delta: PoseState
    driven: Length
    anchor: bool


class GraphState(_State):
    """Everything that a graph is."""

    schema_: Literal["memagent.topology"] = Field("memagent.topology", alias="schema")
    version: Literal[1] = 1
    config: TopologyConfig
    places: tuple[PlaceState, ...]
    passages: tuple[PassageState, ...]
    landmarks: tuple[LandmarkState, ...]
    exits: tuple[ExitState, ...]
    keyframes: tuple[KeyframeState, ...]
    odometer: Length
    odometry: PoseState | None
    since: PoseState
    since_driven: Length
    pending: tuple[tuple[str, str], ...]
    aliases: dict[str, str]
    made: Count
    here: str | None
    arrived: FiniteFloat | None


def graph_state(graph: TopologyGraph) -> dict[str, Any]:
    """The graph as plain JSON values."""
    trajectory = graph.trajectory
    state = GraphState(
        schema="memagent.topology",
        config=graph.config,
        places=tuple(
            PlaceState(
                id=p.id,
                pose=_numbers(p.pose),
                descriptor=base64.b64encode(p.descriptor.astype("<f8").tobytes()).decode(),
                label=p.label,
                visits=p.visits,
                stamp=p.stamp,
                odometer=p.odometer,
            )
            for p in graph.places
        ),
        passages=tuple(
            PassageState(
                a=a,
                b=b,
                length=p.length,
                seconds=None if math.isnan(p.seconds) else p.seconds,
                successes=p.successes,
                failures=p.failures,
                width=_width(p.width),
            )
            for a, b, p in graph.ways.passages()
        ),
        landmarks=tuple(
            LandmarkState(place=x.place, offset=x.offset, name=x.name)
            for x in graph.belongings.landmarks()
        ),
        exits=tuple(
            ExitState(place=p.id, offset=e.offset, width=_width(e.width))
            for p in graph.places
            for e in graph.belongings.exits(p.id)
        ),
        keyframes=tuple(
            KeyframeState(
                place=f.place,
                pose=_numbers(f.pose),
                delta=_numbers(f.delta),
                driven=f.driven,
                anchor=f.anchor,
            )
            for f in trajectory.keyframes
        ),
        odometer=trajectory.odometer,
        odometry=None if trajectory.odometry is None else _numbers(trajectory.odometry),
        since=_numbers(trajectory.since),
        since_driven=trajectory.since_driven,
        pending=tuple((h.new, h.old) for h in graph.recogniser.pending),
        aliases=graph.aliases,
        made=graph.made,
        here=graph.here,
        arrived=None if math.isnan(graph.arrived) else graph.arrived,
    )
    return state.model_dump(mode="json", by_alias=True)


def graph_from_state(state: object, *, source: str = "the state") -> TopologyGraph:
    """The graph that ``graph_state`` described.

    Raises:
        TopologyError: the state is malformed, of another version, or contradicts itself; the
            message begins with ``source`` and names the key and the value.
    """
    if isinstance(state, dict) and state.get("version", VERSION) != VERSION:
        raise TopologyError(
            f"{source}: version is {state['version']!r}, this memagent reads version {VERSION}"
        )
    try:
        read = GraphState.model_validate(state)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the state as a whole"
        given = repr(first.get("input"))[:80]
        raise TopologyError(f"{source}: {key}: {first['msg']} (got {given})") from error
    graph = TopologyGraph(read.config)
    try:
        _fill(graph, read)
    except TopologyError as error:
        raise TopologyError(f"{source}: {error}") from error
    return graph


def save(graph: TopologyGraph, path: Path) -> None:
    """Write the state to ``path``: the old file or the new one, never half of one."""
    write_whole(path, json.dumps(graph_state(graph), allow_nan=False).encode())


def load(path: Path) -> TopologyGraph:
    """Read what ``save`` wrote.

    Raises:
        TopologyError: the file is missing, is not JSON, or its state is wrong.
    """
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TopologyError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise TopologyError(f"{path}: is not JSON: {error}") from error
    return graph_from_state(state, source=str(path))


def _fill(graph: TopologyGraph, read: GraphState) -> None:
    for n, p in enumerate(read.places):
        if p.id in graph.places:
            raise TopologyError(f"places.{n}.id: {p.id!r} is there twice")
        look = _descriptor(p.descriptor, where=f"places.{n}.descriptor")
        place = Place(p.id, Pose2D(*p.pose), look, p.label, p.visits, p.stamp, p.odometer)
        graph.places.put(place)
        graph.ways.network.add_node(p.id)
    known = [(f"passages.{n}", end) for n, p in enumerate(read.passages) for end in (p.a, p.b)]
    known += [(f"landmarks.{n}.place", x.place) for n, x in enumerate(read.landmarks)]
    known += [(f"exits.{n}.place", x.place) for n, x in enumerate(read.exits)]
    known += [(f"keyframes.{n}.place", f.place) for n, f in enumerate(read.keyframes) if f.place]
    known += [(f"aliases.{old}", new) for old, new in read.aliases.items()]
    known += [("here", read.here)] if read.here is not None else []
    for key, id in known:
        if id not in graph.places:
            raise TopologyError(f"{key}: {id!r} is none of the {len(graph.places)} places")
    anchors = [f.place for f in read.keyframes if f.anchor]
    if len(set(anchors)) < len(anchors):
        raise TopologyError("keyframes: a place has two anchors")
    if read.made < len(read.places):
        raise TopologyError(f"made: {read.made} is less than the {len(read.places)} places")
    for way in read.passages:
        seconds = math.nan if way.seconds is None else way.seconds
        width = math.inf if way.width is None else way.width
        passage = Passage(way.length, seconds, way.successes, way.failures, width)
        graph.ways.put(way.a, way.b, passage)
    for x in read.landmarks:
        graph.belongings.attach(Landmark(x.name, x.place, x.offset))
    for e in read.exits:
        graph.belongings.put_exit(e.place, Exit(e.offset, math.inf if e.width is None else e.width))
    trajectory = graph.trajectory
    trajectory.keyframes = [
        Keyframe(f.place, Pose2D(*f.pose), Pose2D(*f.delta), f.driven, f.anchor)
        for f in read.keyframes
    ]
    trajectory.odometer = read.odometer
    trajectory.odometry = None if read.odometry is None else Pose2D(*read.odometry)
    trajectory.since, trajectory.since_driven = Pose2D(*read.since), read.since_driven
    graph.recogniser.pending = [Hypothesis(new, old) for new, old in read.pending]
    graph.aliases, graph.made, graph.here = dict(read.aliases), read.made, read.here
    graph.arrived = math.nan if read.arrived is None else read.arrived


def _descriptor(text: str, where: str) -> FloatArray:
    try:
        look = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f8")
    except (binascii.Error, ValueError) as error:
        raise TopologyError(f"{where}: is not base64 of float64 numbers: {error}") from error
    if abs(float(np.linalg.norm(look)) - 1.0) > 1e-6:
        unit(look, of=where)  # names NaN, emptiness and zeros
        raise TopologyError(f"{where}: must be of length 1, is of length {np.linalg.norm(look)}")
    return look.astype(np.float64)


def _numbers(pose: Pose2D) -> PoseState:
    return pose.x, pose.y, pose.yaw


def _width(width: float) -> float | None:
    return None if math.isinf(width) else width
