# SPDX-License-Identifier: Apache-2.0
"""What is kept is what was; what is wrong is named; files are whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from memagent.memory.spatial.topology import (
    Exit,
    Sight,
    TopologyError,
    TopologyGraph,
    graph_from_state,
    graph_state,
    load,
    save,
    write_graphml,
)
from memagent.types import Pose2D

from .looks import look
from .test_closing import drive, square

pytestmark = pytest.mark.unit


@pytest.fixture
def graph() -> TopologyGraph:
    graph = TopologyGraph()
    drive(graph, square(1.3))
    graph.attach("lamp", "place-3", (0.5, 0.0))
    graph.observe(Sight(900.0, Pose2D(40, 0), look("new"), exits=(Exit((1, 0), 0.9), Exit((0, 1)))))
    return graph


def test_a_graph_survives_its_state_and_lives_on_the_same(
    graph: TopologyGraph, tmp_path: Path
) -> None:
    save(graph, tmp_path / "graph.json")
    again = load(tmp_path / "graph.json")
    assert graph_state(again) == graph_state(graph)
    sight = Sight(901.0, Pose2D(42, 1), look("newer"))
    assert again.observe(sight) == graph.observe(sight)
    assert graph_state(again) == graph_state(graph)
    assert [p.name for p in tmp_path.iterdir()] == ["graph.json"]


def test_a_write_that_fails_leaves_the_old_file(
    graph: TopologyGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "graph.json"
    save(graph, path)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        save(graph, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["graph.json"]


def with_(key: str, value: Any) -> Any:
    def change(state: dict[str, Any]) -> None:
        *path, last = key.split(".")
        at: Any = state
        for part in path:
            at = at[int(part) if part.isdigit() else part]
        at[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_("version", 2), "version is 2, this memagent reads version 1"),
        (with_("schema", "other"), "schema: .*'other'"),
        (with_("places.0.pose", [0, 0, "north"]), r"places\.0\.pose\.2: .*'north'"),
        (with_("places.0.descriptor", "?"), r"places\.0\.descriptor: is not base64"),
        (with_("places.1.descriptor", "AAAAAAAA8D8="), "descriptor has 1 dimensions"),
        (with_("places.0.descriptor", "AAAAAAAAAEA="), r"places\.0\.descriptor: must be of length"),
        (with_("places.1.id", "place-0"), r"places\.1\.id: 'place-0' is there twice"),
        (with_("passages.0.b", "nowhere"), r"passages\.0: 'nowhere' is none of"),
        (with_("passages.0.failures", -1), r"passages\.0\.failures"),
        (with_("landmarks.0.place", "nowhere"), r"landmarks\.0\.place"),
        (with_("exits.0.place", "nowhere"), r"exits\.0\.place"),
        (with_("keyframes.0.place", "nowhere"), r"keyframes\.0\.place"),
        (with_("keyframes.1", None), r"keyframes\.1"),
        (with_("aliases", {"old": "nowhere"}), r"aliases\.old"),
        (with_("here", "nowhere"), "here: 'nowhere'"),
        (with_("made", 1), "made: 1 is less than"),
        (with_("extra", 1), "extra: "),
    ],
)
def test_what_is_wrong_with_a_state_is_named(
    graph: TopologyGraph, change: Any, message: str
) -> None:
    state = json.loads(json.dumps(graph_state(graph)))
    change(state)
    with pytest.raises(TopologyError, match=f"graph.json: {message}"):
        graph_from_state(state, source="graph.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_a_file_that_is_no_state_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text(text)
    with pytest.raises(TopologyError, match=r"graph\.json: "):
        load(path)
    with pytest.raises(TopologyError, match=r"none\.json: cannot be read"):
        load(tmp_path / "none.json")


def test_graphml_can_be_read_again(graph: TopologyGraph, tmp_path: Path) -> None:
    write_graphml(graph, tmp_path / "graph.graphml")
    read = nx.read_graphml(tmp_path / "graph.graphml")
    assert set(read) == {place.id for place in graph.places}
    assert read.nodes["place-3"]["landmarks"] == "lamp"
    assert read.number_of_edges() == graph.ways.network.number_of_edges()
