"""How values of a run are shown: secrets never, sensitive values to those who may read them.

Every door shows a value of a run by ``value`` and a text of one by ``text``. For whom it is shown
stands in the surroundings (:mod:`executions.sight`), so that no door decides it.
"""

from executions.showing.mask import LABEL, Mask
from executions.showing.reader import Sight, looked_at, masked, now, reading, text, value, whole

__all__ = [
    "LABEL",
    "Mask",
    "Sight",
    "looked_at",
    "masked",
    "now",
    "reading",
    "text",
    "value",
    "whole",
]
