# SPDX-License-Identifier: Apache-2.0
"""Memory as a file that other programs read, and that another memory takes in."""
