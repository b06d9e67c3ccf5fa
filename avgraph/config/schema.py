"""JSON Schema of an experiment file, for completion and checks in an editor."""

from __future__ import annotations

from typing import Any

from avgraph.config.experiment import Experiment


def experiment_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of an experiment file with all built-in types.

    What another file is to bring (``extends``) may be missing; the other checks, such as whether the node types
    exist, are those of `load_experiment`.

    Example:
        >>> experiment_schema()["properties"]["extends"]["description"]
        'File or files that this one is laid over, relative to this one.'
    """
    schema = Experiment.model_json_schema()
    extends = {
        "description": "File or files that this one is laid over, relative to this one.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    }
    required = schema.pop("required")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "avgraph experiment",
        "properties": {"extends": extends, **schema["properties"]},
        "anyOf": [{"required": required}, {"required": ["extends"]}],
    }
