"""Options of a sweep: which settings are tried, how often, and what chooses among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from avgraph.options.mistakes import mistakes
from avgraph.options.strict import Options
from avgraph.options.values import Name, Positive, Seed, ValidationMetric


def plain_text(value: Any) -> Any:
    """Nested plain data whose texts no longer know the folder of their file.

    Example:
        >>> plain_text([{"type": "sgd"}, 1])
        [{'type': 'sgd'}, 1]
    """
    if isinstance(value, dict):
        return {str(key): plain_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_text(item) for item in value]
    return str(value) if isinstance(value, str) else value


class Range(Options):
    """Numbers between two, for Optuna.

    Attributes:
        low, high: the ends, which belong to it.
        log: whether a number ten times as large is as far away as one ten times as small.
        whole: whether only whole numbers are meant.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @model_validator(mode="after")
    def _is_range(self) -> Range:
        if self.low >= self.high:
            raise mistakes([(("high",), f"expected more than low, {self.low:g}, got {self.high:g}", self.high)])
        if self.log and self.low <= 0:
            raise mistakes([(("low",), f"expected a number above 0, as log is true, got {self.low:g}", self.low)])
        if self.whole and not (self.low.is_integer() and self.high.is_integer()):
            raise mistakes([((), "expected whole numbers as low and high, as whole is true", self.low)])
        return self


class SweepOptions(Options):
    """Settings to try, each on several seeds or folds; the best on validation rows is chosen, never on test rows.

    Attributes:
        options: option by its dotted name, such as ``method.hidden_channels``, → values to try, or a range of Optuna's.
        search: grid tries every combination; optuna (extra ``[sweep]``) learns from what it has tried what to try next.
        trials: how many settings optuna tries.
        prune: whether optuna gives up a setting whose first runs are worse than the median of those before.
        seeds: runs per setting: how many, from the experiment's own seed upwards, or which.
        folds: to run each setting on, which of the published ones; none takes the data as they are declared.
        metric: of the ``val`` split, by which a setting is chosen; none takes the method's usual one.
        goal: whether the metric is to be large or small; auto goes by its name.
        workers: runs at a time; they share the cores, so that each has ``train.threads`` = cores / workers at most.
    """

    options: dict[Name, Annotated[list[Any], Field(min_length=1)] | Range] = Field(default={})
    search: Literal["grid", "optuna"] = "grid"
    trials: Positive = 20
    prune: bool = True
    seeds: Positive | Annotated[list[Seed], Field(min_length=1)] = 1
    folds: Annotated[list[Positive], Field(min_length=1)] | None = None
    metric: ValidationMetric | None = None
    goal: Literal["auto", "max", "min"] = "auto"
    workers: Positive = 1

    @field_validator("options")
    @classmethod
    def _plain(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {str(name): plain_text(values) for name, values in value.items()}

    @model_validator(mode="after")
    def _each_once(self) -> SweepOptions:
        found: list[tuple[tuple[str, ...], str, Any]] = [
            ((axis,), "a number is listed twice", numbers)
            for axis, numbers in (("seeds", self.seeds), ("folds", self.folds))
            if isinstance(numbers, list) and len(set(numbers)) != len(numbers)
        ]
        if self.search == "grid":
            ranges = [name for name, values in self.options.items() if isinstance(values, Range)]
            found += [(("options", name), "a range needs search: optuna; a grid takes a list", None) for name in ranges]
        found += [(("options", name), why, name) for name, why in self._not_to_try()]
        if found:
            raise mistakes(found)
        return self

    def _not_to_try(self) -> Iterator[tuple[str, str]]:
        """Options that cannot be tried, and why."""
        for name, values in self.options.items():
            if name == "seed":
                yield name, "seeds says which there are"
            elif name == "dataset.fold" and self.folds is not None:
                yield name, "folds says which there are"
            elif name.split(".")[0] == "sweep":
                yield name, "expected an option of a run, got one of the sweep"
            elif isinstance(values, list) and any(value in values[:place] for place, value in enumerate(values)):
                yield name, "a value is listed twice"
