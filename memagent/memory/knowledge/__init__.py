# SPDX-License-Identifier: Apache-2.0
"""What is where: objects, the graph of facts about them with its history, and beliefs."""
