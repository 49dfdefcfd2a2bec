# SPDX-License-Identifier: Apache-2.0
"""What a language model may do for memory, where there is one: tell old steps, and judge lessons.

Both work beside memory, which never waits for them; where the model has no answer, rules stand.
"""
