"""The compiled search behind `avgraph.dag.grasp`: grow–shrink trees, best-move sweeps and tucks.

=============  ======================================================================================
`problem`      what is asked: the correlations, the penalty, the knowledge
`arrays`       the memory that is worked in
`trees`        grow–shrink results by prefix, each computed once
`grow`         the nodes of these trees: all grow scores of a node at a time
`shrink`       the backward half of grow–shrink
`order`        an ordering with the parents and scores it implies; parent sets as bitsets
`sweep`        every variable to its best position, until none moves: the greedy start
`tuck`         one tuck: what it would change, doing it and undoing it
`relax`        GRaSP: depth-first tucks in three tiers
`start`        one start from a random ordering to a local optimum; the compiled entry point
=============  ======================================================================================

Compiled functions carry ``no_type_check`` because the type checker of the test suite wraps every other function,
and numba cannot compile a wrapper.
"""
