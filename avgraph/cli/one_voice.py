"""What several processes print: the words of one."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from io import StringIO
from typing import Any

from avgraph.options.train import TrainOptions


def one_voice(options: TrainOptions) -> AbstractContextManager[Any]:
    """Of processes that a launcher has started, all but the first print nothing within the block."""
    from avgraph.runs.distributed.launched import launched

    member = launched(options)
    return redirect_stdout(StringIO()) if member is not None and member.rank else nullcontext()
