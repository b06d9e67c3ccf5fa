"""What draws in a page is what its makers published, with their licence, and is in the package."""

from __future__ import annotations

import configparser
import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "avgraph" / "report" / "vendor"


def test_every_file_is_the_published_one_with_its_licence() -> None:
    rows = json.loads((VENDOR / "versions.json").read_text(encoding="utf-8"))
    for row in rows:
        assert hashlib.sha256((VENDOR / row["file"]).read_bytes()).hexdigest() == row["sha256"], row["file"]
        assert row["version"] in row["source"]
        assert "Permission is hereby granted" in (VENDOR / row["licence_file"]).read_text(encoding="utf-8")
    named = {row[key] for row in rows for key in ("file", "licence_file")} | {"versions.json"}
    assert {path.name for path in VENDOR.iterdir()} == named


def test_the_files_are_declared_as_data_of_the_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert setup["options.package_data"]["avgraph.report"].split() == ["assets/*", "vendor/*"]
