"""Arrays and tensors as texts, a row each: numbers with the fewest digits that give back the same bits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avgraph.errors import DataError

Array = NDArray[Any]

TORCH_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool),
        *(torch.int64, torch.int32, torch.int16, torch.int8),
        *(torch.uint64, torch.uint32, torch.uint16, torch.uint8),
    )
}
NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def array_dtype(dtype: str) -> np.dtype[Any]:
    """The numpy type that holds ``dtype`` without loss: itself, or float32 for bfloat16.

    Example:
        >>> array_dtype("bfloat16"), array_dtype("int8")
        (dtype('float32'), dtype('int8'))
    """
    return np.dtype("float32" if dtype == "bfloat16" else dtype)


def tensor_to_array(tensor: Tensor) -> tuple[str, Array]:
    """Name of the dtype and the values of a dense tensor, on the CPU; bfloat16 is widened to float32.

    Raises:
        DataError: for a sparse, complex or quantised tensor.

    Example:
        >>> tensor_to_array(torch.tensor([1.5], dtype=torch.bfloat16))
        ('bfloat16', array([1.5], dtype=float32))
    """
    name = str(tensor.dtype).removeprefix("torch.")
    if tensor.layout != torch.strided or name not in TORCH_DTYPES:
        kind = name if tensor.layout == torch.strided else f"sparse ({tensor.layout})"
        raise DataError(f"expected a dense tensor of {', '.join(TORCH_DTYPES)}; got {kind}")
    plain = tensor.detach().as_subclass(Tensor).cpu()
    return name, (plain.float() if name == "bfloat16" else plain).contiguous().numpy()


def array_to_tensor(array: Array, dtype: str) -> Tensor:
    """Undo `tensor_to_array`.

    Example:
        >>> array_to_tensor(np.array([1.5], dtype=np.float32), "bfloat16")
        tensor([1.5000], dtype=torch.bfloat16)
    """
    return torch.from_numpy(np.array(array)).to(TORCH_DTYPES[dtype])  # a copy, since the array may be read-only


def number_texts(array: Array) -> list[str]:
    """Every number of ``array``, flattened, as the shortest JSON number (or NaN, Infinity) that restores it.

    Example:
        >>> number_texts(np.array([0.1, -0.0, np.inf], dtype=np.float32)), number_texts(np.array([True]))
        (['0.1', '-0.0', 'Infinity'], ['true'])
    """
    flat = array.reshape(-1)
    if flat.dtype.kind != "f":
        texts = list(map(str, flat.tolist()))
        return [text.lower() for text in texts] if flat.dtype.kind == "b" else texts
    written = flat.astype("U")
    texts = written.tolist()
    with np.errstate(over="ignore"):
        back = written.astype(np.float64).astype(flat.dtype)
    # JSON readers parse to float64 first, and rounding twice can miss by one bit (7.038531e-26 in float32 does):
    # such a number, like one that is not finite, is written in another way.
    for i in np.nonzero((back != flat) | ~np.isfinite(flat))[0].tolist():
        texts[i] = NOT_FINITE.get(texts[i]) or repr(float(flat[i]))
    return texts


def row_texts(array: Array, *, quote: bool = False) -> list[str]:
    """One JSON text per row: a number, a list, or a list of lists.

    Args:
        array: numbers, a row per node or edge.
        quote: write NaN and the infinities as JSON strings, for readers that know only strict JSON.

    Example:
        >>> row_texts(np.array([[1, 2], [3, 4]]))
        ['[1,2]', '[3,4]']
    """
    texts = number_texts(array)
    if quote and array.dtype.kind == "f":
        texts = [f'"{text}"' if text[-1] in "Ny" else text for text in texts]  # NaN, Infinity
    for axis in range(array.ndim - 1, 0, -1):
        width, rows = array.shape[axis], int(np.prod(array.shape[:axis]))
        texts = [f"[{','.join(texts[i * width : (i + 1) * width])}]" for i in range(rows)]
    return texts


def parse_rows(cells: Sequence[Any], dtype: str, shape: tuple[int, ...]) -> Array:
    """Undo `row_texts`: texts, or numbers and lists already parsed, become an array [len(cells), *shape].

    Raises:
        ValueError: if a cell is not a number or list of the dtype and shape asked for.

    Example:
        >>> parse_rows(["[1,2]", [3, 4]], "uint8", (2,))
        array([[1, 2], [3, 4]], dtype=uint8)
    """
    target = array_dtype(dtype)
    rows: Any = cells
    if any(map(isinstance, cells, repeat(str))):
        try:
            rows = json.loads(f"[{','.join(cells)}]")
        except (ValueError, TypeError):
            rows = [_parse_cell(cell) for cell in cells]
    # Floats go through float64, as every JSON reader does; number_texts saw to it that this is exact.
    # numpy would take uint64 beside smaller integers for floats.
    wide: Any = np.float64 if target.kind == "f" else np.object_ if target == np.uint64 else None
    loose = np.array(rows, dtype=wide)
    if loose.size == 0:
        loose = np.empty(0, target)
    elif loose.shape != (len(cells), *shape):
        raise ValueError(f"expected shape {list(shape)} in each row, got {list(loose.shape[1:])}")
    with np.errstate(over="ignore", invalid="ignore"):
        array = loose.astype(target)
    if target.kind != "f" and loose.size and not (loose.dtype.kind in "biufO" and bool(np.all(array == loose))):
        raise ValueError(f"expected {dtype}, got {loose.reshape(-1)[0]}")
    return array.reshape(len(cells), *shape)


def _parse_cell(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        word = cell.strip().lower()
        return word == "true" if word in ("true", "false") else float(word)  # other programs: True, INF, 1.
