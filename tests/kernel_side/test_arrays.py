"""Arrays with steps between their elements: what a copy of one has in common with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_dagflow.kernel_side.arrays import (
    overlaps_itself,
    stepped_copy,
    stepped_copy_of_objects,
)
from jupyter_dagflow.kernel_side.rebuild import objects_over


@st.composite
def stepped(draw: st.DrawFn) -> np.ndarray:
    """An array that is cut out of another, turned round and transposed."""
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    kind = draw(st.sampled_from(["u1", "i4", "f8", "M8[s]", [("n", "i4"), ("t", "S3")]]))
    array = np.arange(np.prod(shape)).astype("u1").reshape(shape).astype("i8")
    array = array.astype(kind) if isinstance(kind, str) else _records(array, kind)
    array = array.transpose(draw(st.permutations(range(array.ndim))))
    steps = st.sampled_from(
        [slice(None), slice(None, None, -1), slice(None, None, 2), slice(1, None)]
    )
    array = array[tuple(draw(steps) for _ in shape)]
    return array["n"] if array.dtype.names and draw(st.booleans()) else array


def _records(array: np.ndarray, kind: list[tuple[str, str]]) -> np.ndarray:
    records = np.zeros(array.shape, kind)
    records["n"], records["t"] = array, array.astype("S3")
    return records


@given(stepped().filter(lambda array: array.size > 0), st.data())
def test_a_copy_gives_views_where_the_array_does(array: np.ndarray, data: st.DataObject) -> None:
    memory, strides, offset = stepped_copy(array)
    copy = np.ndarray(array.shape, array.dtype, memory, offset, strides)
    assert (copy == array).all()
    assert not overlaps_itself(copy)
    assert memory.nbytes <= 2 * array.nbytes
    _check_views(array, copy, data)


@given(stepped().filter(lambda array: array.size > 0), st.data())
def test_so_does_a_copy_of_an_array_of_objects(array: np.ndarray, data: st.DataObject) -> None:
    objects = np.array([None, *range(array.size)], dtype=object)[1:]
    objects = _laid_out_like(array, objects)
    memory, shape, strides, offset = stepped_copy_of_objects(objects)
    copy = objects_over(memory, shape, strides, offset)
    assert (copy == objects).all()
    assert not overlaps_itself(copy)
    assert memory.nbytes <= 2 * objects.nbytes
    _check_views(objects, copy, data)


def _laid_out_like(array: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """Objects with gaps and in the order of the axes where an array has them."""
    order = np.argsort([-abs(step) for step in array.strides], kind="stable")
    whole = np.empty([2 * array.shape[axis] for axis in order], dtype=object)
    made = whole[tuple(slice(None, None, 2) for _ in order)].transpose(np.argsort(order))
    made[...] = objects.reshape(array.shape)
    return made[tuple(slice(None, None, -1) if step < 0 else slice(None) for step in array.strides)]


def _check_views(array: np.ndarray, copy: np.ndarray, data: st.DataObject) -> None:
    axes = data.draw(st.permutations(range(array.ndim)))
    array, copy = array.transpose(axes), copy.transpose(axes)
    for ask in (_ravelled, _in_rows, _last_joined):
        assert np.shares_memory(ask(copy), copy) == np.shares_memory(ask(array), array)


def _ravelled(array: np.ndarray) -> np.ndarray:
    return array.ravel()


def _in_rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(len(array), -1)


def _last_joined(array: np.ndarray) -> np.ndarray:
    return array.reshape((*array.shape[:-2], -1))


@pytest.mark.parametrize(
    "cut", ["z[::-1]", "z[::2]", "z.reshape(2, 4)[:, 1]", "z.reshape(2, 4)[:, :3]"]
)
def test_what_is_no_view_in_the_notebook_is_none_in_the_next_task(tasks: Any, cut: str) -> None:
    tasks.ok(f"import numpy as np\nz = np.arange(8)\nz = {cut}", writes="z")
    tasks.ok("y = z.ravel()\nz[...] = 9\nassert 9 not in y.tolist()", reads="z")
