# SPDX-License-Identifier: Apache-2.0
"""What people set right, each of it to be undone."""
