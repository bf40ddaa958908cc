"""``dagflow tag``: the tags that a notebook could have, and a copy of it that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.surfaces.cli.output import put, put_json, put_parts
from jupyter_dagflow.surfaces.options import AsJson, NotebookArgument
from jupyter_dagflow.surfaces.suggestions import suggestions_report

if TYPE_CHECKING:
    from jupyter_dagflow.core.suggest import Suggestion

Apply = Annotated[bool, typer.Option("--apply", help="Write the tagged copy.")]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="NEW.ipynb",
        help="Where to write it; of a .py file also NEW.py.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite NEW.ipynb if it is there.")]


def tag(
    notebook: NotebookArgument,
    apply: Apply = False,
    output: Output = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Propose tags for a notebook; with --apply, write a copy that has them."""
    if apply and output is None:
        raise OptionError(
            "--apply needs to know where to write the tagged copy.", hint="Add: -o NEW.ipynb"
        )
    if not apply and (output is not None or force):
        raise OptionError("-o and --force mean nothing without --apply.", hint="Add --apply.")
    from jupyter_dagflow.app import suggest_tags, write_tagged_copy

    if output is None:
        show_suggestions(suggest_tags(notebook), as_json=as_json)
        if not as_json:
            put(f"\nto write it: dagflow tag {notebook} --apply -o NEW.ipynb", error=True)
        return
    show_suggestions(write_tagged_copy(notebook, output, force=force), as_json=as_json)
    put(f"\nwritten: {output}", error=as_json)


def show_suggestions(suggestions: tuple[Suggestion, ...], *, as_json: bool) -> None:
    """Print what was suggested."""
    if as_json:
        from jupyter_dagflow.wire import suggestions_document

        put_json(suggestions_document(suggestions))
    else:
        put_parts(suggestions_report(suggestions))
