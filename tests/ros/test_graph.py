# SPDX-License-Identifier: Apache-2.0
"""The node graph as data."""

import pytest

from memagent import resources
from memagent.errors import ConfigError
from memagent.ros.graph import load_graph

pytestmark = pytest.mark.unit

FULL = "configs/graph/full.yaml"


def test_defaults_start_the_whole_graph():
    nodes = load_graph(resources.find(FULL)).resolve({})
    assert [n.name for n in nodes] == [
        "simulated_robot",
        "memory",
        "preprocessor",
        "executor",
        "planner",
    ]
    robot = nodes[0]
    assert robot.parameters["world"] == "configs/worlds/flat.yaml"
    assert (robot.parameters["seed"], robot.parameters["speed"]) == (0, 1.0)
    assert robot.required


def test_a_real_robot_starts_without_the_simulation_and_on_wall_time():
    nodes = load_graph(resources.find(FULL)).resolve({"sim": "false", "robot": "my.yaml"})
    assert "simulated_robot" not in [n.name for n in nodes]
    assert all(n.parameters["use_sim_time"] is False for n in nodes)
    assert next(n for n in nodes if n.name == "executor").parameters["robot"] == "my.yaml"


def test_chosen_values_keep_their_type():
    robot = load_graph(resources.find(FULL)).resolve({"seed": "7", "speed": "2"})[0]
    assert robot.parameters["seed"] == 7
    assert isinstance(robot.parameters["speed"], float)
    assert isinstance(robot.parameters["start_time"], str)


@pytest.mark.parametrize(("name", "text"), [("seed", "x"), ("speed", "fast"), ("sim", "maybe")])
def test_a_value_of_the_wrong_kind_is_named(name, text):
    with pytest.raises(ConfigError, match=rf"argument {name}: must be .*'{text}'"):
        load_graph(resources.find(FULL)).resolve({name: text})


def test_an_unknown_argument_is_named_with_those_there_are():
    with pytest.raises(ConfigError, match=r"no argument 'sped'.*speed"):
        load_graph(resources.find(FULL)).resolve({"sped": "2"})


def test_a_reference_to_nothing_is_refused(tmp_path):
    file = tmp_path / "graph.yaml"
    file.write_text(
        "arguments: {}\n"
        "nodes: [{name: a, package: p, executable: e, module: m, parameters: {x: $(nowhere)}}]\n"
    )
    with pytest.raises(ConfigError, match=r"graph.yaml.*nowhere"):
        load_graph(file)
