"""How values of NumPy, pandas, SciPy, scikit-learn, Matplotlib, PyArrow and PyTorch are told for a fingerprint.

The law: no library is imported here; who has a value of one has imported it. Large memory is
hashed where it lies. What a library works out later and keeps beside the value is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

from .anatomy import instance_dict, lineage, root_package
from .bundle import new_hasher

if TYPE_CHECKING:
    from .fingerprint import Walk

    Children = Generator[Any, None, None]
    Way = Callable[[Walk, Any], Iterator[Any]]

_TILE_BYTES = 1 << 18  # of a table that lies row by row; a tile of it fits into the processor
_PIECE = 1 << 16

_PANDAS_LAZY = frozenset({"_cache", "_id", "_references", "_item_cache", "_is_copy", "_cacher"})
_NDFRAME_OWN = frozenset({"_mgr", "_attrs", "_flags", "_name", "_index"}) | _PANDAS_LAZY
_MASKED_OWN = frozenset({"_sharedmask", "_optinfo", "_basedict"})


def way_for(kind: type[Any]) -> Way | None:
    """How to tell values of this type; None if it is not of a library we know."""
    for base in lineage(kind):
        find = _LIBRARIES.get(root_package(base))
        way = find(kind, base) if find is not None else None
        if way is not None:
            return way
    return None


# NumPy


def _numpy(kind: type[Any], base: type[Any]) -> Way | None:
    numpy = sys.modules["numpy"]
    if base is numpy.ndarray:
        return _array
    if base is numpy.dtype:
        return _as_text
    if base is numpy.generic and not issubclass(kind, (numpy.object_, numpy.void)):
        return _scalar
    return None


def _array(walk: Walk, array: Any) -> Children:
    if walk.seen(array):
        return
    numpy = sys.modules["numpy"]
    kind = type(array)
    walk.kind(kind)
    plain = array if kind is numpy.ndarray else numpy.ndarray.view(array, numpy.ndarray)
    walk.atom((_dtype_name(plain.dtype), plain.shape))
    yield from _elements(walk, plain)
    if issubclass(kind, numpy.memmap):
        return
    if kind is not numpy.ndarray:
        filled = _MASKED_OWN | {"_fill_value"} if _fills_as_usual(array) else _MASKED_OWN
        yield from walk.attributes(array, without=filled)
        walk.write(b";")


def _fills_as_usual(array: Any) -> bool:
    """Whether what stands for masked elements is what NumPy works out when it is asked for."""
    numpy = sys.modules["numpy"]
    fill = instance_dict(array).get("_fill_value")
    if fill is None:
        return True
    usual = numpy.array(numpy.ma.default_fill_value(array.dtype), dtype=array.dtype)
    return bool(fill.tobytes() == usual.tobytes())


def _elements(walk: Walk, array: Any) -> Children:
    """The elements of a plain array, in order."""
    dtype = array.dtype
    if not (dtype.hasobject or dtype.kind == "T"):
        _memory(walk, array)
    elif dtype.names is not None:
        for name in dtype.names:
            yield walk.keep(array[name])
    else:
        flat = array.reshape(-1) if array.flags.c_contiguous else walk.keep(array.flatten())
        for start in range(0, flat.size, _PIECE):
            yield from walk.items(walk.keep(flat[start : start + _PIECE].tolist()))


def _memory(walk: Walk, array: Any) -> None:
    if not array.nbytes:
        walk.write(b"0")
    elif array.flags.c_contiguous:
        walk.memory(_bytes_of(array))
    elif array.flags.f_contiguous:
        walk.write(b"F")
        walk.memory(_bytes_of(array.T))
    else:
        walk.write(b"D")
        walk.write(_digest(array))


def _bytes_of(array: Any) -> Any:
    """The memory of an array that lies in one piece, as bytes."""
    return array.reshape(-1).view("u1")


def _digest(array: Any) -> bytes:
    """The digest of an array's elements in order, however they lie in memory."""
    digester = new_hasher()[1]
    if array.flags.c_contiguous:
        digester.update(_bytes_of(array))
    else:
        numpy = sys.modules["numpy"]
        flags = ["external_loop", "buffered"]
        for piece in numpy.nditer(array, flags=flags, order="C", buffersize=_PIECE):
            digester.update(_bytes_of(numpy.ascontiguousarray(piece)))
    digest: bytes = digester.digest()
    return digest


def _dtype_name(dtype: Any) -> str:
    simple = dtype.names is None and dtype.subdtype is None
    return str(dtype.str) if simple else repr(dtype)


def _scalar(walk: Walk, scalar: Any) -> Children:
    walk.kind(type(scalar))
    walk.atom((_dtype_name(scalar.dtype), scalar.tobytes()))
    return
    yield


def _as_text(walk: Walk, obj: Any) -> Children:
    walk.kind(type(obj))
    walk.atom(repr(obj))
    return
    yield


# pandas


