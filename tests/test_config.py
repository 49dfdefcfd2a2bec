# SPDX-License-Identifier: Apache-2.0
"""Configuration files: what ships is valid, and what is wrong is named."""

import pytest

from memagent import resources
from memagent.catalogue import load_catalogue
from memagent.errors import ConfigError
from memagent.robot import load_robot
from memagent.site import door_corners, load_site

pytestmark = pytest.mark.unit


def test_what_ships_is_valid():
    site = load_site(resources.find("configs/sites/flat.yaml"))
    assert {p.room for p in site.places} == {r.name for r in site.rooms}
    assert load_catalogue(resources.find("configs/objects.yaml")).category("banana") is not None
    assert len(load_robot(resources.find("configs/robots/mobile_panda.yaml")).arm.joints) == 7


def test_a_missing_file_says_where_was_looked():
    with pytest.raises(ConfigError, match=r"nowhere.yaml: no such file in "):
        resources.find("configs/nowhere.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", r"robot.yaml: is not valid YAML"),
        ("- 1", r"robot.yaml: must hold keys and values, got list"),
        ("name: x", r"robot.yaml: .*base: Field required"),
        ("nam: x", r"nam: Extra inputs are not permitted \(got 'x'\)"),
    ],
)
def test_a_corrupt_file_is_named_with_key_and_value(tmp_path, text, message):
    file = tmp_path / "robot.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_robot(file)


def test_a_place_in_no_room_is_refused(tmp_path):
    text = resources.find("configs/sites/flat.yaml").read_text()
    file = tmp_path / "site.yaml"
    file.write_text(text.replace("name: desk, room: study", "name: desk, room: attic"))
    with pytest.raises(ConfigError, match=r"'desk'.*'attic'.*study"):
        load_site(file)


def test_an_open_drawer_carries_its_contents_and_its_front():
    drawer = load_site(resources.find("configs/sites/flat.yaml")).place("top drawer")
    travel = drawer.joint.travel
    assert drawer.bounds_at(1.0)[1] == pytest.approx(drawer.bounds[1] + travel)
    closed, opened = door_corners(drawer, 0.0), door_corners(drawer, 1.0)
    assert opened[0][1] - closed[0][1] == pytest.approx(travel)
    x0, _, x1, y1 = drawer.bounds
    middle = ((x0 + x1) / 2, y1 + travel / 2, drawer.height + 0.05)
    assert drawer.contains(middle, opening=1.0)
    assert not drawer.contains(middle, opening=0.0)


def test_a_hinged_door_keeps_its_hinge_edge():
    fridge = load_site(resources.find("configs/sites/flat.yaml")).place("fridge")
    hinge = fridge.joint.axis
    corners = door_corners(fridge, 1.0)
    assert min((x - hinge[0]) ** 2 + (y - hinge[1]) ** 2 for x, y in corners) < 1e-3
