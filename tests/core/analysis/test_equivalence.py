"""The promise itself: isolated tasks leave the same variables as running top to bottom."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.analysis.rerun import left_over
