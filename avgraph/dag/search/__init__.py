"""The compiled search behind `avgraph.dag.grasp`: grow–shrink trees, best-move sweeps and tucks.

From the top down, each calls the next; the names are those of the paper and of causal-learn:

=============  ======================================================================================
`run`          all starts and perturbations, within a time limit
`start`        one start from a random ordering to a local optimum; the compiled entry point
`sweep`        every variable to its best position, until none moves: the greedy start
`relax`        GRaSP: three tiers of `dfs` over all variables
`dfs`          sequences of tucks, followed while the score does not fall
`tuck`         one tuck: what it would change, doing it and undoing it
`order`        an ordering with the parents and scores it implies, and how to `update` them
`trees`        grow–shrink of a variable on a prefix: `trace` looks it up, each node is computed once
`grow`         a node's branches: all grow scores at a time
`shrink`       a leaf's parents: the backward half of grow–shrink
`conditional`  what is left of all variables given some, which both halves read
`bitset`       sets of variables as words of 64 bits
`problem`      what is asked: the correlations, the penalty, the knowledge
`arrays`       the memory that is worked in, by name
=============  ======================================================================================

Compiled functions carry ``no_type_check`` because the type checker of the test suite wraps every other function,
and numba cannot compile a wrapper.
"""
