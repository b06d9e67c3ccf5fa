"""The kinds of values that options take."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from avgraph.options.mistakes import mistake, mistakes

Name = Annotated[str, Field(min_length=1)]
SpaceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
VALIDATION = "val/"


def each_once(value: list[str]) -> list[str]:
    """Refuse a list that names something twice.

    Raises:
        ValidationError: at the second of the two.
    """
    found = [((index,), f"'{name}' is listed twice", name) for index, name in enumerate(value) if name in value[:index]]
    if found:
        raise mistakes(found)
    return value


def of_validation(value: str) -> str:
    """Refuse a metric of another split than val: what is chosen by test rows is no result on them any more.

    Raises:
        PydanticCustomError: at a value under validation.
    """
    if not value.startswith(VALIDATION):
        told = f"expected a metric of the split val, such as val/accuracy, got '{value}'"
        raise mistake(f"{told}: what rows of the test choose is no result on them")
    return value


def tuple_as_list(value: Any) -> Any:
    """What stands for a list where a call in Python gives a tuple."""
    return list(value) if isinstance(value, tuple) else value


OnMissing = Annotated[list[Literal["download", "synthetic"]], AfterValidator(each_once)]
"""What to try, in order, where there is no data; an empty list makes that an error."""
ValidationMetric = Annotated[Name, AfterValidator(of_validation)]
"""A metric to choose by."""
SyntheticOnMissing = Annotated[list[Literal["synthetic"]], AfterValidator(each_once)]
"""The same for data that cannot be downloaded."""
