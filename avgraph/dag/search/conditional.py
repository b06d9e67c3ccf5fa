"""What is left of all variables given the parents of a path, one Cholesky row a parent."""

from __future__ import annotations

from math import sqrt
from typing import no_type_check

from avgraph.dag.search.compiled import inner


@inner()
@no_type_check
def condition(y, depth, correlation, path, given):
    """Variances and covariances with ``y`` given ``path[:depth]``; rows shared with the last path are kept."""
    kept, p = 0, len(correlation)
    rows, variance, covariance = given.rows, given.variance, given.covariance
    if given.kept[0].child == y:
        while kept < min(depth, given.kept[0].length) and given.parent[kept] == path[kept].parent:
            kept += 1
    else:
        for z in range(p):
            variance[0, z] = correlation[z, z]
            covariance[0, z] = correlation[y, z]
    for k in range(kept, depth):
        a, row = path[k].parent, rows[k]
        for z in range(p):
            row[z] = correlation[a, z]
        for i in range(k):
            above, factor = rows[i], rows[i, a]
            for z in range(p):
                row[z] -= factor * above[z]
        scale = 1.0 / sqrt(variance[k, a])
        slope = row[y] * scale
        for z in range(p):
            row[z] *= scale
            variance[k + 1, z] = variance[k, z] - row[z] * row[z]
            covariance[k + 1, z] = covariance[k, z] - slope * row[z]
        given.parent[k] = a
    given.kept[0].child, given.kept[0].length = y, depth
