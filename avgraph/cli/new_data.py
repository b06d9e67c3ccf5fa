"""The commands that put new data through a finished run: predict, embed, segment."""

from __future__ import annotations

from pathlib import Path

import click

from avgraph.cli.group import FORCE, QUIET, main, may_write
from avgraph.cli.json_output import JSON, embedded_json, predicted_json, segmented_json, show
from avgraph.errors import DataError


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="TABLE.parquet, .csv, .json or GRAPH.graphml, .gexf."
)
@click.option("--node", help="Node type of the rows; the method's usual one if not given.")
@click.option("--names", help="A name of each row: names.txt, table.parquet:column.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@QUIET
@FORCE
@JSON
def predict(
    run: Path,
    files: tuple[str, ...],
    output: Path | None,
    node: str | None,
    names: str | None,
    device: str,
    quiet: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Predict by a finished RUN what new FILES are: arrays of rows, recordings, pictures, a table of ratings."""
    from avgraph.cli.printing import print_predicted
    from avgraph.runtime.progress import reporting
    from avgraph.tools.predict import checked_target, inputs_of, predict_files

    if output is not None:
        may_write([checked_target(output)], force=force, inputs=inputs_of(files))
    with reporting(not quiet):
        show(
            lambda: predict_files(run, files, output, node=node, names=names, device=device),
            as_json,
            predicted_json,
            print_predicted,
        )


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("picture", type=click.Path(path_type=Path))
@click.argument("sound", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="MASK.png, the probability in grey."
)
@click.option("--samples", type=click.IntRange(0), default=0, show_default=True, help="Masks drawn; 0: the mean.")
@click.option("--uncertainty", type=click.Path(path_type=Path), help="FILE.png, twice the standard deviation in grey.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@QUIET
@FORCE
@JSON
def segment(
    run: Path,
    picture: Path,
    sound: Path,
    output: Path,
    samples: int,
    uncertainty: Path | None,
    device: str,
    quiet: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Mask what sounds in a PICTURE with a SOUND (WAV, OGG, FLAC), by an mmvae RUN."""
    outputs = [output, *([uncertainty] if uncertainty is not None else [])]
    may_write(outputs, force=force, inputs=[picture, sound])
    from avgraph.cli.printing import print_segmented
    from avgraph.runtime.progress import reporting
    from avgraph.tools.segment import segment_picture

    with reporting(not quiet):
        show(
            lambda: segment_picture(
                run, picture, sound, output, samples=samples, uncertainty=uncertainty, device=device
            ),
            as_json,
            segmented_json,
            print_segmented,
        )


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("rows")
@click.option("--space", help="Space of a cmcr RUN that ROWS belong to.")
@click.option("--node", help="Node type of ROWS; the method's usual one if not given.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="FILE.npy.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@QUIET
@FORCE
@JSON
def embed(
    run: Path,
    rows: str,
    space: str | None,
    node: str | None,
    output: Path,
    device: str,
    quiet: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Embed ROWS (.npy, .npz:key, .parquet:column, a recording) as a RUN of cmcr, mltm or lir does."""
    from avgraph.cli.printing import print_embedded
    from avgraph.runtime.progress import reporting
    from avgraph.tools.embed import embed_rows
    from avgraph.tools.predict import inputs_of

    if space is not None and node is not None:
        raise DataError("node: not with --space; rows of a space are of any node type")
    may_write([output], force=force, inputs=inputs_of([rows]))
    with reporting(not quiet):
        show(
            lambda: embed_rows(run, space or node, rows, output, device=device), as_json, embedded_json, print_embedded
        )
