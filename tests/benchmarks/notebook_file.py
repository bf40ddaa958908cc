"""Notebooks as files, from as little as a measurement has to say."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path


def write_notebook(path: Path, cells: Iterable[tuple[str, ...]]) -> Path:
    """Write a notebook of code cells given as (source, tag, …)."""
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {"tags": tags},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, (source, *tags) in enumerate(cells)
        ],
    }
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def linked(size: int) -> list[tuple[str, ...]]:
    """The cells of a chain of trivial tasks."""
    return [("x = 0", "task:t0"), *((f"x = x + {n}", f"task:t{n}") for n in range(1, size))]
