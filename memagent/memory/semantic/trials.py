# SPDX-License-Identifier: Apache-2.0
"""What a row of outcomes says: how often it works, how sure that is, and what success needs.

Old outcomes count less: each weighs half as much as one that came ``half_life`` outcomes later.
The weighted counts and Jeffreys' prior Beta(1/2, 1/2) give a Beta posterior of the success rate
(Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", 2001). A lesson claims
one third of the unit interval, and its strength is the posterior's mass there: so a claim fades as
the world stops agreeing, after about one half-life even if it was never wrong before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from scipy.special import betainc, betaincinv

from memagent.types import Code, LessonClaim

OK = Code.OK.value
BANDS: Mapping[LessonClaim, tuple[float, float]] = {
    "works": (2 / 3, 1.0),
    "unreliable": (1 / 3, 2 / 3),
    "fails": (0.0, 1 / 3),
}
"""The success rates that a claim stands for."""


class LessonConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    half_life: Annotated[float, Field(gt=0)] = 5.0
    """Outcomes after which one weighs half: five to the contrary undo a claim that always held."""
    window: Annotated[int, Field(ge=2)] = 40
    """Newest outcomes that rates and preconditions are taken from; older ones weigh nothing."""
    forget_below: Annotated[float, Field(ge=0, lt=1 / 3)] = 0.2
    """Strength under which a lesson is deleted. Of three claims the best always has a third."""
    credibility: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Probability that the success rate is within a lesson's interval."""
    most: Annotated[int, Field(ge=1)] = 5_000
    """Lessons that are kept at most; of those neither pinned nor taught, the one with the least
    evidence gives way, of equal ones the oldest."""
    contrast: Annotated[int, Field(ge=1)] = 2
    """Successes, and failures of one kind, that a precondition needs at least."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One outcome that a lesson rests on."""

    code: str
    """"OK", or how it failed."""
    episode: int | None = None
    outcome: int | None = None
    """The skill's outcome; None where the trial is a whole episode."""
    conditions: Mapping[str, str] | None = None
    """What was believed before, as variable and value; None if nobody noted it."""

    @property
    def success(self) -> bool:
        return self.code == OK


@dataclass(frozen=True, slots=True)
class Posterior:
    """Beta distribution of a success rate."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)

    def interval(self, credibility: float) -> tuple[float, float]:
        """The equal-tailed credible interval."""
        tail = (1.0 - credibility) / 2.0
        low, high = betaincinv(self.a, self.b, (tail, 1.0 - tail))
        return float(low), float(high)

    def strength(self, claim: LessonClaim) -> float:
        """Probability that the rate is where the claim says; 1 where it says nothing of rates."""
        if not claim:
            return 1.0
        low, high = betainc(self.a, self.b, BANDS[claim])
        return float(high - low)

    def best_claim(self) -> LessonClaim:
        return max(BANDS, key=self.strength)


def posterior(trials: Iterable[Trial], half_life: float) -> Posterior:
    """The success rate's distribution given trials, oldest first."""
    fading = 0.5 ** (1.0 / half_life)
    a = b = 0.0
    for trial in trials:
        a, b = a * fading + trial.success, b * fading + (not trial.success)
    return Posterior(a + 0.5, b + 0.5)


def preconditions(trials: Sequence[Trial], contrast: int) -> tuple[str, ...]:
    """What held in every success, and was known to be otherwise in all failures of some kind.

    Failures of different kinds are kept apart: that a grasp slipped although the drawer was open
    does not disprove that an open drawer is needed. One success without a condition does.

    Args:
        trials: those without noted conditions are left out.
        contrast: successes, and failures of one kind, needed at least.

    Returns:
        In words, like "container open", sorted.
    """
    succeeded: list[Mapping[str, str]] = []
    failed: dict[str, list[Mapping[str, str]]] = {}
    for trial in trials:
        if trial.conditions is not None:
            kind = succeeded if trial.success else failed.setdefault(trial.code, [])
            kind.append(trial.conditions)
    if len(succeeded) < contrast:
        return ()
    always = set.intersection(*(set(conditions.items()) for conditions in succeeded))
    kinds = [kind for kind in failed.values() if len(kind) >= contrast]
    return tuple(
        sorted(
            f"{variable} {value}"
            for variable, value in always
            if any(all(c.get(variable, value) != value for c in kind) for kind in kinds)
        )
    )