def _pandas(kind: type[Any], base: type[Any]) -> Way | None:  # noqa: ARG001
    pandas = sys.modules["pandas"]
    if issubclass(kind, (pandas.DataFrame, pandas.Series)):
        return _frame
    if issubclass(kind, pandas.Index):
        return _pandas_object
    if root_package(kind) != "pandas":
        return None
    if issubclass(kind, pandas.api.extensions.ExtensionArray):
        return _extension_array
    if issubclass(kind, pandas.CategoricalDtype):
        return _pandas_object
    return _as_text if issubclass(kind, pandas.api.extensions.ExtensionDtype) else None


def _frame(walk: Walk, frame: Any) -> Children:
    """A table or a column of one: its labels, each column by itself, ``attrs`` and the rest."""
    if walk.seen(frame):
        return
    walk.kind(type(frame))
    state = instance_dict(frame)
    manager = state["_mgr"]
    yield from manager.axes
    for column in _columns(walk, manager):
        if type(column) is tuple:
            walk.atom(column)
        else:
            yield column
    yield state.get("_name")
    yield state.get("_attrs") or None
    walk.atom(bool(frame.flags.allows_duplicate_labels))
    yield from walk.attributes(frame, without=_NDFRAME_OWN | _accessors(frame))
    walk.write(b";")


def _columns(walk: Walk, manager: Any) -> Iterator[Any]:
    """Each column in its place, as (type, digest) or, if it is no plain memory, to be walked.

    pandas joins and splits the blocks that columns lie in when it likes.
    """
    if not hasattr(manager, "blocks"):  # pandas 1.3 to 2: one array for each column
        yield from manager.arrays
        return
    columns: dict[int, Any] = {}
    for block in manager.blocks:
        values = block.values
        places = [0] if manager.ndim == 1 else block.mgr_locs.as_array.tolist()
        columns.update(zip(places, _block_columns(walk, values)))  # noqa: B905 -- Python 3.8
    for place in sorted(columns):
        yield columns[place]


def _block_columns(walk: Walk, values: Any) -> list[Any]:
    numpy = sys.modules["numpy"]
    if type(values) is not numpy.ndarray:
        if values.ndim == 1:
            return [values]
        return [walk.keep(values[number]) for number in range(values.shape[0])]
    if values.dtype.hasobject:
        rows = [values] if values.ndim == 1 else list(values)
        return [walk.keep(row.tolist()) for row in rows]
    rows = values.reshape(1, -1) if values.ndim == 1 else values
    name = _dtype_name(values.dtype)
    return [(name, digest) for digest in _row_digests(rows)]


