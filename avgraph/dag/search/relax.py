"""GRaSP (Lam, Andrews & Ramsey 2022): depth-first tucks in three tiers, each relaxing the one before.

Tier 0 tucks covered edges, tier 1 also edges that are the only directed path between their ends (singular), tier 2
every edge. The relaxation is of the first tuck of a sequence; the later ones are of covered edges. A tuck that raises
the score is kept; one that leaves it as it is, is followed further, to ``depth`` tucks, and else undone.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inner
from avgraph.dag.search.dfs import dfs
from avgraph.dag.search.rng import shuffle


@inner()
@no_type_check
def relax(frames, state, problem, trees, work, rng):
    """Tuck until no tier improves. Returns whether the score rose."""
    p = len(state.order)
    variables = np.arange(p)
    risen, tier = False, 0
    while tier < 3 and problem.stop[0] == 0:
        improved, in_vain = False, 0
        shuffle(variables, rng)
        frames.visited[:, 0] = 0
        while in_vain < p and problem.stop[0] == 0:
            for y in variables:
                if dfs(y, tier, frames, state, problem, trees, work, rng):
                    frames.visited[:, 0] = 0
                    improved, in_vain = True, 0
                else:
                    in_vain += 1
                if in_vain == p or problem.stop[0] != 0:
                    break
        risen |= improved
        # The edges of the lower tiers have been tried in vain; after a change they are worth trying again.
        tier = 0 if improved else tier + 1
    return risen
