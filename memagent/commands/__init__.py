# SPDX-License-Identifier: Apache-2.0
"""What ``memagent ...`` does, one module per group of commands."""
