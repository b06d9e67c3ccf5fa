"""RR-Net on ratings of pairs that come later: as in the run, and each as if it were alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import avgraph
from avgraph.cli import main
from avgraph.errors import DataError, GraphError
from avgraph.graph.ratings import CANDIDATES, RATES
from avgraph.methods.rrnet import RatingTask, RrnetRatingsOptions
from avgraph.metrics import mean_absolute_error, root_mean_squared_error
from avgraph.options.train import TrainOptions
from avgraph.transforms import RatingStatistics
from tests.methods.test_rrnet_ratings_run import experiment
from tests.rating_graphs import complete

__all__ = ["experiment"]
STEPS = [RatingStatistics(neighbours=10)]


class Known:
    """A step that gives probabilities as the made-up graph has them."""

    def new_pairs(self, data: object, pairs: torch.Tensor) -> dict[str, torch.Tensor]:
        from tests.rating_graphs import probabilities

        return {"level_probability": probabilities(pairs, 5)}


def bound(**options: Any) -> RatingTask:
    task = RatingTask(RrnetRatingsOptions(**options))
    torch.manual_seed(0)
    task.bind(complete(), TrainOptions(), 0)
    for value in task.parameters():
        torch.nn.init.normal_(value, std=0.3)
    return task.eval()


def asked(task: RatingTask, rows: torch.Tensor) -> Any:
    from torch_geometric.data import HeteroData

    user, item = task.graph[RATES].edge_index[:, rows]
    names = [[task.graph[node].name[int(row)] for row in ends] for node, ends in (("user", user), ("item", item))]
    return HeteroData(user={"name": names[0]}, item={"name": names[1]})


@pytest.mark.parametrize(
    "options",
    [{}, {"start": "model"}, {"head": "squared"}, {"intra_units": 1, "inter_units": 2, "rating_messages": True}],
    ids=str,
)
def test_test_ratings_are_answered_as_in_the_run(options: dict[str, Any]) -> None:
    task, steps = bound(**options), [*STEPS, Known()]
    test = task.graph[RATES].test_mask.nonzero()[:6, 0]
    found = task.predict(asked(task, test), steps)
    torch.testing.assert_close(torch.tensor(found["prediction"]), task.answer(RATES).mean[test], atol=1e-4, rtol=1e-4)
    for number, row in enumerate(test.tolist()):
        one = task.predict(asked(task, torch.tensor([row])), steps)
        assert one["prediction"][0] == pytest.approx(found["prediction"][number], abs=1e-5)
    assert ("probability" in found.columns) == (options.get("head") != "squared")
    assert CANDIDATES in task.graph.edge_types  # the graph of the run is as it was


@pytest.mark.slow
def test_a_table_on_the_command_line(experiment: Path, tmp_path: Path) -> None:
    run = avgraph.train(experiment, {"train.epochs": 3})
    graph = run.graph
    test = graph[RATES].test_mask
    user, item = ([graph[node].name[int(row)] for row in ends] for node, ends in
                  zip(("user", "item"), graph[RATES].edge_index[:, test], strict=True))  # fmt: skip
    lines = ["item,user,when", *(f"{i},{u},3" for u, i in zip(user, item, strict=True))]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    words = ["predict", str(run.directory), str(tmp_path / "pairs.csv"), "-o"]
    result = CliRunner().invoke(main, [*words, str(tmp_path / "found.csv")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "found.csv").read_text().splitlines()[0] == "user,item,prediction,probability"
    found = run.predict({"user": user, "item": item})
    rating = graph[RATES].rating[test]
    assert root_mean_squared_error(torch.tensor(found["prediction"]), rating) == pytest.approx(run.metrics["test/rmse"])
    assert run.metrics["test/mae"] == pytest.approx(
        mean_absolute_error(run.model.answer(RATES).median[test], rating)  # type: ignore[operator]
    )
    assert all(0 <= share <= 1 for share in found["probability"])
    (tmp_path / "pairs.csv").write_text("user,item\nuser 0,item 1\nuser 1,itme 1\n")
    result = CliRunner().invoke(main, [*words, str(tmp_path / "none.csv")])
    assert result.exit_code == 2
    assert result.output.strip() == "item: row 1: the run knows no item 'itme 1'; did you mean 'item 1'?"
    assert not (tmp_path / "none.csv").exists()
    (tmp_path / "pairs.csv").write_text("user,film\nuser 0,item 1\n")
    result = CliRunner().invoke(main, [*words, str(tmp_path / "none.csv")])
    assert "column 'item' is missing" in result.output
    with pytest.raises(GraphError, match="expected a 'user' and an 'item' for every pair, got 1 of 'user'"):
        run.predict(["user 0"])
    with pytest.raises(DataError, match="node: no new rows of type 'film'"):
        run.predict({"film": ["a"]})
