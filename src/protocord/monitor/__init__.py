"""Where a running study stands: its protocol's limits, recomputed, against the counts of today.

| question | function |
| --- | --- |
| which bounds do the protocol's limits have, and do the printed ones follow from their rules? | `study_limits` |
| how far is each limit from being crossed, with some subjects still pending? | `position`, `positions` |
| how often would each limit stop the study, at a true rate? | `limit_characteristics` |
"""

from protocord.monitor.columns import EVENTS, TABLES
from protocord.monitor.counts import Count, count_events
from protocord.monitor.limits import Difference, WatchedLimit, study_limits, watched
from protocord.monitor.positions import Position, Status, position, positions
from protocord.monitor.results import bounds_results, limit_characteristics, position_results

__all__ = [
    "EVENTS",
    "TABLES",
    "Count",
    "Difference",
    "Position",
    "Status",
    "WatchedLimit",
    "bounds_results",
    "count_events",
    "limit_characteristics",
    "position",
    "position_results",
    "positions",
    "study_limits",
    "watched",
]
