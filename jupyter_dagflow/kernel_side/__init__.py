"""What runs inside users' kernels: takes values in before a task's cells and hands them over after.

The law: standard library only, syntax of Python 3.8, imports only within this package. A kernel
loads it by path (`boot.py`) under a private name, so its environment need not have us, and nothing
here binds a name among the user's. ``cloudpickle`` is used where the kernel has it and lent where
it has not; ``xxhash`` only where it is.
"""
