"""Message-passing layers, couplings and losses: the arithmetic of every method."""

from __future__ import annotations

from avgraph.nn.incidence import Incidence
from avgraph.nn.inter_unit import InterUnit
from avgraph.nn.intra_unit import IntraUnit

__all__ = ["Incidence", "InterUnit", "IntraUnit"]
