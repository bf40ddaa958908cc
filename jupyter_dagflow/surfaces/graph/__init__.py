"""Pictures of a pipeline, with or without a run on it: DOT, Mermaid, SVG and text.

The law: a picture is made from a `Pipeline` and perhaps a `RunView`, is the same for the same
input, and needs no application, no notebook and no browser.
"""
