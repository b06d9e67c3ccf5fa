"""Options and constructors of the transforms are one definition: names, defaults, types, ranges."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_args, get_type_hints

import pytest

from avgraph import transforms
from avgraph.config.builtin import TRANSFORMS
from avgraph.errors import ConfigError, GraphError
from avgraph.options.base import TransformOptions
from avgraph.transforms._arguments import check_arguments

NEEDED: dict[str, Any] = {
    "node": "a",
    "nodes": ["a"],
    "source": "a",
    "target": "b",
    "k": 1,
    "path": [["a", "r", "b"], ["b", "s", "a"]],
    "relation": ["a", "r", "b"],
    "share": 0.5,
    "kind": "shuffled",
}
IN_PYTHON_ONLY = {"scores", "metric"}  # tensors
OUT_OF_RANGE: dict[str, list[Any]] = {
    "knn": [("k", 0), ("k", True), ("k", "5"), ("node", ""), ("target", ""), ("relation", ""), ("within", ""),
            ("approximate", 0)],
    "candidates": [("k", 0), ("k", 2.5), ("source", ""), ("target", ""), ("relation", ""), ("add_true", 1)],
    "complete": [("source", ""), ("target", ""), ("relation", "")],
    "dependency_edges": [("node", ""), ("relation", ""), ("weights", "")],
    "coupling_edges": [
        *[("source", ""), ("target", ""), ("relation", ""), ("solver", "exact"), ("epsilon", 0.0), ("epsilon", "1")],
        *[("mass", 0.0), ("mass", 1.5), ("mass", 0.5), ("marginal_penalty", 0.0), ("marginal_penalty", 1.0)],
        *[("unit_rows", 1), ("along", ""), ("threshold", -0.1), ("threshold", 1.0), ("max_iter", 0), ("tol", 0.0)],
        *[("scale", "rows")],
    ],
    "memory_edges": [
        *[("source", ""), ("target", ""), ("relation", ""), ("k", 0), ("temperature", 0.0)],
        *[("temperature", float("nan")), ("state", ""), ("chunk_size", 0), ("memory_state", "")],
    ],
    "infer_dependencies": [
        *[("nodes", []), ("attribute", ""), ("concept", ""), ("relation", ""), ("to_logits", 1), ("restarts", 0)],
        *[("penalty_discount", 0.0), ("l1", -1.0), ("ridge", 0.0), ("signs", "both"), ("seed", -1)],
        *[("time_limit", 0.0)],
    ],
    "activation_edges": [
        *[("nodes", "a"), ("attribute", ""), ("concept", ""), ("relation", ""), ("threshold", 1.0)],
        *[("threshold", -0.1), ("k", 0), ("from_logits", 1)],
    ],
    "pair_edges": [("source", ""), ("target", ""), ("relation", "")],
    "compose_edges": [
        *[("path", []), ("path", [["a", "r", "b"]]), ("path", [["a", "r"], ["b", "s", "a"]]), ("k", 0)],
        *[("path", [["a", "r", "b"], ["c", "s", "a"]]), ("relation", ""), ("weights", ["w"]), ("loops", 1)],
    ],
    "corrupt_edges": [
        *[("relation", "described"), ("relation", ["a", "b"]), ("share", -0.1), ("share", 1.1), ("kind", "swapped")],
        *[("seed", -1)],
    ],
    "correct_and_smooth": [
        *[("node", ""), ("relation", ""), ("correction", 1.0), ("correction", -0.1), ("smoothing", 1.0)],
        *[("layers", 0), ("autoscale", 1)],
    ],
    "co_rated": [("node", "film"), ("k", 0), ("relation", "")],
    "unrated": [("k", 0), ("neighbours", 0), ("damping", -1.0)],
    "rating_statistics": [("neighbours", 0), ("damping", -1.0), ("folds", 1), ("seed", -1)],
    "rating_model": [
        *[("rank", -1), ("samples", 9), ("chains", 0), ("implicit", 1), ("links", 1), ("folds", 1), ("seed", -1)],
    ],
}  # fmt: skip
KNOWN = {
    "knn": transforms.KNN,
    "candidates": transforms.Candidates,
    "complete": transforms.Complete,
    "coupling_edges": transforms.CouplingEdges,
    "dependency_edges": transforms.DependencyEdges,
    "memory_edges": transforms.MemoryEdges,
    "infer_dependencies": transforms.InferDependencies,
    "activation_edges": transforms.ActivationEdges,
    "pair_edges": transforms.PairEdges,
    "compose_edges": transforms.ComposeEdges,
    "corrupt_edges": transforms.CorruptEdges,
    "correct_and_smooth": transforms.CorrectAndSmooth,
    "co_rated": transforms.CoRated,
    "unrated": transforms.Unrated,
    "rating_statistics": transforms.RatingStatistics,
    "rating_model": transforms.RatingModel,
}


def needed(options: type[TransformOptions]) -> dict[str, Any]:
    """What cannot be left out; a matrix comes last, as a file that is not read before the rest is checked."""
    given = {**NEEDED, "weights": "no-such-file.npy"}
    return {key: given[key] for key, field in options.model_fields.items() if field.is_required()}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_names_defaults_and_types(name: str) -> None:
    options, parameters = TRANSFORMS[name], inspect.signature(KNOWN[name]).parameters
    fields = {key: field for key, field in options.model_fields.items() if key != "type"}
    assert set(parameters) - IN_PYTHON_ONLY == set(fields)
    hints, empty = get_type_hints(KNOWN[name].__init__), inspect.Parameter.empty
    for key, field in fields.items():
        assert parameters[key].default == (empty if field.is_required() else field.default), key
        if key != "weights":  # of a matrix only its file is an option
            assert _plain(hints[key]) == _plain(field.annotation), key


def _plain(annotation: Any) -> Any:
    """An annotation without the ranges that pydantic reads: the types in it, as a set."""
    if hasattr(annotation, "__metadata__"):
        return _plain(annotation.__origin__)
    parts = get_args(annotation)
    return frozenset().union(*map(_plain, parts)) if parts else frozenset([annotation])


@pytest.mark.parametrize(
    ("name", "option", "value"), [(n, *pair) for n, pairs in OUT_OF_RANGE.items() for pair in pairs]
)
def test_what_one_refuses_the_other_does(name: str, option: str, value: Any) -> None:
    options = TRANSFORMS[name]
    given = {**needed(options), option: value}
    with pytest.raises(ConfigError) as by_options:
        options(**given)
    make: Any = inspect.unwrap(KNOWN[name].__init__)  # without the types that the tests check beside
    with pytest.raises(GraphError) as by_constructor:
        make(KNOWN[name].__new__(KNOWN[name]), **given)
    assert str(by_options.value) == f"{options.__name__}: {by_constructor.value}"
    assert re.match(rf"{option}[:.]", str(by_constructor.value))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_option_has_a_value_out_of_range(name: str) -> None:
    assert {option for option, _ in OUT_OF_RANGE[name]} == set(TRANSFORMS[name].model_fields) - {"type"}


def test_a_default_that_is_written_out_is_no_mistake() -> None:
    transforms.CouplingEdges("audio", "text", solver="emd", epsilon=0.05)
    with pytest.raises(GraphError, match="epsilon: not with solver 'emd'"):
        check_arguments(TRANSFORMS["coupling_edges"], source="a", target="b", solver="emd", epsilon=0.1)


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if name != "dependency_edges"])
def test_options_build_it(name: str) -> None:
    made = TRANSFORMS[name](**needed(TRANSFORMS[name])).transform()
    assert type(made) is KNOWN[name]
    assert repr(made) == repr(KNOWN[name](**needed(TRANSFORMS[name])))
