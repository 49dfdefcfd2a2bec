# SPDX-License-Identifier: Apache-2.0
"""``memagent memory``: what it prints, for people and for programs, and what it refuses."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from lived_memory import live
from typer.testing import CliRunner

from memagent import resources
from memagent.cli import app
from memagent.memory import LifelongMemory
from memagent.site import load_site

pytestmark = pytest.mark.unit

SITE = "configs/sites/flat.yaml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A memory of a mug that wandered from the desk to the shelf."""
    path = tmp_path / "robot.db"
    live(path, "red mug", moved=4000.0, site=load_site(resources.find(SITE)))
    return path


def run(file: Path | str, *arguments: str, status: int = 0) -> Result:
    done = CliRunner().invoke(app, ["memory", "--file", str(file), "--site", SITE, *arguments])
    assert done.exit_code == status, done.output
    return done


def as_json(file: Path, *arguments: str) -> Any:
    return json.loads(run(file, "--json", *arguments).stdout)


def test_recall_finds_by_words_place_and_time(file: Path) -> None:
    assert "the guest likes tea" in run(file, "recall", "tea").stdout
    (found,) = as_json(file, "recall", "--near", "1,2", "--since", "1min")
    assert (found["text"], found["position"]) == ("the guest likes tea", [1.0, 2.0, 0.0])
    assert 0.0 < found["score"] <= 1.0
    assert as_json(file, "recall", "mug", "--until", "100", "--kind", "relation")
    assert run(file, "recall", "zebra", "--until", "5").stdout == "nothing\n"


def test_where_says_how_sure_it_is(file: Path) -> None:
    told = run(file, "where", "mug").stdout
    assert "on shelf" in told
    assert "%" in told
    assert as_json(file, "where", "red mug")["candidates"][0]["place"] == "shelf"


def test_facts_are_told_as_of_now_and_as_of_then(file: Path) -> None:
    assert "red mug on shelf" in run(file, "facts", "red mug").stdout
    assert "red mug on desk" in run(file, "facts", "red mug", "--as-of", "20").stdout
    assert "red mug on shelf" in run(file, "facts", "mug").stdout, "by kind, as where is asked"
    both = as_json(file, "facts", "mug", "--history")
    assert [fact["relation"]["object"] for fact in both] == ["shelf", "desk"]
    assert "whose history" in run(file, "facts", "--history", status=1).stderr


def test_the_graph_and_the_timeline_are_shown(file: Path) -> None:
    edges = as_json(file, "graph", "red mug")["edges"]
    assert ("red mug", "on", "shelf") in {(e["from"], e["predicate"], e["to"]) for e in edges}
    assert "red mug" in run(file, "graph", "--as-of", "1h").stdout
    stamps = [item["stamp"] for item in as_json(file, "timeline", "--limit", "3")]
    assert stamps == sorted(stamps)
    assert len(stamps) == 3
    assert "tea" in run(file, "near", "1", "2").stdout


def test_what_was_lived_through_is_told(file: Path) -> None:
    assert "fetch the mug" in run(file, "episodes").stdout
    assert "pick" in run(file, "lessons", "pick", "red mug").stdout
    assert as_json(file, "habits", "mug")[0]["place"] in ("desk", "shelf")
    assert as_json(file, "stats")["item"] > 3


def test_a_correction_is_made_listed_and_taken_back(file: Path) -> None:
    assert "a person says" in run(file, "correct", "red mug", "desk").stdout
    assert "a person says" in run(file, "operations").stdout
    assert as_json(file, "where", "mug")["candidates"][0]["place"] == "desk"
    assert run(file, "undo").stdout.startswith("undone")
    assert as_json(file, "where", "mug")["candidates"][0]["place"] == "shelf"
    assert "no object is called" in run(file, "merge", "red mug", "blue cup", status=1).stderr


def test_forgetting_asks_first(file: Path) -> None:
    (item,) = as_json(file, "recall", "tea")[:1]
    refused = CliRunner().invoke(app, ["memory", "--file", str(file), "forget", item["id"]], "n\n")
    assert refused.exit_code == 1
    assert as_json(file, "recall", "tea")[0]["id"] == item["id"]
    run(file, "forget", item["id"], "--yes")
    assert "there is no" in run(file, "forget", item["id"], "--yes", status=1).stderr
    assert "tea" not in run(file, "recall", "tea").stdout


def test_exports_can_be_read_by_what_they_are_for(file: Path, tmp_path: Path) -> None:
    run(file, "export", str(tmp_path / "all.json"))
    other = tmp_path / "other.db"
    LifelongMemory(other).close()
    assert as_json(other, "import", str(tmp_path / "all.json"))["fact"] > 0
    assert as_json(other, "where", "red mug")["candidates"][0]["place"] == "shelf"
    run(file, "export", str(tmp_path / "graph.xml"), "--format", "graphml", "--as-of", "20")
    names = {
        node.attrib["id"]
        for node in ElementTree.parse(tmp_path / "graph.xml").iter()
        if node.tag.endswith("}node")
    }
    assert {"red mug", "desk"} <= names
    run(file, "export", str(tmp_path / "map.json"), "--format", "geojson")
    features = json.loads((tmp_path / "map.json").read_text())["features"]
    by_name = {f["properties"]["name"]: f["geometry"] for f in features}
    assert by_name["red mug"]["coordinates"][:2] == pytest.approx([7.7, 4.4], abs=0.05)
    assert by_name["kitchen"]["type"] == "Polygon"
    assert "cannot be written" in run(file, "export", "/nowhere/x.json", status=1).stderr


def test_the_file_is_cared_for(file: Path, tmp_path: Path) -> None:
    assert "no damage" in run(file, "check").stdout
    run(file, "snapshot", str(tmp_path / "copy.db"))
    assert as_json(tmp_path / "copy.db", "stats") == as_json(file, "stats")
    with LifelongMemory(file) as memory:
        for number in range(300):
            memory.remember(f"chatter {number} " + "word " * 50, stamp=5000.0)
        with memory._store.transaction():
            memory._store.execute("DELETE FROM item WHERE text LIKE 'chatter %'")
    size = file.stat().st_size
    assert as_json(file, "compact")["bytes"] > 0
    assert file.stat().st_size < size
    assert "no damage" in run(file, "check").stdout
    damaged = bytearray(file.read_bytes())
    damaged[4096 * 3 : 4096 * 6] = bytes(4096 * 3)
    file.write_bytes(damaged)
    assert "damaged" in run(file, "check", status=1).stderr


def test_what_changes_a_memory_is_refused_while_the_robot_writes_it(file: Path) -> None:
    with LifelongMemory(file):
        assert "already writing" in run(file, "correct", "red mug", "desk", status=1).stderr
        assert "on shelf" in run(file, "where", "mug").stdout, "questions are answered beside it"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("timeline", "--since", "yesterday"), "is no time: write seconds"),
        (("timeline", "--since", "[/red]"), "'[/red]' is no time"),
        (("recall", "--near", "here"), "write x,y or x,y,z"),
        (("recall", "--near", "1,2,3,4"), "write x,y or x,y,z"),
    ],
)
def test_what_cannot_be_understood_is_refused(file: Path, arguments: Any, said: str) -> None:
    assert said in run(file, *arguments, status=1).stderr


def test_no_memory_is_made_by_asking_for_one(tmp_path: Path) -> None:
    missing = tmp_path / "none.db"
    assert "there is no such memory" in run(missing, "stats", status=1).stderr
    assert "there is no such memory" in run(missing, "correct", "a", "b", status=1).stderr
    assert not missing.exists()