def _row_digests(rows: Any) -> list[bytes]:
    """The digest of each row of a matrix; one that lies column by column is gone through once."""
    numpy = sys.modules["numpy"]
    count, length = rows.shape
    if count < 2 or rows.nbytes == 0 or abs(rows.strides[0]) >= abs(rows.strides[1]):
        return [_digest(row) for row in rows]
    digesters = [new_hasher()[1] for _ in range(count)]
    width = max(64, _TILE_BYTES // (count * rows.itemsize))
    for start in range(0, length, width):
        tile = numpy.ascontiguousarray(rows[:, start : start + width])
        memory = tile.view("u1")
        for digester, row in zip(digesters, memory):  # noqa: B905 -- likewise
            digester.update(row)
    return [digester.digest() for digester in digesters]


def _extension_array(walk: Walk, array: Any) -> Children:
    if walk.seen(array):
        return
    walk.kind(type(array))
    for name in ("_ndarray", "_dtype"):  # in memory that only compiled code sees
        yield getattr(array, name, None)
    yield from walk.attributes(array, without=_PANDAS_LAZY | {"_ndarray", "_dtype"})
    walk.write(b";")


def _pandas_object(walk: Walk, obj: Any) -> Children:
    if walk.seen(obj):
        return
    walk.kind(type(obj))
    yield from walk.attributes(obj, without=_PANDAS_LAZY | _accessors(obj))
    walk.write(b";")


def _accessors(obj: Any) -> frozenset[str]:
    """Names like ``str`` and ``dt``: pandas up to 2 leaves there what it made when they were used."""
    return frozenset(getattr(type(obj), "_accessors", ()))


# SciPy and scikit-learn


def _scipy(kind: type[Any], base: type[Any]) -> Way | None:
    if not base.__module__.startswith("scipy.sparse"):
        return None
    names = {each.__name__ for each in lineage(kind)}
    if "_cs_matrix" in names:
        return _compressed
    return _coordinates if names & {"_coo_base", "coo_matrix"} else None


def _compressed(walk: Walk, matrix: Any) -> Children:
    """A compressed sparse matrix; SciPy sorts its entries in place when it needs them sorted."""
    if walk.seen(matrix):
        return
    walk.kind(type(matrix))
    state = instance_dict(matrix)
    parts = (state["data"], state["indices"], state["indptr"])
    make = getattr(sys.modules["scipy.sparse"], f"{matrix.format}_matrix")
    plain = make(parts, shape=state["_shape"], copy=False)
    if not plain.has_canonical_format:
        plain = plain.copy()
        plain.sum_duplicates()
        parts = (plain.data, plain.indices, plain.indptr)
    walk.atom(tuple(state["_shape"]))
    for part in parts:
        yield walk.keep(part)


def _coordinates(walk: Walk, matrix: Any) -> Children:
    """A sparse matrix as triples, which SciPy sorts in place, too."""
    if walk.seen(matrix):
        return
    walk.kind(type(matrix))
    state = instance_dict(matrix)
    places = state["coords"] if "coords" in state else (state["row"], state["col"])
    data = state["data"]
    if not state.get("has_canonical_format", False):
        make = getattr(sys.modules["scipy.sparse"], "coo_array", None)
        make = make or sys.modules["scipy.sparse"].coo_matrix
        plain = make((data, places), shape=state["_shape"], copy=True)
        plain.sum_duplicates()
        data, places = plain.data, getattr(plain, "coords", None) or (plain.row, plain.col)
    walk.atom(tuple(state["_shape"]))
    for part in (data, *places):
        yield walk.keep(part)


def _sklearn(kind: type[Any], base: type[Any]) -> Way | None:  # noqa: ARG001
    return _tree if hasattr(base, "get_arrays") and hasattr(base, "get_tree_stats") else None


def _tree(walk: Walk, tree: Any) -> Children:
    """A tree of neighbours; it counts how often it was asked."""
    if walk.seen(tree):
        return
    walk.kind(type(tree))
    for part in tree.get_arrays():
        yield walk.keep(sys.modules["numpy"].asarray(part))


# Matplotlib


def _matplotlib(kind: type[Any], base: type[Any]) -> Way | None:  # noqa: ARG001
    artist = sys.modules.get("matplotlib.artist")
    return _drawing if artist is not None and base is artist.Artist else None


def _drawing(walk: Walk, artist: Any) -> Children:
    """A figure, or a piece of one: what is in all its axes, and what is written there; not what drawing works out."""
    if walk.seen(artist):
        return
    walk.kind(type(artist))
    figure = artist.get_figure()
    if figure is None:
        walk.opaque(artist)
        return
    for owner in (figure, *figure.axes):
        children = owner.get_children()
        walk.atom(tuple(type(child).__qualname__ for child in children))
        walk.atom(tuple(str(child.get_text()) for child in children if hasattr(child, "get_text")))
    walk.atom(tuple((axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes))
    return
    yield


# PyArrow


def _pyarrow(kind: type[Any], base: type[Any]) -> Way | None:  # noqa: ARG001
    pyarrow = sys.modules["pyarrow"]
    if base in (pyarrow.Table, pyarrow.RecordBatch):
        return _arrow_table
    if base is pyarrow.ChunkedArray:
        return _arrow_chunks
    if base is pyarrow.Array:
        return _arrow_array
    if base in (pyarrow.Buffer,):
        return _arrow_buffer
    if base in (pyarrow.Schema, pyarrow.DataType, pyarrow.Field):
        return _arrow_schema
    return None


def _arrow_table(walk: Walk, table: Any) -> Children:
    walk.kind(type(table))
    yield walk.keep(table.schema)
    for column in table.columns:
        yield walk.keep(column)


def _arrow_chunks(walk: Walk, column: Any) -> Children:
    walk.kind(type(column))
    walk.atom((str(column.type), len(column), column.num_chunks))
    for chunk in column.chunks:
        yield walk.keep(chunk)


def _arrow_array(walk: Walk, array: Any) -> Children:
    walk.kind(type(array))
    walk.atom((str(array.type), len(array), array.offset))
    for buffer in array.buffers():
        if buffer is None:
            walk.write(b"N")
        else:
            walk.memory(buffer)
    dictionary = getattr(array, "dictionary", None)
    if dictionary is not None:
        yield walk.keep(dictionary)


def _arrow_buffer(walk: Walk, buffer: Any) -> Children:
    walk.kind(type(buffer))
    walk.memory(buffer)
    return
    yield


def _arrow_schema(walk: Walk, schema: Any) -> Children:
    walk.kind(type(schema))
    walk.atom(str(schema))
    metadata = getattr(schema, "metadata", None)
    yield walk.keep(dict(metadata)) if metadata else None


# PyTorch


def _torch(kind: type[Any], base: type[Any]) -> Way | None:
    torch = sys.modules["torch"]
    known = (torch.Tensor, torch.nn.Parameter)
    return _tensor if base is torch.Tensor and kind in known else None


def _tensor(walk: Walk, tensor: Any) -> Children:
    if walk.seen(tensor):
        return
    torch = sys.modules["torch"]
    walk.kind(type(tensor))
    walk.atom((str(tensor.dtype), tuple(tensor.shape), str(tensor.device), tensor.requires_grad))
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    walk.memory(flat.view(torch.uint8).numpy())
    return
    yield


_LIBRARIES: dict[str, Callable[[type[Any], type[Any]], Way | None]] = {
    "matplotlib": _matplotlib,
    "numpy": _numpy,
    "pandas": _pandas,
    "pyarrow": _pyarrow,
    "scipy": _scipy,
    "sklearn": _sklearn,
    "torch": _torch,
}
