"""Defaults may change; what a published number was made with may not.

``published.json`` holds what every configuration and example resolved to before methods had defaults of their own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from avgraph.config import load_experiment

ROOT = Path(__file__).parents[2]
PUBLISHED: dict[str, Any] = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
ADDED: dict[str, dict[str, Any]] = {}
"""Method → options that came later, with the value that leaves a published number what it was."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_settings_of_a_published_number_stay(name: str) -> None:
    now, published = load_experiment(ROOT / name).to_dict(), PUBLISHED[name]
    method = {**ADDED.get(published["method"]["type"], {}), **published["method"]}
    assert {key: now[key] for key in published} == {**published, "method": method}


def test_every_file_is_held() -> None:
    files = [*ROOT.glob("examples/*.yaml"), *ROOT.glob("configs/*/*.yaml")]
    assert {path.relative_to(ROOT).as_posix() for path in files} >= set(PUBLISHED)
