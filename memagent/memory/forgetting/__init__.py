# SPDX-License-Identifier: Apache-2.0
"""Forgetting: what fades, what stands for it afterwards, and what is erased on request."""
