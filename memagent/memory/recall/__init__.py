# SPDX-License-Identifier: Apache-2.0
"""Finding memories again: by words and meaning, by place and by time."""
