"""Arrays and tables of NumPy, pandas and Arrow, compared element by element; figures of
Matplotlib by what they draw.

The law: a library is looked at only if the kernel has imported it. Type, shape, dtype and labels
are compared before the elements, so that the text names the cause and not its first symptom.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from .comparison_steps import NotComparable, Pair, alike, clock_readings, lengths, shown, unequal
from .summary import type_name

if TYPE_CHECKING:
    from .comparison_steps import Handler, Steps


_FLAGS = ("writeable", "c_contiguous", "f_contiguous")
_OF_TREES = ("get_arrays", "get_tree_stats")


def handler(value: Any) -> Handler | None:
    """How such a value is compared, if it is one of these libraries'."""
    for library, kinds in _HANDLERS.items():
        module = sys.modules.get(library)
        if module is None:
            continue
        for name, compare in kinds:
            kind = getattr(module, name, None)
            if isinstance(kind, type) and isinstance(value, kind):
                return compare
    if "sklearn" in sys.modules and all(hasattr(type(value), each) for each in _OF_TREES):
        return _tree
    return None


def _tree(path: str, one: Any, other: Any) -> Steps:
    """Trees of neighbours, but for how often they were asked."""
    numpy = sys.modules["numpy"]
    for at, (a, b) in enumerate(zip(one.get_arrays(), other.get_arrays())):  # noqa: B905
        yield Pair(f"{path}.get_arrays()[{at}]", numpy.asarray(a), numpy.asarray(b))


# NumPy


def _masked(path: str, one: Any, other: Any) -> Steps:
    numpy = sys.modules["numpy"]
    if _about(one) != _about(other):
        yield _abouts(path, one, other)
        return
    yield Pair(f"{path}.mask", numpy.ma.getmaskarray(one), numpy.ma.getmaskarray(other))
    yield Pair(path, one.compressed(), other.compressed())
    yield Pair(f"{path}.fill_value", one.fill_value, other.fill_value)


def _array(path: str, one: Any, other: Any) -> Steps:
    if _about(one) != _about(other):
        yield _abouts(path, one, other)
        return
    numpy = sys.modules["numpy"]
    yield from _elements(path, numpy.asarray(one), numpy.asarray(other))
    for flag in _FLAGS:
        a, b = getattr(one.flags, flag), getattr(other.flags, flag)
        if a != b:
            yield unequal(f"{path}.flags.{flag}", a, b)
    if type(one) is not numpy.ndarray:
        attributes, others = getattr(one, "__dict__", {}), getattr(other, "__dict__", {})
        yield Pair(f"vars({path})", attributes, others)


def _elements(path: str, one: Any, other: Any) -> Steps:
    numpy = sys.modules["numpy"]
    if one.dtype.hasobject and one.dtype.names is None:
        for at in numpy.ndindex(one.shape):
            if not alike(one[at], other[at]):
                yield Pair(path + _at(at), one[at], other[at])
    elif one.dtype.names is not None:
        for name in one.dtype.names:
            yield from _elements(f"{path}[{name!r}]", one[name], other[name])
    elif one.dtype.kind == "V":
        if one.tobytes() != other.tobytes():
            yield f"{path}: its bytes differ"
    else:
        differing = (one != other) & ~((one != one) & (other != other))
        if differing.any():
            at = tuple(int(place) for place in numpy.argwhere(differing)[0])
            yield unequal(path + _at(at), one[at], other[at])


def _scalar(path: str, one: Any, other: Any) -> Steps:
    numpy = sys.modules["numpy"]
    yield Pair(path, numpy.asarray(one), numpy.asarray(other))


def _dtype(path: str, one: Any, other: Any) -> Steps:
    if one != other:
        yield unequal(path, one, other)


def _ufunc(path: str, one: Any, other: Any) -> Steps:
    if one.__name__ != other.__name__:
        yield unequal(path, one, other)


def _at(place: tuple[int, ...]) -> str:
    return f"[{', '.join(str(index) for index in place)}]" if place else ""


