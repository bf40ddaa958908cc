"""Where the elements of NumPy's arrays lie, and which other objects are over the memory of one.

The law: what can write to the memory of an array is stored over that memory. NumPy's own pickles
copy it for all but plain arrays.
"""

from __future__ import annotations

import array as plain_arrays
import sys
from typing import Any, NamedTuple

from . import rebuild
from .anatomy import instance_dict, member, members

_ALONE = 3  # the array, the variable and the question itself


class Place(NamedTuple):
    """Where the elements of an array lie: the same for all arrays over the same elements."""

    first: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str


def place_of(array: Any) -> Place:
    """Where the elements of an array lie."""
    return Place(_first(array), array.shape, array.strides, array.dtype.str)


def span_of(array: Any) -> tuple[int, int]:
    """The addresses between which an array's elements lie."""
    first = _first(array)
    last = first + array.itemsize
    for count, step in zip(array.shape, array.strides):  # noqa: B905 -- Python 3.8
        reach = (count - 1) * step
        first, last = (first + reach, last) if reach < 0 else (first, last + reach)
    return first, last


def overlaps_itself(array: Any) -> bool:
    """Whether some elements of an array lie over others, as those of a window that slides do."""
    reach = array.itemsize
    steps = sorted((abs(step), n) for step, n in zip(array.strides, array.shape) if n > 1)  # noqa: B905
    for step, count in steps:
        if step < reach:
            return True
        reach += step * (count - 1)
    return False


def bytes_of_others(array: Any) -> Any:
    """The ``bytearray``, or array of that module, that an array is over and others have as well; else None."""
    numpy = sys.modules["numpy"]
    base = array
    while isinstance(base, numpy.ndarray):
        base = base.base
    owner = base.obj if type(base) is memoryview else base
    plain = isinstance(owner, (bytearray, plain_arrays.array))
    return owner if plain and sys.getrefcount(owner) > _ALONE else None


def memory_between(array: Any, span: tuple[int, int]) -> Any:
    """The bytes of that span as an array of their own over the same memory."""
    numpy = sys.modules["numpy"]
    first, last = span
    return numpy.asarray(_Stretch(array, first, last - first))


def stepped_copy(array: Any) -> tuple[Any, tuple[int, ...], int]:
    """A copy of an array with steps: its memory as an array of bytes, the strides, and the place of its first element.

    Elements with nothing between them stay next to each other, others do not get there: whether NumPy gives a view of
    an array or a copy depends on that. Gaps are one element wide, so the copy has at most twice the bytes.
    """
    numpy = sys.modules["numpy"]
    end, strides, first = _with_narrow_gaps(array)
    memory = numpy.zeros(end, "u1")
    numpy.ndarray(array.shape, array.dtype, memory, first, strides)[...] = array
    return memory, strides, first


