# SPDX-License-Identifier: Apache-2.0
"""The demonstration: a household's tasks on two days, over ROS 2 or in one process.

With the benchmarks this is the only part of memagent that imports the simulation.
"""
