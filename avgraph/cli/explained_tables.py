"""Explanations as tables on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from avgraph.graph.vocabulary import show_edge
from avgraph.methods.explanation import Explanation

if TYPE_CHECKING:
    from avgraph.runs.fidelity import FidelityStudy
    from avgraph.runs.paired import PairedDifference
    from avgraph.tools.explain import Explained


def print_explained(done: Explained) -> None:
    """What was found, and what was written."""
    console = Console(highlight=False, soft_wrap=True)
    if isinstance(done.found, Explanation):
        _print_edge(console, done.found)
    else:
        _print_study(console, done.found)
    for file in done.files:
        console.print(f"wrote {file}", markup=False)


def _print_edge(console: Console, found: Explanation) -> None:
    told = f"{found.source_name} → {found.target_name}: probability {found.probability:.4f}"
    told += f" (predicted: {found.predicted}" + (")" if found.truth is None else f"; it is: {found.truth})")
    console.print(told, markup=False)
    console.print(f"{len(found.edges)} edges can change it; importance by {found.options.algorithm}")
    if found.edges:
        table = Table(Column("relation", no_wrap=True), "from", "to", "importance", "change without it")
        for edge in found.edges[: found.options.top]:
            ends = (Text(edge.source_name), Text(edge.target_name))
            table.add_row(Text(show_edge(edge.relation)), *ends, f"{edge.importance:+.2g}", f"{edge.change or 0:+.5f}")
        console.print(table)
    table = Table(Column(Text(f"feature of {found.source_name}")), "importance", "value less mean")
    for feature in found.features:
        table.add_row(Text(feature.feature), f"{feature.importance:+.2g}", f"{feature.value:+.3f}")
    console.print(table)
    table = Table("without", "probability", "change", "another answer")
    for row in found.ablations:
        change = row.probability - found.probability
        table.add_row(Text(row.without), f"{row.probability:.4f}", f"{change:+.4f}", "yes" if row.changed else "")
    console.print(table)
    caption = "fidelity+: probability lost without them; fidelity−: probability lost with them alone;\n"
    caption += f"random: the mean of {found.options.draws} choices of as many of each relation"
    table = Table("chosen", "fidelity+", "random", "fidelity−", "random", caption=caption, caption_justify="left")
    for part in found.faithfulness:
        numbers = (part.plus, part.random_plus, part.minus, part.random_minus)
        table.add_row(Text(f"{part.chosen} of {part.among}, {part.of}"), *(f"{value:+.5f}" for value in numbers))
    console.print(table)


def _print_study(console: Console, found: FidelityStudy) -> None:
    count = len(found.explanations)
    options = found.options
    console.print(
        f"{count} predictions of the {found.split} split: the {options.top} most important by {options.algorithm},"
    )
    console.print(f"beside the mean of {options.draws} random choices of as many of each relation")
    for title, chosen, random, gap, of in (
        ("fidelity+: probability lost without them (more is better)", "plus", "random_plus", "more", "changed"),
        (
            "fidelity−: probability lost with them alone (less is better)",
            "minus",
            "random_minus",
            "less",
            "changed_alone",
        ),
    ):
        table = Table("chosen from", "chosen", "random", "better by", "95 % interval", "better in", "p of t",
                      "Wilcoxon", "other answers", title=title, title_justify="left")  # fmt: skip
        for row in found.rows:
            difference: PairedDifference = getattr(row, gap)
            interval = "" if difference.interval is None else "{:+.5f} … {:+.5f}".format(*difference.interval)
            table.add_row(
                Text(f"{row.of}: {row.chosen:.3g} of {row.among:.4g}"),
                f"{getattr(row, chosen):+.5f}",
                f"{getattr(row, random):+.5f}",
                f"{difference.difference:+.5f}",
                interval,
                f"{difference.wins} of {difference.pairs}",
                *("" if p is None else f"{p:.2g}" for p in (difference.t_p, difference.wilcoxon_p)),
                f"{100 * getattr(row, of):.0f} % ({100 * getattr(row, f'random_{of}'):.0f} %)",
            )
        console.print(table)
    table = Table("without", "n", "probability lost", "mean size of the change", "other answers")
    for part in found.ablations:
        table.add_row(Text(part.without), str(part.predictions), f"{part.lost:+.4f}", f"{part.moved:.4f}",
                      f"{100 * part.changed:.0f} %")  # fmt: skip
    console.print(table)
    for row in found.rows:
        if row.undecided:
            console.print(f"{row.of}: of {row.undecided} predictions all there are were chosen", markup=False)
