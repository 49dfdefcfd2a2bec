# SPDX-License-Identifier: Apache-2.0
"""Learning what a token should sum up. Needs torch; nothing outside this folder does."""

from memagent.errors import DependencyError

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise DependencyError(
        "training tokens needs torch, which is not installed: pip install 'memagent[policy]'"
    ) from error
