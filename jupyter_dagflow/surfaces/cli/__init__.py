"""The command line: ``dagflow``, and the same as ``jupyter dagflow``.

The law: a command translates; it reads options, calls the app once, and prints. ``dagflow --help``
is answered within a blink, so what is heavy (the app with its database and kernels, rich, IPython)
is imported inside the commands that need it; that is the one reason for imports within functions
here.
"""
