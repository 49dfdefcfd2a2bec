# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from memagent.errors import ConfigError
from memagent_sim.world import ScenarioSpec, World, WorldConfig, load_world

pytestmark = pytest.mark.unit


def test_paths_are_relative_to_the_file(config: WorldConfig) -> None:
    assert config.site.is_absolute()
    assert config.site.name == "flat.yaml"


def test_labels_come_from_the_catalogue(world: World) -> None:
    assert {"red mug", "blue mug", "banana", "cyan can"} <= set(world.objects)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "pink"}, "colour must be one of"),
        ({"category": "spaceship"}, "no category 'spaceship'"),
        ({"places": ("moon",)}, "'moon' is not one of"),
    ],
)
def test_an_object_must_fit_catalogue_and_site(
    config: WorldConfig, change: dict[str, Any], message: str
) -> None:
    broken = config.objects[0].model_copy(update=change)
    with pytest.raises(ConfigError, match=message):
        World(config.model_copy(update={"objects": (broken, *config.objects[1:])}))


def test_the_same_object_twice_is_an_error(config: WorldConfig) -> None:
    with pytest.raises(ConfigError, match="same category and colour"):
        World(config.model_copy(update={"objects": (*config.objects, config.objects[0])}))


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (ScenarioSpec(pinned={"moon": 1}), "scenario.pinned: 'moon'"),
        (ScenarioSpec(overnight={"grail": ()}), "scenario.overnight: 'grail'"),
        (ScenarioSpec(overnight={"banana": ("moon",)}), "scenario.overnight.banana: 'moon'"),
    ],
)
def test_a_scenario_must_name_what_exists(
    config: WorldConfig, scenario: ScenarioSpec, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        World(config.model_copy(update={"scenario": scenario}))


def test_a_task_says_in_one_way_what_it_is_about(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_text(
        "{site: s, robot: r, catalogue: c, start: [0, 0, 0], objects: [], tasks: ["
        "{instruction: tidy up, relation: in, place: fridge}]}"
    )
    with pytest.raises(ConfigError, match=r"world\.yaml: tasks\.0: .*either objects or"):
        load_world(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_text("{site: s, robot: r, catalogue: c, start: [0, 0, 0], objects: [], tasks: []}")
    with pytest.raises(ConfigError, match=str(tmp_path / "s")):
        load_world(path)
