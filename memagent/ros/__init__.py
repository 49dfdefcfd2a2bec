# SPDX-License-Identifier: Apache-2.0
"""The node graph: one thin lifecycle node per region, and their bring-up.

The only package that imports ``rclpy``. The modules are imported one by one, so that reading the
graph's description needs no ROS.
"""
