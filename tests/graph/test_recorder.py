# SPDX-License-Identifier: Apache-2.0
"""What passes on the graph ends up in a file that others can read."""

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from memagent.ros import convert, qos
from memagent.ros.calls import wait_until
from memagent.ros.recorder import Recorder, message_types
from memagent.types import ObjectObservation, Percept, Pose2D
from memagent_interfaces import msg

pytestmark = pytest.mark.graph

MUG = ObjectObservation(
    3, "red mug", "mug", "red", "cylinder", (1.0, 2.0, 0.8), 0.1, (0.07, 0.07, 0.09), 0.9, 300
)


@pytest.fixture
def node():
    rclpy.init()
    node = rclpy.create_node("recorder_test")
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


def test_percepts_and_pictures_can_be_read_back(node, tmp_path):
    recorder = Recorder(node, tmp_path / "recording")
    percepts = node.create_publisher(msg.Percept, "memagent/percept", qos.RELIABLE)
    images = node.create_publisher(Image, "head_camera/color", qos.SENSOR)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    picture = np.full((48, 64, 3), (200, 30, 30), np.uint8)
    seen = Percept(stamp=5.0, base=Pose2D(1.0, 2.0, 0.5), objects=(MUG,), summary="a red mug")

    def both_recorded():
        percepts.publish(convert.percept_to_msg(seen))
        images.publish(convert.image_to_msg(picture, Header()))
        executor.spin_once(timeout_sec=0.1)
        return {"/memagent/percept", "/head_camera/color/compressed"} <= recorder.topics

    assert wait_until(both_recorded, 10)
    recorder.close()
    recorder.close()  # twice does no harm

    store = get_typestore(Stores.ROS2_KILTED)
    store.register(message_types())
    read = {}
    with AnyReader([tmp_path / "recording"], default_typestore=store) as reader:
        for connection, _, data in reader.messages():
            read[connection.topic] = reader.deserialize(data, connection.msgtype)
    percept = read["/memagent/percept"]
    assert percept.objects[0].label == "red mug"
    assert percept.objects[0].position.z == pytest.approx(0.8)
    assert bytes(read["/head_camera/color/compressed"].data[:2]) == b"\xff\xd8", "not a JPEG"
