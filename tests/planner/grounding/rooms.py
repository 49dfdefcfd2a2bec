# SPDX-License-Identifier: Apache-2.0
"""What memory knows in four rooms."""

from __future__ import annotations

from memagent.planner import SceneObject


def _scene(kinds: str) -> tuple[SceneObject, ...]:
    return tuple(
        SceneObject(kind, f"{kind}_{number}", (0.1 * number, 0.9, 0.0))
        for number, kind in enumerate(kinds.split())
    )


KITCHEN = _scene(
    "Potato Ladle Pot Fork Fork Spoon Spoon Egg Egg Cup Plate Knife Bowl SaltShaker SaltShaker "
    "PepperShaker PepperShaker Bread Mug Apple Apple SoapBottle Lettuce Spatula Pan ButterKnife "
    "Tomato DishSponge WineBottle Kettle"
)
BEDROOM = _scene(
    "Mug Bowl Watch CD CD CellPhone CellPhone Pencil Pencil CreditCard Laptop Book KeyChain Cloth "
    "BaseballBat BasketBall Pillow TennisRacket TeddyBear Pen Pen AlarmClock Box"
)
LIVING_ROOM = _scene(
    "TissueBox Newspaper Statue Statue KeyChain RemoteControl RemoteControl Box Vase Pillow "
    "CreditCard Laptop WateringCan"
)
BATHROOM = _scene(
    "Candle Candle SprayBottle SprayBottle SoapBar SoapBar HandTowel Towel ToiletPaper ToiletPaper "
    "Cloth SoapBottle ScrubBrush Plunger DishSponge"
)
