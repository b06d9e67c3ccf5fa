"""Graphs of other programs, and of nobody: bombs, unknown encodings, nesting, numbers of 5,000 digits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from avgraph.errors import DataError
from avgraph.export import read_graphml, read_json

START, END = '<graphml><key id="k" for="node" attr.name="y" attr.type="long"/><graph>', "</graph></graphml>"
NODE = '<node id="a"><data key="k">1</data></node>'


def told(name: str, content: str | bytes, folder: Path) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        (read_json if name.endswith("json") else read_graphml)(path)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 1_100
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def test_entities(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE g [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    assert "a DOCTYPE is refused" in told("g.graphml", bomb + START + NODE + END, tmp_path)


@pytest.mark.parametrize("name", ["utf-7", "big5", "no-such-encoding", "hex", "rot13", "idna", "utf-32"])
def test_encodings(tmp_path: Path, name: str) -> None:
    text = told("g.graphml", f'<?xml version="1.0" encoding="{name}"?>' + START + NODE + END, tmp_path)
    assert "encoding" in text


def test_nesting(tmp_path: Path) -> None:
    deep = START + '<node id="a"><data key="k">' + "<x>" * 100_000 + "</x>" * 100_000 + "</data></node>" + END
    assert told("g.graphml", deep, tmp_path) == "line 1: elements nested more than 100 deep"
    assert "nested too deeply" in told("g.json", '{"nodes": ' + "[" * 200_000 + "]" * 200_000 + "}", tmp_path)
    cell = "[" * 50_000 + "]" * 50_000
    schema = '{"format":1,"nodes":[],"edges":[],"values":[{"store":null,"name":"v","key":"v","type":"json"}]}'
    keys = '<key id="s" for="graph" attr.name="avgraph"/><key id="v" for="graph" attr.name="v"/>'
    data = f'<data key="s">{schema}</data><data key="v">{cell}</data>'
    assert told("g.graphml", f"<graphml>{keys}<graph>{data}</graph></graphml>", tmp_path)


def test_numbers_of_5000_digits(tmp_path: Path) -> None:
    digits = "9" * 5000
    text = told("g.graphml", START + NODE.replace(">1<", f">{digits}<") + END, tmp_path)
    assert text == f"line 1: attribute 'y': expected long, got '{'9' * 57}...'"
    assert "not a readable .json file: ValueError: " in told("g.json", f'{{"nodes": [{{"id": {digits}}}]}}', tmp_path)


def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "g.graphml")
    with pytest.raises(DataError, match=r"expected a file \(it is a pipe\)"):
        read_graphml(tmp_path / "g.graphml")
