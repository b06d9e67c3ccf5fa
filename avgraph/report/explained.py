"""What `avgraph explain` has found of a run, as plain data for the template of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from avgraph.errors import DataError, shortened
from avgraph.graph.vocabulary import show_edge
from avgraph.report.picture_address import picture_address
from avgraph.runs import folder

_MOST, _LONGEST_NAME = 12, 80


def explanations(place: Path, room: int) -> dict[str, Any] | None:
    """The explained edges and predictions of a run; None where nobody asked.

    Args:
        place: folder of the run, or a graph.
        room: bytes that there are for pictures.

    Raises:
        DataError: if a file there is damaged.
    """
    kept = place / folder.EXPLANATIONS
    edges = sorted(kept.glob("edge-*.json"), key=lambda path: (path.stat().st_mtime, path.name))[-_MOST:]
    studies = sorted(kept.glob("predictions-*.json"))
    if not edges and not studies:
        return None
    found = []
    for path in edges:
        answer = _read(path, _answer)
        picture = path.with_suffix(".png")
        address = picture_address(picture) if picture.is_file() else ""
        room -= len(address)
        found.append({**answer, "picture": Markup(address) if address and room > 0 else ""})
    return {"edges": found, "studies": [_read(path, _study) for path in studies]}


def _read(path: Path, shown: Any) -> dict[str, Any]:
    content = folder.read_json(path)
    try:
        made: dict[str, Any] = shown(content)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DataError(f"{path}: not what avgraph explain writes; explain again, or remove it") from None
    return made


def _answer(content: Mapping[str, Any]) -> dict[str, Any]:
    probability = float(content["probability"])
    top = int(content["settings"]["top"])
    return {
        "source": _name(content["source_name"]),
        "target": _name(content["target_name"]),
        "probability": f"{probability:.4f}",
        "predicted": _name(content["predicted"]),
        "truth": None if content["truth"] is None else _name(content["truth"]),
        "algorithm": str(content["settings"]["algorithm"]),
        "count": int(content["edges_in_all"]),
        "edges": [
            {
                "relation": show_edge(tuple(edge["relation"])),
                "ends": (_name(edge["source_name"]), _name(edge["target_name"])),
                "numbers": (f"{edge['importance']:+.2g}", "" if edge["change"] is None else f"{edge['change']:+.5f}"),
            }
            for edge in content["edges"][:top]
        ],
        "ablations": [
            (
                _name(row["without"]),
                (f"{row['probability']:.4f}", f"{row['probability'] - probability:+.4f}"),
                bool(row["changed"]),
            )
            for row in content["ablations"]
        ],
        "faithfulness": [
            (
                f"{row['chosen']} of {row['among']}, {_name(row['of'])}",
                [f"{row[key]:+.5f}" for key in ("plus", "random_plus", "minus", "random_minus")],
            )
            for row in content["faithfulness"]
        ],
    }


def _study(content: Mapping[str, Any]) -> dict[str, Any]:
    settings = content["settings"]
    return {
        "lead": f"{content['predictions']} predictions of the {content['split']} split, the {settings['top']} most "
        f"important by {settings['algorithm']}, beside the mean of {settings['draws']} random choices",
        "tables": [
            (
                title,
                better,
                [
                    (
                        f"{row['chosen']:.3g} of {row['among']:.4g}, {_name(row['of'])}",
                        [f"{row[key]:+.5f}", f"{row[f'random_{key}']:+.5f}", *_gap(row[better])],
                    )
                    for row in content["fidelity"]
                ],
            )
            for title, key, better in (("fidelity+", "plus", "more"), ("fidelity−", "minus", "less"))
        ],
        "ablations": [
            (_name(row["without"]), [f"{row['lost']:+.4f}", f"{row['moved']:.4f}", f"{100 * row['changed']:.0f} %"])
            for row in content["ablations"]
        ],
    }


def _gap(found: Mapping[str, Any]) -> Sequence[str]:
    interval = found["interval"]
    told = "" if interval is None else f"{interval[0]:+.5f} to {interval[1]:+.5f}"
    tests = ("" if found[key] is None else f"{found[key]:.2g}" for key in ("t_p", "wilcoxon_p"))
    return f"{found['difference']:+.5f}", told, f"{found['wins']} of {found['pairs']}", *tests


def _name(text: Any) -> str:
    return shortened(str(text), _LONGEST_NAME)
