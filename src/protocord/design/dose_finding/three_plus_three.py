"""The 3+3 rule, with or without coming back to a lower level (Storer, Biometrics 1989;45:925; Lin & Shih, Biostatistics 2001;2:203)."""

from __future__ import annotations

from collections.abc import Sequence

from protocord.design.dose_finding.courses import DoseCharacteristics, End, Next, Tally, follow

COHORT, AT_MOST = 3, 6


def three_plus_three(tally: Tally, level: int, *, expand: bool) -> Next | End:
    """This will return what the 3+3 rule does next.

    None of 3: up. 1 of 3: three more. At most 1 of 6: up. 2 or more: the level is too toxic, and the level below is the
    candidate. With `expand` a candidate needs 6 subjects with at most 1 toxicity, the level below taking its place where it has
    more; without, the level below the first too toxic one is chosen as it stands (and the highest, where none is too toxic).
    """
    treated, toxic = tally[level]
    if toxic >= 2:
        return _down(tally, level, expand=expand)
    if toxic == 1 and treated < AT_MOST:
        return Next(level, COHORT)
    top = level == len(tally) - 1 or tally[level + 1][0] > 0  # the level above was tried, so it was too toxic
    if not top:
        return Next(level + 1, COHORT)
    if expand and treated < AT_MOST:
        return Next(level, COHORT)
    return End(level)


def _down(tally: Tally, level: int, *, expand: bool) -> Next | End:
    below = level - 1
    if below < 0:
        return End(None)
    if expand and tally[below][0] < AT_MOST:
        return Next(below, COHORT)
    return End(below)


def follow_three_plus_three(rates: Sequence[float], *, start: int = 0, expand: bool = True) -> DoseCharacteristics:
    """This will return the exact characteristics of 3+3 at true toxicity `rates`, lowest level first, from level `start` (0 lowest).

    Raises ValueError for a start outside the levels. A start above the lowest level goes down one level at a time, three there.
    """
    if not 0 <= start < len(rates):
        message = f"there is no level {start} among {len(rates)}"
        raise ValueError(message)
    if start and not expand:
        message = "a start above the lowest level needs a rule that can come down: expand"
        raise ValueError(message)
    return follow(lambda tally, level: three_plus_three(tally, level, expand=expand), Next(start, COHORT), rates)
