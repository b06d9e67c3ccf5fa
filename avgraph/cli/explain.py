"""The command that says what an answer of a finished run rests on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from avgraph.cli.group import FORCE, QUIET, main, may_write
from avgraph.cli.json_output import JSON, show
from avgraph.errors import DataError

if TYPE_CHECKING:
    from avgraph.tools.explain import Explained


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--edge", metavar="SOURCE,TARGET", help="The edge to explain: names or numbers of its ends.")
@click.option("--node", metavar="SOURCE", help="Explain what the run predicts for this node.")
@click.option(
    "--predictions", type=click.IntRange(1), metavar="N", help="Explain N of a split, against random choices."
)
@click.option("--split", default="test", show_default=True, help="Of --predictions.")
@click.option("--algorithm", default="removal", show_default=True, help="removal, gradient or gnn_explainer.")
@click.option("--top", default=5, show_default=True, help="Edges, and features, that are the explanation.")
@click.option("--draws", default=10, show_default=True, help="Random choices beside it.")
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), multiple=True,
    help="WHY.graphml, .gexf, .json, .parquet; or a picture .png, .svg. May be given several times.",
)  # fmt: skip
@click.option("--keep/--no-keep", default=True, help="Whether RUN/explanations has it, for avgraph report.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@QUIET
@FORCE
@JSON
def explain(
    run: Path,
    edge: str | None,
    node: str | None,
    predictions: int | None,
    split: str,
    algorithm: str,
    top: int,
    draws: int,
    seed: int,
    output: tuple[Path, ...],
    keep: bool,
    device: str,
    quiet: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Explain by which edges and features a finished RUN of rrnet comes to an answer, and whether that is so."""
    asked = [
        name for name, value in (("edge", edge), ("node", node), ("predictions", predictions)) if value is not None
    ]
    if len(asked) != 1:
        told = " and ".join(f"--{name}" for name in asked) or "none"
        raise DataError(f"explain: expected one of --edge SOURCE,TARGET, --node SOURCE and --predictions N, got {told}")
    if predictions is not None and output:
        raise DataError(
            f"{output[0]}: -o is for one edge; what --predictions finds is kept in the run, and --json prints it"
        )
    from avgraph.cli.explained_tables import print_explained
    from avgraph.methods.explanation import ExplainOptions
    from avgraph.runtime.progress import reporting
    from avgraph.tools.explain import checked_outputs, explain_edge, explain_predictions

    options = ExplainOptions(algorithm=algorithm, top=top, draws=draws, seed=seed)
    may_write(checked_outputs(output), force=force, inputs=[run])

    def work() -> Explained:
        if predictions is None:
            return explain_edge(run, edge, node, output, options=options, keep=keep, device=device)
        return explain_predictions(run, predictions, split=split, options=options, keep=keep, device=device)

    with reporting(not quiet):
        show(work, as_json, explained_json, print_explained)


def explained_json(done: Explained) -> dict[str, Any]:
    """What is kept in the folder of the run, and the files."""
    return {**done.found.as_dict(), "files": done.files}
