"""How the modules that templates name are imported."""

from __future__ import annotations

IMPORTS: dict[str, str] = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "random": "import random",
    "os": "import os",
    "pathlib": "import pathlib",
    "collections": "import collections",
    "copy": "import copy",
    "functools": "import functools",
    "contextlib": "import contextlib",
    "dataclasses": "import dataclasses",
    "warnings": "import warnings",
    "operator": "import operator",
    "itertools": "import itertools",
    "heapq": "import heapq",
    "bisect": "import bisect",
    "json": "import json",
    "math": "import math",
    "pprint": "import pprint",
    "statistics": "import statistics",
    "textwrap": "import textwrap",
    "inspect": "import inspect",
    "sys": "import sys",
    "enum": "import enum",
    "weakref": "import weakref",
    "traitlets": "import traitlets",
    "asyncio": "import asyncio",
    "io": "import io",
    "pickle": "import pickle",
}
