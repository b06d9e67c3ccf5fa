"""The JSON Schema of an experiment file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from avgraph.config import experiment_schema
from avgraph.config.builtin import DATASETS, ENCODERS, METHODS, TRANSFORMS


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = json.dumps(experiment_schema(), allow_nan=False)
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def resolve(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"][part["$ref"].removeprefix("#/$defs/")] if "$ref" in part else part
    return found


def test_every_built_in_type_is_one_of_the_choices(schema: dict[str, Any]) -> None:
    properties = schema["properties"]
    graph = next(choice for choice in properties["graph"]["anyOf"] if choice.get("type") == "array")
    encoder, encoders = properties["encoders"]["additionalProperties"]["anyOf"]
    assert encoders == {"type": "array", "items": encoder, "minItems": 1}
    places = {
        "dataset": (properties["dataset"], DATASETS),
        "encoders": (encoder, ENCODERS),
        "graph": (graph["items"], TRANSFORMS),
        "method": (properties["method"], METHODS),
    }
    for place, table in places.values():
        choices = [resolve(schema, part) for part in place["oneOf"][: len(table)]]
        assert [choice["properties"]["type"]["const"] for choice in choices] == list(table)
        # Without this a mapping that lacks a type would be any of them, and one of them is what oneOf asks.
        assert all("type" in choice["required"] and choice["additionalProperties"] is False for choice in choices)
        own, untyped = place["oneOf"][len(table) :]
        assert own["properties"]["type"]["pattern"] == "^.+:[^:]+$"
        assert untyped["not"] == {"required": ["type"]}


def test_what_a_file_needs_may_come_from_one_that_it_extends(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["anyOf"] == [{"required": ["dataset", "method"]}, {"required": ["extends"]}]
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {
        *("extends", "name", "seed", "dataset", "encoders", "graph", "method", "train", "output", "graphml", "sweep")
    }


def test_every_reference_exists(schema: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [name for value in part.values() for name in references(value)]
        return [name for value in part for name in references(value)] if isinstance(part, list) else []

    found = references(schema)
    assert found
    assert {name.removeprefix("#/$defs/") for name in found} <= set(schema["$defs"])


def test_every_option_has_a_sentence_for_editors(schema: dict[str, Any]) -> None:
    def silent(part: Any, place: str) -> list[str]:
        if isinstance(part, list):
            return [name for index, item in enumerate(part) for name in silent(item, f"{place}[{index}]")]
        if not isinstance(part, dict):
            return []
        told = part["properties"].items() if isinstance(part.get("properties"), dict) else ()
        own = [f"{place}.{name}" for name, option in told if not option.get("description")]
        return own + [name for key, value in part.items() for name in silent(value, f"{place}.{key}")]

    assert silent(schema, "") == []
    described = schema["properties"]["method"]["oneOf"][list(METHODS).index("mltm")]["properties"]
    assert described["dropout"]["description"] == "behind the hidden layer."
    assert described["type"]["description"].startswith("m-LTM: ")
    assert schema["$defs"]["TrainOptions"]["properties"]["optimizer"]["description"] == "what changes the weights."
