# SPDX-License-Identifier: Apache-2.0
"""The symbolic household as a Gymnasium environment, ``memagent/Household-v0``."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from memagent_sim.symbolic.disturbances import CALM, Disturbances, Mischief
from memagent_sim.symbolic.episode import INVALID, STEPS, Episode
from memagent_sim.symbolic.generation import generate
from memagent_sim.symbolic.house import VERBS, House, Verb
from memagent_sim.symbolic.scene import Scene
from memagent_sim.symbolic.task import Task

TARGETS = 160
"""Most names in a scene: receptacles, devices and things."""
LONGEST = 8000
"""Characters of an observation."""
_CHARACTERS = string.ascii_letters + string.digits + " .,:;()'-"

Observation = dict[str, Any]


class HouseholdEnv(gymnasium.Env[Observation, NDArray[np.int64]]):
    """One household task by ALFRED's actions.

    Observation, a dict:
        ``text``: what the robot sees where it stands, in words.
        ``task``: the instruction, in words.
        ``seen``: int8, shape (160,): 1 for each name in view, in the order of ``info["names"]``.
        ``at`` and ``held``: indices into the same names; ``held`` is 160 for an empty hand.

    Action, int64, shape (2,): a verb of :data:`VERBS` and the index of a name; :meth:`action` makes
    one from words. An action that is not possible costs a step and counts as invalid.

    The reward is 1 in the step that reaches the goal, which ends the episode, and 0 otherwise; the
    share of goal conditions that hold is ``info["goal_conditions"]``. A used-up budget truncates.
    Every reset draws a scene and a task from the environment's random numbers, unless ``source``
    gives them, or ``options={"scene": ..., "task": ...}`` does.

    Args:
        source: Draws a scene and a task from a seed.
        disturbances: What goes wrong.
        max_steps: Steps after which the episode is truncated.
        max_invalid: Invalid actions after which it is.
        render_mode: None or "ansi", the look around in words.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self,
        source: Callable[[int], tuple[Scene, Task]] = generate,
        *,
        disturbances: Disturbances = CALM,
        max_steps: int = STEPS,
        max_invalid: int = INVALID,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise ValueError(f'render_mode must be None or "ansi", got {render_mode!r}')
        self.render_mode = render_mode
        self._source = source
        self._disturbances = disturbances
        self._budgets = (max_steps, max_invalid)
        self.action_space = spaces.MultiDiscrete([len(VERBS), TARGETS])
        text = spaces.Text(LONGEST, min_length=0, charset=_CHARACTERS)
        self.observation_space = spaces.Dict(
            {
                "text": text,
                "task": text,
                "seen": spaces.MultiBinary(TARGETS),
                "at": spaces.Discrete(TARGETS),
                "held": spaces.Discrete(TARGETS + 1),
            }
        )
        self._names: tuple[str, ...] = ()
        self._index: dict[str, int] = {}
        self._episode: Episode | None = None

    @property
    def episode(self) -> Episode:
        """The running one.

        Raises:
            gymnasium.error.ResetNeeded: there is none yet.
        """
        if self._episode is None:
            raise gymnasium.error.ResetNeeded("call reset before anything else")
        return self._episode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=seed)
        draw = int(self.np_random.integers(2**31))
        if options and "scene" in options:
            scene, task = options["scene"], options["task"]
        else:
            scene, task = self._source(draw)
        self._names = (*scene.receptacle, *scene.appliance, *scene.things)
        if len(self._names) > TARGETS:
            raise ValueError(f"a scene has at most {TARGETS} names, got {len(self._names)}")
        self._index = {name: i for i, name in enumerate(self._names)}
        mischief = Mischief(scene, self._disturbances, draw)
        self._episode = Episode(House(scene), task, mischief, *self._budgets)
        return self._observation(), self._info() | {"names": self._names}

    def step(
        self, action: NDArray[np.int64]
    ) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        episode = self.episode
        verb, target = (int(i) for i in action)
        answer = episode.act(VERBS[verb], self._names[target] if target < len(self._names) else "")
        done = episode.succeeded
        info = self._info() | {"answer": answer, "message": episode.message}
        return self._observation(), float(done), done, episode.exhausted and not done, info

    def action(self, verb: Verb, target: str = "") -> NDArray[np.int64]:
        """An action from words.

        Raises:
            ValueError: there is no such verb, or nothing of that name in the scene.
        """
        if verb not in VERBS:
            raise ValueError(f"there is no verb {verb!r}; there are {', '.join(VERBS)}")
        if target and target not in self._index:
            raise ValueError(f"there is no {target!r} in {self.episode.house.scene.name}")
        return np.array([VERBS.index(verb), self._index.get(target, 0)])

    def render(self) -> str | None:  # type: ignore[override]
        return self.episode.view.text if self.render_mode == "ansi" else None

    def _observation(self) -> Observation:
        view = self.episode.view
        seen = np.zeros(TARGETS, np.int8)
        seen[[self._index[s.name] for s in view.sights]] = 1
        return {
            "text": view.text,
            "task": self.episode.task.instruction,
            "seen": seen,
            "at": np.int64(self._index[view.at]),
            "held": np.int64(self._index.get(view.held, TARGETS)),
        }

    def _info(self) -> dict[str, Any]:
        episode = self.episode
        done, of = episode.progress
        return {"goal_conditions": done / of, "steps": episode.steps, "invalid": episode.invalid}
