"""The reference of the Python API: a page per package of the names that it exports, and one for each tool."""

from __future__ import annotations

_PACKAGES = (
    *("avgraph", "avgraph.config", "avgraph.datasets", "avgraph.encoders", "avgraph.transforms", "avgraph.nn"),
    *("avgraph.dag", "avgraph.methods", "avgraph.metrics", "avgraph.export", "avgraph.figures", "avgraph.report"),
    *("avgraph.tools.match", "avgraph.tools.embed", "avgraph.tools.predict", "avgraph.tools.segment"),
)
_TWICE = ("DAG", "Experiment", "grasp", "load_experiment")
"""What `avgraph` exports for convenience, and a package of its own too, where it is described."""


def api_pages() -> dict[str, str]:
    """Name of a page → its text, in MyST Markdown."""
    return {"index": _index(), **{package: _page(package) for package in _PACKAGES}}


def _index() -> str:
    about = "What each package exports, and what each command is made of."
    names = "\n".join(_PACKAGES)
    return f"# Python API\n\n{about}\n\n```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n"


def _page(package: str) -> str:
    members = f"   :exclude-members: {', '.join(_TWICE)}\n" if package == "avgraph" else ""
    return f"# {package}\n\n```{{eval-rst}}\n.. automodule:: {package}\n   :members:\n{members}```\n"
