"""``python -m avgraph.runs.distributed DIRECTORY RANK WORLD MEET PARENT TOLD``: a rank that `launch` has started."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from pathlib import Path

from avgraph.errors import AvgraphError, reason_of
from avgraph.runs.distributed.devices import device_of
from avgraph.runs.distributed.group import joined_group
from avgraph.runs.distributed.share import train_share
from avgraph.runs.finished import experiment_of
from avgraph.runs.parallel import end_with
from avgraph.runtime.progress import reporting
from avgraph.runtime.settings import run_settings


def main(arguments: list[str]) -> None:
    """Work to the end, or say into the file TOLD what went wrong."""
    directory, meet, told = Path(arguments[0]), arguments[3], Path(arguments[5])
    rank, world, parent, quiet = int(arguments[1]), int(arguments[2]), int(arguments[4]), arguments[6] == "quiet"
    end_with(parent)
    if rank:
        logging.disable(logging.WARNING)
    try:
        options = experiment_of(directory).train.model_copy(update={"devices": world, "nodes": 1})
        with (
            reporting(not quiet and rank == 0),
            run_settings(options.threads),
            joined_group(rank, world, meet=meet, device=device_of(options, rank)),
        ):
            train_share(directory, options, rank, quiet=quiet)
    except BaseException as error:
        kind = type(error).__name__ if isinstance(error, AvgraphError | OSError) else ""
        message = str(error) if isinstance(error, AvgraphError) else reason_of(error)
        told.write_text(json.dumps({"kind": kind, "message": message, "trace": traceback.format_exc()}))
        # The others may be gone already: nothing is to wait for them.
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
