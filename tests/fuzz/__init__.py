"""The promise, searched for a counterexample: random notebooks, run top to bottom and as a DAG.

`programs` writes notebooks, `kernels` runs them in this process, `likeness` compares values,
`verdicts` says what came of a notebook, `shrink` makes a counterexample small, and
``python -m tests.fuzz`` (`make fuzz`) does all of it as often as it is asked to.
"""
