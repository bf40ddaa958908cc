"""Generators of random numbers that packages make when they are imported, and seed with nothing.

The law: processes forked from one that has imported a package draw numbers of their own, as if each had imported it;
what was given a seed goes on from that seed in all of them.
"""
# ruff: noqa: SLF001 - what they were seeded with is told by nothing that is public

from __future__ import annotations

import contextlib
import gc
import random
import sys
from typing import Any


class Unseeded:
    """Notes, while it is entered, what is seeded; `seed_anew` is for a process that was forked later.

    It knows the generators of `random` and NumPy, wherever they are kept. What else is made of the system's entropy at
    an import, as a UUID, stays the same in all forks.
    """

    def __init__(self) -> None:
        self._random: Any = random
        self._urandom = self._random._urandom
        self._seed = random.Random.seed
        self._seed_global = random.seed
        self._drawn: set[int] = set()
        self._of_python: dict[int, random.Random] = {}
        self._of_numpy: list[Any] = []
        self._numpy_was_there = False

    def __enter__(self) -> None:
        def seed(generator: random.Random, a: Any = None, *args: Any, **options: Any) -> None:
            self._note(generator, a)
            self._seed(generator, a, *args, **options)

        self._random._urandom = self._draw
        self._random.Random.seed = seed
        self._random.seed = lambda *args, **options: seed(self._random._inst, *args, **options)
        self._random.seed()
        self._numpy_was_there = "numpy.random" in sys.modules

    def __exit__(self, *_: object) -> None:
        self._random._urandom = self._urandom
        self._random.Random.seed = self._seed
        self._random.seed = self._seed_global
        if "numpy.random" in sys.modules:
            kind = sys.modules["numpy.random"].BitGenerator
            found = (each for each in gc.get_objects() if issubclass(type(each), kind))
            self._of_numpy = [generator for generator in found if self._is_unseeded(generator)]

    @property
    def has_seeded_globals(self) -> bool:
        """Whether the global generator of `random` or NumPy was given a seed.

        It would not be as that seed has it when the first cell runs: IPython draws from it meanwhile.
        """
        if id(self._random._inst) not in self._of_python:
            return True
        if "numpy.random" not in sys.modules or self._numpy_was_there:
            return False
        return not self._is_unseeded(sys.modules["numpy.random"].mtrand._rand._bit_generator)

    def seed_anew(self) -> None:
        """Seed them with nothing again."""
        for generator in self._of_python.values():
            self._seed(generator)
        if self._numpy_was_there:
            sys.modules["numpy.random"].seed()
        for generator in self._of_numpy:
            with contextlib.suppress(Exception):  # of a kind that takes more than a seed
                generator.__setstate__(type(generator)().__reduce__()[2])

    def _draw(self, size: int) -> bytes:
        entropy: bytes = self._urandom(size)
        self._drawn.add(int.from_bytes(entropy, "big"))
        return entropy

    def _note(self, generator: random.Random, seed: object) -> None:
        if seed is None:
            self._of_python[id(generator)] = generator
        else:
            self._of_python.pop(id(generator), None)

    def _is_unseeded(self, generator: Any) -> bool:
        # It has no sequence of seeds if NumPy's older way to give a seed was used.
        entropy = getattr(generator._seed_seq, "entropy", None)
        return type(entropy) is int and entropy in self._drawn
