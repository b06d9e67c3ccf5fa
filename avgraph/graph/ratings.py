"""Names in a graph of ratings: who rated what, who trusts whom, what is recommended.

================  ======================================================================================================
where             what
================  ======================================================================================================
``user``          ``name``; ``x`` float32 [u, d] where users have attributes
``item``          ``name``; ``x`` float32 [i, d] where items have attributes
`RATES`           ``edge_index`` [2, e], sorted by user, then item, every pair once; ``rating`` float32 [e];
                  ``train_mask``, ``val_mask``, ``test_mask`` bool [e]; optional ``time`` float64 [e]
`TRUSTS`          links of users, where there are any
`CANDIDATES`      unrated pairs to choose recommendations from
`RECOMMENDED`     what a trained method adds: ``rating`` and ``probability`` of items that a user has not rated
================  ======================================================================================================
"""

from __future__ import annotations

USER, ITEM = "user", "item"

RATES = (USER, "rates", ITEM)
"""Ratings, of all splits; a method may look at the ``rating`` of training edges alone."""
TRUSTS = (USER, "trusts", USER)
"""Who trusts whom."""
CANDIDATES = (USER, "candidate", ITEM)
"""Pairs without a training rating that are asked about."""
RECOMMENDED = (USER, "recommended", ITEM)
"""The items that a user who has not rated them would rate highest."""