def _about(array: Any) -> tuple[Any, Any]:
    return array.dtype, array.shape


def _abouts(path: str, one: Any, other: Any) -> str:
    if one.dtype != other.dtype:
        return f"{path}.dtype: {one.dtype} != {other.dtype}"
    return f"{path}.shape: {tuple(one.shape)} != {tuple(other.shape)}"


# pandas


def _frame(path: str, one: Any, other: Any) -> Steps:
    if one.shape != other.shape:
        yield f"{path}.shape: {one.shape} != {other.shape}"
        return
    yield Pair(f"{path}.columns", one.columns, other.columns)
    yield Pair(f"{path}.index", one.index, other.index)
    clocks = clock_readings(list(one.columns))
    for at, name in enumerate(one.columns):
        if isinstance(name, str) and name in clocks:
            continue
        column = f"{path}[{shown(name)}]"
        yield from _column(column, one.iloc[:, at].array, other.iloc[:, at].array, one.index)
    yield from _notes(path, one, other)


def _series(path: str, one: Any, other: Any) -> Steps:
    if one.shape != other.shape:
        yield f"{path}.shape: {one.shape} != {other.shape}"
        return
    yield Pair(f"{path}.name", one.name, other.name)
    yield Pair(f"{path}.index", one.index, other.index)
    yield from _column(path, one.array, other.array, one.index)
    yield from _notes(path, one, other)


def _index(path: str, one: Any, other: Any) -> Steps:
    if one.shape != other.shape:
        yield lengths(path, len(one), len(other))
        return
    yield Pair(f"{path}.names", list(one.names), list(other.names))
    if one.nlevels > 1:
        for level in range(one.nlevels):
            a, b = one.get_level_values(level), other.get_level_values(level)
            yield Pair(f"{path}.get_level_values({level})", a, b)
    else:
        yield from _column(path, one.array, other.array, None)
    steps = getattr(one, "freq", None), getattr(other, "freq", None)
    if steps[0] != steps[1]:
        yield unequal(f"{path}.freq", *steps)


def _extension(path: str, one: Any, other: Any) -> Steps:
    yield from _column(path, one, other, None)


def _column(path: str, one: Any, other: Any, labels: Any) -> Steps:
    """The values of a column; ``labels`` are its rows', None if it is labels itself."""
    if str(one.dtype) != str(other.dtype):
        yield f"{path}.dtype: {one.dtype} != {other.dtype}"
        return
    if len(one) != len(other):
        yield lengths(path, len(one), len(other))
        return
    categories = getattr(one.dtype, "categories", None)
    if categories is not None:
        yield Pair(f"{path}.categories", categories, other.dtype.categories)
        yield Pair(f"{path}.ordered", one.dtype.ordered, other.dtype.ordered)
    if str(getattr(one.dtype, "numpy_dtype", one.dtype)) == "object":
        for at, (a, b) in enumerate(zip(one, other)):  # noqa: B905 -- of one length
            if not alike(a, b):
                yield Pair(path + _row(at, labels), a, b)
        return
    for place in _unequal_places(one, other):
        yield Pair(path + _row(place, labels), one[place], other[place])


def _row(at: int, labels: Any) -> str:
    return f"[{at}]" if labels is None else f" row {shown(labels[at])}"


def _unequal_places(one: Any, other: Any) -> list[int]:
    """Where columns of one dtype and length hold other values, or NaN beside missing ones."""
    numpy, pandas = sys.modules["numpy"], sys.modules["pandas"]
    missing, gone = numpy.asarray(pandas.isna(one)), numpy.asarray(pandas.isna(other))
    differing = missing != gone
    both = ~(missing | gone)
    differing[both] = numpy.asarray(one[both] != other[both], dtype=bool)
    places: list[int] = differing.nonzero()[0].tolist()
    return places


