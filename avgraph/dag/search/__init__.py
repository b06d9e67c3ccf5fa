"""The compiled search behind `avgraph.dag.grasp`: grow–shrink trees, best-move sweeps and tucks.

From the top down, each calls the next; the names are those of the paper and of causal-learn:

=============  ======================================================================================
`run`          all starts and perturbations, within a time limit
`workers`      threads that starts run on, each with memory of its own
`start`        one start to a local optimum, the compiled entry point: ``sweep``, every variable to its best position,
               until none moves, and ``relax``, GRaSP's three tiers of ``dfs`` over all variables
`dfs`          sequences of tucks, followed while the score does not fall
`order`        an ordering with the parents and scores it implies, how to ``update`` them, and a ``tuck``
`trees`        grow–shrink of a variable on a prefix: ``trace`` looks it up, each node is computed once
`grow_shrink`  a node's branches, all grow scores at a time, and a leaf's parents
`compiled`     how all of it is compiled; random numbers; sets of variables as words of 64 bits
`problem`      what is asked: the correlations, the penalty, the knowledge
`arrays`       the memory that is worked in, by name
=============  ======================================================================================

Compiled functions have no annotations that numba could not read, and carry ``no_type_check`` for it.
"""
