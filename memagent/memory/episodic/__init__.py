# SPDX-License-Identifier: Apache-2.0
"""What happened: episodes, the events in them, and their order in time."""
