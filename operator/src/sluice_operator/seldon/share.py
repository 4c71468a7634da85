"""Weights as whole percents. Pure."""

from collections.abc import Mapping

WHOLE = 100


def whole_percents(weights: Mapping[str, int]) -> dict[str, int]:
    """The weights in percent of their sum.

    Raises:
        ValueError: They are no whole percents; rounding could make drift look like the wanted
            traffic.
    """
    total = sum(weights.values())
    if weights and not total:
        raise ValueError(f"nobody has any weight: {', '.join(weights)}")
    if any(weight * WHOLE % total for weight in weights.values()):
        shown = ", ".join(f"{name} {weight}" for name, weight in weights.items())
        raise ValueError(f"weights {shown} are no whole percents of {total}")
    return {name: weight * WHOLE // total for name, weight in weights.items()}
