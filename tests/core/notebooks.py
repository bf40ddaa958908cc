"""Notebooks for tests of the compiler, from as little as a test has to say."""

from __future__ import annotations

from jupyter_dagflow.core.model import Cell, CellId, CellKind, Notebook


def tagged(*cells: tuple[str, str]) -> Notebook:
    """A notebook of code cells given as (tags, source); their ids are ``c0``, ``c1``, …"""
    return Notebook(
        path="nb.ipynb",
        digest="",
        kernel_name="python3",
        cells=tuple(
            Cell(
                id=CellId(f"c{index}"),
                index=index,
                kind=CellKind.CODE,
                source=source,
                code=source,
                tags=tuple(tags.split()),
            )
            for index, (tags, source) in enumerate(cells)
        ),
    )
