"""What a child of the fork server has from its birth: without it every one would import for seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.experiments import small_experiment
from tests.forking import ForkServer

CODE = """
import sys
before = set(sys.modules)
from avgraph.cli import main
try:
    main(["train", {path!r}, "--quiet"])
finally:
    print(sorted({{name.partition(".")[0] for name in sys.modules.keys() - before}} & {libraries!r}))
"""


def test_a_child_imports_no_library(tmp_path: Path, fork_server: ForkServer) -> None:
    libraries = {"torch_geometric", "pytorch_lightning", "torchmetrics", "pydantic", "pyarrow", "scipy", "pandas"}
    path = small_experiment(tmp_path, **{"epochs: 30": "epochs: 1"})
    child = fork_server.start(python=CODE.format(path=str(path), libraries=libraries))
    assert child.wait() == 0, child.error
    assert child.output.splitlines()[-1] == "[]"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="not Linux")
def test_the_server_has_one_thread(fork_server: ForkServer) -> None:
    assert len(list(Path(f"/proc/{fork_server.process.pid}/task").iterdir())) == 1  # a fork copies no other
