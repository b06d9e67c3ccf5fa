"""The table: every option of every component, and what must change when it does. One line a row.

A row is ``row(option, value, what is looked at, how it must differ, **base)``; ``base`` are options without which the
option has no effect. An option without a row is a failing test.
"""

from __future__ import annotations

from tests.wiring import datasets, encoders, methods, mmvae, runs, sweeps, transforms

COMPONENTS = (
    *datasets.COMPONENTS, *encoders.COMPONENTS, *transforms.COMPONENTS, *methods.COMPONENTS, *mmvae.COMPONENTS,
    *runs.COMPONENTS, *sweeps.COMPONENTS,
)  # fmt: skip
