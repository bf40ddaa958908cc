"""Commands of typer that refuse what typer would let pass or not explain.

The law: every command is made here, those of the terminal and those of the magic, so both say the
same of a wrong argument, of an option that contradicts itself, and of what is only planned.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from jupyter_dagflow.core.errors import OptionError
from jupyter_dagflow.surfaces.planned import refuse_planned

# Typer used to have click beside it and now has it within: its BadParameter is a UsageError of
# whichever it is.
UsageError: Any = typer.BadParameter.__mro__[1]


class Commands(typer.Typer):
    """A group of commands; typer is kept from loading rich for help and errors."""

    def __init__(self, *, complete: bool = False, **settings: Any) -> None:
        super().__init__(
            cls=_Group,
            add_completion=complete,
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
            **settings,
        )

    def command(self, name: str | None = None, **settings: Any) -> Callable[..., Any]:
        """Make a command of a function, as typer does."""
        return super().command(name, cls=_Command, **settings)


class _Command(TyperCommand):
    """A command whose options of one value cannot be given two different ones."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        parser = self.make_parser(ctx)
        single = [option for option in self.get_params(ctx) if _takes_one_value(option)]
        for option in single:
            collecting: Any = copy(option)
            collecting.multiple = True
            collecting.add_to_parser(parser, ctx)
        try:
            given, _, _ = parser.parse_args(args=list(args))
        except UsageError as error:
            typed = f"{ctx.command_path} {getattr(error, 'option_name', '')}"
            refuse_planned(typed, hint=f"{ctx.command_path} --help lists what it takes.")
            raise option_error(error, program=ctx.command_path) from None
        for option in single:
            values = list(dict.fromkeys(given.get(option.name) or ()))
            if len(values) > 1:
                raise OptionError(
                    f"{'/'.join(option.opts)} is given twice: {' and '.join(map(repr, values))}.",
                    hint="Two options that contradict each other: drop one of them.",
                )
        return super().parse_args(ctx, args)


class _Group(TyperGroup):
    """A group that tells what it does not have yet."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        if found is None:
            typed = f"{ctx.command_path} {cmd_name}"
            refuse_planned(typed, hint=f"{ctx.command_path} --help lists what there is.")
        return found


def option_error(error: Any, *, program: str) -> OptionError:
    """What typer has against the arguments, as an error of ours."""
    command = error.ctx.command_path if error.ctx is not None else program
    message = " ".join(str(error.format_message()).split())
    return OptionError(
        message if command == "dagflow" else f"{command}: {message}",
        hint=f"{command} --help lists what it takes.",
    )


def _takes_one_value(parameter: Any) -> bool:
    return isinstance(parameter, TyperOption) and not parameter.multiple and not parameter.is_flag
