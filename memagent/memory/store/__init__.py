# SPDX-License-Identifier: Apache-2.0
"""Where memory is kept: the store, and what its rows mean."""
