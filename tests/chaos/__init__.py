"""Runs whose processes are killed and stopped, and what must hold of them in the end: ``make chaos``."""
