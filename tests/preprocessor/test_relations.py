# SPDX-License-Identifier: Apache-2.0
import pytest

from memagent.preprocessor.relations import relate
from memagent.preprocessor.settings import RelationConfig
from memagent.types import ObjectObservation, Relation

pytestmark = pytest.mark.unit


def seen(label, x, y, bottom, size=(0.07, 0.07, 0.09)):
    position = (x, y, bottom + size[2] / 2)
    return ObjectObservation(1, label, label, "red", "cylinder", position, 0.0, size, 0.9, 400)


def related(site, *objects, **openings):
    named = {name.replace("_", " "): value for name, value in openings.items()}
    relations = relate(objects, site, named, RelationConfig())
    return {(r.subject, r.predicate, r.object) for r in relations}


def test_on_a_surface(site):
    assert related(site, seen("mug", 1.2, 0.3, 0.755)) == {("mug", "on", "kitchen counter")}


def test_in_a_drawer_only_where_it_is_open_to(site):
    mug = seen("mug", 2.5, 0.65, 0.55)
    assert related(site, mug, top_drawer=1.0) == {("mug", "in", "top drawer")}
    assert related(site, mug, top_drawer=0.0) == set()


def test_in_the_fridge(site):
    assert related(site, seen("can", 0.3, 2.4, 0.56), fridge=1.0) == {("can", "in", "fridge")}


def test_nothing_holds_an_object_in_the_air(site):
    assert related(site, seen("mug", 1.2, 0.3, 0.85)) == set()
    assert related(site, seen("mug", 1.2, 1.5, 0.6)) == set()


def test_on_the_floor_but_not_through_furniture(site):
    assert related(site, seen("mug", 2.0, 2.0, 0.0)) == {("mug", "on", "floor")}
    assert related(site, seen("mug", 1.2, 0.3, 0.0)) == set()


def test_stacked_objects_share_the_place(site):
    box = seen("box", 1.2, 0.3, 0.75, (0.09, 0.06, 0.08))
    ball = seen("ball", 1.21, 0.3, 0.83, (0.06, 0.06, 0.06))
    found = related(site, box, ball)
    assert ("ball", "on", "kitchen counter") in found
    assert ("ball", "near", "box") in found or ("box", "near", "ball") in found


def test_near_needs_a_quarter_of_a_metre(site):
    close, far = seen("cup", 1.4, 0.3, 0.75), seen("can", 1.7, 0.3, 0.75)
    near = {r for r in related(site, seen("mug", 1.2, 0.3, 0.75), close, far) if r[1] == "near"}
    assert near == {("mug", "near", "cup")}


def test_confidence_is_the_objects(site):
    relations = relate([seen("mug", 1.2, 0.3, 0.75)], site, {}, RelationConfig())
    assert relations == (Relation("mug", "on", "kitchen counter", 0.9),)
