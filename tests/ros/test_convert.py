# SPDX-License-Identifier: Apache-2.0
"""Every value of the data model survives the way through its ROS message, also serialised."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("memagent_interfaces")

from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from memagent import types
from memagent.ros import convert

pytestmark = pytest.mark.unit

finite = st.floats(-1e6, 1e6)
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
vector = st.tuples(finite, finite, finite)
optional_vector = st.none() | vector
predicate = st.sampled_from(["on", "in", "near", "holding", "at"])

relations = st.builds(types.Relation, text, predicate, text, finite)
objects = st.builds(
    types.ObjectObservation,
    st.integers(0, 2**31),
    text,
    text,
    text,
    text,
    vector,
    finite,
    vector,
    finite,
    st.integers(0, 2**31),
)
percepts = st.builds(
    types.Percept,
    stamp=st.integers(0, 2**31 - 1).map(float),
    base=st.builds(types.Pose2D, finite, finite, finite),
    objects=st.lists(objects, max_size=3).map(tuple),
    containers=st.lists(
        st.builds(types.ContainerObservation, text, st.booleans(), finite, finite), max_size=3
    ).map(tuple),
    relations=st.lists(relations, max_size=3).map(tuple),
    viewed=st.dictionaries(text, finite, max_size=3),
    holding=st.booleans(),
    room=text,
    summary=text,
    queries=st.lists(text, max_size=3).map(tuple),
    boundary=st.booleans(),
    source=text,
)
calls = st.builds(types.SkillCall, text, text, text, optional_vector)
outcomes = st.builds(
    types.SkillOutcome, calls, st.sampled_from(list(types.Code)), text, finite, finite
)
plans = st.builds(
    types.Plan,
    text,
    text,
    st.lists(
        st.builds(types.Step, calls, st.sampled_from(["pending", "running", "done"]), text),
        max_size=4,
    ).map(tuple),
    st.integers(0, 1000),
    text,
)
facts = st.builds(
    types.Fact,
    text,
    relations,
    finite,
    st.none() | finite,
    finite,
    optional_vector,
    st.booleans(),
    text,
)
items = st.builds(
    types.MemoryItem,
    id=text,
    kind=st.sampled_from(["step", "note"]),
    text=text,
    stamp=finite,
    position=optional_vector,
    valid_from=st.none() | finite,
    valid_to=st.none() | finite,
    episode=text,
    confidence=finite,
    source=text,
    data=st.dictionaries(text, finite | text, max_size=3),
)
beliefs = st.builds(
    types.ObjectBelief,
    text,
    text,
    text,
    st.lists(
        st.builds(
            types.PlaceBelief, text, predicate, finite, optional_vector, st.none() | finite, text
        ),
        max_size=3,
    ).map(tuple),
)
worlds = st.builds(
    types.WorldBelief,
    finite,
    st.none() | st.builds(types.Pose2D, finite, finite, finite),
    text,
    st.lists(beliefs, max_size=2).map(tuple),
    st.lists(st.builds(types.ContainerBelief, text, st.booleans(), finite), max_size=2).map(tuple),
    st.dictionaries(text, finite, max_size=2),
)

ROUND_TRIPS = {
    "percept": (percepts, convert.percept_to_msg, convert.percept_from_msg),
    "call": (calls, convert.call_to_msg, convert.call_from_msg),
    "outcome": (outcomes, convert.outcome_to_msg, convert.outcome_from_msg),
    "plan": (plans, convert.plan_to_msg, convert.plan_from_msg),
    "fact": (facts, convert.fact_to_msg, convert.fact_from_msg),
    "item": (items, convert.item_to_msg, convert.item_from_msg),
    "belief": (beliefs, convert.belief_to_msg, convert.belief_from_msg),
    "world": (worlds, convert.world_to_msg, convert.world_from_msg),
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_round_trip_over_the_wire(name, data):
    strategy, to_msg, from_msg = ROUND_TRIPS[name]
    value = data.draw(strategy)
    message = to_msg(value)
    arrived = deserialize_message(serialize_message(message), type(message))
    assert from_msg(arrived) == value


@given(st.floats(0, 2e9))
def test_stamps_keep_nanoseconds(seconds):
    message = convert.stamp_to_msg(seconds)
    assert 0 <= message.nanosec < 1_000_000_000
    assert convert.stamp_from_msg(message) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images(dtype):
    random = np.random.default_rng(0)
    shape = (6, 5, 3) if dtype == np.uint8 else (6, 5)
    pixels = (random.random(shape) * 200).astype(dtype)
    assert np.array_equal(convert.image_from_msg(convert.image_to_msg(pixels, Header())), pixels)


def test_depth_in_millimetres_becomes_metres():
    message = convert.image_to_msg(np.zeros((2, 2), np.float32), Header())
    message.encoding, message.step = "16UC1", 4
    message.data = np.array([[500, 1000], [0, 65535]], np.uint16).tobytes()
    assert convert.image_from_msg(message)[0].tolist() == pytest.approx([0.5, 1.0])


def test_an_unknown_encoding_is_named():
    message = convert.image_to_msg(np.zeros((2, 2), np.float32), Header())
    message.encoding = "yuv422"
    with pytest.raises(ValueError, match=r"yuv422.*rgb8"):
        convert.image_from_msg(message)


def test_transform_round_trip():
    angle = 0.7
    matrix = np.eye(4)
    matrix[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    matrix[:3, 3] = (1, -2, 3)
    assert np.allclose(convert.transform_from_msg(convert.transform_to_msg(matrix)), matrix)
