"""The pure floor: values in, values out.

Nothing below this package touches a clock, a file, a process or a database; time, ids and text come in as
arguments. That is what makes the compiler and the run machine testable by table and by property.
"""
