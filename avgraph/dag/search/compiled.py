"""How the search is compiled: once per installation, kept on disk, without the interpreter's lock.

numba optimises and translates a function together with all that it calls, again for every caller above it. Functions
called from one place are therefore inlined before that, unless they need few arrays: this, and no wrappers for Python,
took compilation from 70 s to 29 s (two busy cores, numba 0.68).
"""

from __future__ import annotations

from functools import partial

from numba import njit

# Only compiled code calls these: no wrapper for Python, and no cache of their own, as the entry's holds them.
inner = partial(njit, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined = partial(njit, nogil=True, error_model="numpy", inline="always")
