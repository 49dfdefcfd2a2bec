# SPDX-License-Identifier: Apache-2.0
"""Written directions: what is understood of them, and a made-up city to walk in."""

from __future__ import annotations

import json
import lzma

import pytest
import spatial_map2seq

from street_instructions import landmarks, parse

pytestmark = pytest.mark.unit

NORTH, EAST, SOUTH, WEST = 0, 90, 180, 270


@pytest.mark.parametrize(
    ("text", "turns", "stop"),
    [
        ("Turn left at the light.", [("left", 1)], "fraction"),
        ("Go through the next two lights and turn right at the third.", [("right", 3)], "fraction"),
        ("Pass the intersection, then make a left. Stop before the next light.", [("left", 2)],
         "before"),
        ("If you reach the bank you went too far.", [], "fraction"),
    ],
)  # fmt: skip
def test_turns_are_counted_in_crossings(text, turns, stop):
    understood = parse(text)
    assert [(turn.side, turn.crossing) for turn in understood.turns] == turns
    assert understood.stop.where == stop


def test_landmarks_are_names_and_not_the_words_that_begin_sentences():
    assert landmarks("Turn left at Bank of America and pass Duane Reade.") == {
        "bank of america", "duane reade",
    }  # fmt: skip
    assert landmarks("Go straight. Stop there.") == frozenset()


@pytest.fixture
def data(tmp_path):
    """A grid of streets with a crossing at every fifth node, and two routes of one turn each."""
    nodes, links = {}, []
    for x in range(11):
        for y in range(11):
            if x % 5 == 0 or y % 5 == 0:
                nodes[x, y] = f"p{x}_{y}"
    for (x, y), name in nodes.items():
        for dx, dy, heading in ((0, 1, NORTH), (1, 0, EAST), (0, -1, SOUTH), (-1, 0, WEST)):
            if (x + dx, y + dy) in nodes:
                links.append(f"{name},{heading},{nodes[x + dx, y + dy]}")
    rows = [f"{name},0,{40 + y * 1e-4},{-74 + x * 1.3e-4}" for (x, y), name in nodes.items()]
    path = [nodes[0, y] for y in range(6)] + [nodes[x, 5] for x in range(1, 4)]
    route = {
        "route_panoids": path, "start_heading": NORTH,
        "navigation_text": "Turn right at the light. Stop in the middle of the block.",
    }  # fmt: skip
    texts = {
        "nodes.txt.xz": "\n".join(rows), "links.txt.xz": "\n".join(links),
        "dev_seen.jsonl.xz": "\n".join([json.dumps(route)] * 2),
        "dev_unseen.jsonl.xz": "\n".join([json.dumps(route)] * 2),
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).write_bytes(lzma.compress(text.encode()))
    return tmp_path


def test_plain_directions_through_a_grid_arrive(data, tmp_path):
    figures = spatial_map2seq.run(tmp_path / "out", data)["figures"]
    assert figures["map2seq_tc_no_memory"] == 100.0
    assert figures["map2seq_tc_memory"] == 100.0
    assert figures["map2seq_spd_memory"] <= 1.0


def test_it_says_what_data_it_needs(capsys, tmp_path):
    for arguments in ([], ["--data", str(tmp_path)]):
        with pytest.raises(SystemExit) as ended:
            spatial_map2seq.main(["--out", str(tmp_path), *arguments])
        assert ended.value.code == 2
        assert "nodes.txt.xz" in capsys.readouterr().err