def _moment(path: str, one: Any, other: Any) -> Steps:
    if repr(one) != repr(other):  # which has the nanoseconds and the time zone
        yield unequal(path, one, other)


def _notes(path: str, one: Any, other: Any) -> Steps:
    """What subclasses and users keep beside the data."""
    yield Pair(f"{path}.attrs", one.attrs, other.attrs)
    for name in one._metadata:  # noqa: SLF001 -- where subclasses declare it
        if name not in ("_name", "name"):
            a, b = getattr(one, name, None), getattr(other, name, None)
            yield Pair(f"{path}.{name}", a, b)


# Arrow


def _arrow_table(path: str, one: Any, other: Any) -> Steps:
    if not one.schema.equals(other.schema, check_metadata=True):
        yield unequal(f"{path}.schema", one.schema, other.schema)
    elif one.num_rows != other.num_rows:
        yield f"{path}: {one.num_rows} rows != {other.num_rows} rows"
    else:
        for at, name in enumerate(one.schema.names):
            yield Pair(f"{path}[{name!r}]", one.column(at), other.column(at))


def _arrow_array(path: str, one: Any, other: Any) -> Steps:
    if one.type != other.type:
        yield f"{path}.type: {one.type} != {other.type}"
    elif not one.equals(other):  # which takes NaN for unequal
        yield Pair(path, one.to_pylist(), other.to_pylist())


def _arrow_scalar(path: str, one: Any, other: Any) -> Steps:
    if one.type != other.type:
        yield f"{path}.type: {one.type} != {other.type}"
    else:
        yield Pair(path, one.as_py(), other.as_py())


def _arrow_schema(path: str, one: Any, other: Any) -> Steps:
    if not one.equals(other, check_metadata=True):
        yield unequal(path, one, other)


# Matplotlib


def _figure(path: str, one: Any, other: Any) -> Steps:
    agg = importlib.import_module("matplotlib.backends.backend_agg")
    pictures = []
    for figure in (one, other):
        canvas = agg.FigureCanvasAgg(figure)
        canvas.draw()
        pictures.append(sys.modules["numpy"].asarray(canvas.buffer_rgba()))
    if pictures[0].shape != pictures[1].shape:
        yield f"{path}: its size in pixels: {pictures[0].shape[1::-1]} != {pictures[1].shape[1::-1]}"
    elif (pictures[0] != pictures[1]).any():
        yield f"{path}: it draws something else"


def _artist(path: str, one: Any, other: Any) -> Steps:
    """What is drawn in a figure: by the whole of it, and by its place there."""
    figures = one.get_figure(), other.get_figure()
    if None in figures:
        raise NotComparable(f"it is a {type_name(type(one))} that no figure shows")
    places = [
        list(figure.findobj()).index(artist)
        for figure, artist in zip(figures, (one, other))  # noqa: B905 -- both are two
    ]
    yield Pair(f"{path}, its place in the figure", *places)
    yield Pair(f"{path}.figure", *figures)


_HANDLERS: dict[str, tuple[tuple[str, Handler], ...]] = {
    "numpy.ma": (("MaskedArray", _masked),),  # before the arrays, of which it is one
    "numpy": (
        ("ndarray", _array),
        ("generic", _scalar),
        ("dtype", _dtype),
        ("ufunc", _ufunc),
    ),
    "pandas": (
        ("DataFrame", _frame),
        ("Series", _series),
        ("Index", _index),
        ("Timestamp", _moment),
        ("Timedelta", _moment),
        ("Period", _moment),
    ),
    "pandas.api.extensions": (("ExtensionArray", _extension),),
    "pyarrow": (
        ("Table", _arrow_table),
        ("RecordBatch", _arrow_table),
        ("Array", _arrow_array),
        ("ChunkedArray", _arrow_array),
        ("Scalar", _arrow_scalar),
        ("Schema", _arrow_schema),
    ),
    "matplotlib.figure": (("Figure", _figure),),
    "matplotlib.artist": (("Artist", _artist),),
}