def stepped_copy_of_objects(
    array: Any,
) -> tuple[Any, tuple[int, ...], tuple[int, ...], int]:
    """The like of an array of objects, whose memory is an array of objects: that, the shape, the strides, the place."""
    numpy = sys.modules["numpy"]
    end, strides, first = _with_narrow_gaps(array)
    memory = numpy.empty(end // array.itemsize, object)
    rebuild.objects_over(memory, array.shape, strides, first)[...] = array
    return memory, array.shape, strides, first


def copy_of_span(array: Any) -> tuple[Any, tuple[int, ...], tuple[int, ...], int]:
    """The like of an array of objects, some of whose elements lie over others."""
    first, last = span_of(array)
    size, place = array.itemsize, _first(array) - first
    memory = rebuild.objects_over(array, ((last - first) // size,), (size,), -place)
    return memory.copy(), array.shape, array.strides, place


def owner_of(array: Any) -> Any:
    """The array that an array is a view of, if only by way of others; itself if it has memory of its own."""
    numpy = sys.modules["numpy"]
    owner = base = array
    while base is not None:
        owner = base if isinstance(base, numpy.ndarray) else owner
        base = getattr(base, "base", None)  # also of what NumPy, or `rebuild`, makes arrays of
    return owner


def within(owner: Any, array: Any) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """How an array lies over the memory of its owner: shape, strides, and the place of its first element."""
    return array.shape, array.strides, _first(array) - _first(owner)


def _with_narrow_gaps(array: Any) -> tuple[int, tuple[int, ...], int]:
    """How many bytes an array needs with its gaps one element wide, its strides then, and where it begins."""
    size = array.itemsize
    strides = [size] * array.ndim
    first, end = 0, size  # of the elements so far
    next_to, place = size, size  # the stride that goes on without a gap: in the array, in the copy
    for axis in sorted(range(array.ndim), key=lambda axis: abs(array.strides[axis])):
        count, stride = array.shape[axis], array.strides[axis]
        if count > 1:
            if abs(stride) != next_to:
                place = end if end != place else end + size
            strides[axis] = place if stride > 0 else -place
            first += place * (count - 1) if stride < 0 else 0
            end += place * (count - 1)
            next_to, place = abs(stride) * count, place * count
    return end, tuple(strides), first


def is_derived(kind: type[Any]) -> bool:
    """Whether a class derives from NumPy's arrays, and NumPy's own way copies their memory."""
    numpy = sys.modules.get("numpy")
    if numpy is None or kind is numpy.ndarray or not issubclass(kind, numpy.ndarray):
        return False
    base = numpy.ma.MaskedArray if issubclass(kind, numpy.ma.MaskedArray) else numpy.ndarray
    ways = ("__reduce__", "__setstate__")
    own_way = any(member(kind, way) is not members(base).get(way) for way in ways)
    return not (own_way or issubclass(kind, numpy.memmap))


def reduce_derived(array: Any) -> Any:
    """An array of another class over the memory of a plain one, with what it has beside that."""
    if array.dtype.hasobject:
        return None
    numpy = sys.modules["numpy"]
    state = dict(instance_dict(array))
    if state.get("_mask") is numpy.ma.nomask:
        del state["_mask"]
    arguments = (numpy.ndarray.view(array, numpy.ndarray), type(array))
    return rebuild.derived, arguments, state, None, None, rebuild.set_attributes


def is_row(obj: Any) -> bool:
    """Whether an object is a row of a structured array, and writes to it."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(type(obj), numpy.void) and obj.base is not None


def reduce_row(row: Any) -> Any:
    """A row, over the memory of its array; over the array itself if that holds objects."""
    if not row.dtype.hasobject:
        return rebuild.element, (as_array(row), ())
    array, place = row.base, {}
    offset = _first(row) - _first(array)
    for axis in sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis])):
        place[axis], offset = divmod(offset, array.strides[axis])
    return rebuild.element, (array, tuple(place[axis] for axis in sorted(place)))


def as_array(row: Any) -> Any:
    """The memory of a row as an array without axes."""
    numpy = sys.modules["numpy"]
    whole = f"|V{row.dtype.itemsize}"
    return numpy.asarray(_Memory(row, whole)).view(row.dtype)


def _first(array: Any) -> int:
    """The address of the first element."""
    first: int = array.__array_interface__["data"][0]
    return first


class _Stretch:
    """What NumPy makes an array of bytes over some of an array's memory of."""

    def __init__(self, array: Any, first: int, size: int) -> None:
        self.array = array  # whose memory it is
        self.__array_interface__ = {
            "data": (first, not array.flags.writeable),
            "shape": (size,),
            "typestr": "|u1",
            "version": 3,
        }


class _Memory:
    """What NumPy makes an array over the memory of a row of: one that may be written if that may."""

    def __init__(self, row: Any, kind: str) -> None:
        self.row = row  # whose memory it is
        told = row.__array_interface__
        self.__array_interface__ = {**told, "descr": [("", kind)], "typestr": kind}
        # Of a row itself NumPy tells, since 2.5, that it may not.
        read_only = not getattr(getattr(row.base, "flags", None), "writeable", True)
        self.__array_interface__["data"] = (told["data"][0], read_only)
