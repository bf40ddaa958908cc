"""What linking has to say about a notebook: diagnostics, each said once.

The law: a finding names the variable, both cells, and the ways out. Findings are collected, never
raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jupyter_dagflow.core.analysis import library
from jupyter_dagflow.core.analysis.ambient import AMBIENT_STATES, WORKING_DIRECTORY
from jupyter_dagflow.core.analysis.ir import SyntaxProblem
from jupyter_dagflow.core.analysis.steps import Block, Step
from jupyter_dagflow.core.analysis.world import Mark
from jupyter_dagflow.core.diagnostics import Code, Diagnostic

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Tie:
    """Two cells that have to be in one task, the earlier one first, and why."""

    cell: str
    other: str
    why: str


class Findings:
    """Collects diagnostics in the order they are found."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Diagnostic] = {}
        self._ties: dict[Tie, None] = {}

    @property
    def ties(self) -> tuple[Tie, ...]:
        """The cells that different tasks have and one task should."""
        return tuple(self._ties)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings, in notebook order."""
        return tuple(
            sorted(self._found.values(), key=lambda d: (d.cell_index or 0, d.line or 0, d.code))
        )

    def _add(
        self,
        key: tuple[object, ...],
        code: Code,
        message: str,
        *,
        block: Block,
        line: int | None,
        hint: str,
    ) -> None:
        self._found.setdefault(
            (code, *key),
            Diagnostic.of(
                code, message, cell=block.cell, cell_index=block.index, line=line, hint=hint
            ),
        )

    def _tie(self, step: Step, other: Step, why: str) -> None:
        self._ties.setdefault(Tie(step.block.cell, other.block.cell, why))

    def syntax(self, block: Block, problem: SyntaxProblem) -> None:
        """A cell that cannot be read."""
        self._add(
            (block.cell,),
            Code.SYNTAX,
            f"this cell is not valid Python: {problem.message}",
            block=block,
            line=problem.line,
            hint="correct the line, or tag the cell `skip`",
        )

    def undefined(self, step: Step, name: str, line: int, deleted: Step | None = None) -> None:
        """A name nothing above defines, perhaps because a statement has ``deleted`` it."""
        if library.HISTORY.match(name):
            self._add(
                (name, step.block.cell),
                Code.HISTORY_NAME,
                f"`{name}` means what ran last in one kernel; a task has no such history",
                block=step.block,
                line=line,
                hint="assign the result to a variable and use that",
            )
            return
        if name in step.effect.excused:
            return
        if step.block.asks:
            self._add(
                (name, step.block.cell),
                Code.UNKNOWN_NAME,
                f"`when:{step.block.code}` asks for `{name}`, which nothing above defines",
                block=step.block,
                line=None,
                hint="ask for what tasks above leave, for parameters, or for what setup makes",
            )
            return
        if deleted is not None:
            self._deleted(step, name, line, deleted)
            return
        self._add(
            (name, step.block.cell),
            Code.UNDEFINED_NAME,
            f"`{name}` is used but nothing above defines it",
            block=step.block,
            line=line,
            hint=f"define `{name}` in a cell above; a cell below does not count",
        )

    def _deleted(self, step: Step, name: str, line: int, deleted: Step) -> None:
        """A name that is gone when it is used."""
        by = f"task `{deleted.task}`" if deleted.node else "setup"
        self._add(
            (name, step.block.cell),
            Code.UNDEFINED_NAME,
            f"`{name}` is used but {by} deletes it above, in cell {deleted.block.index}, line "
            f"{deleted.line_of(name)}",
            block=step.block,
            line=line,
            hint=f"use `{name}` above that line, or leave out the `del` or the `as {name}`",
        )

    def perhaps_gone(self, step: Step, name: str, line: int, deleted: Step, *, again: bool) -> None:
        """A name that a task above deletes, unless it is skipped, or though setup makes it ``again`` in every task."""
        why = "; setup makes it again in every task" if again else ", if it is not skipped"
        self._add(
            (name, step.block.cell),
            Code.UNCERTAIN_ORDER,
            f"`{name}` is used or bound, but task `{deleted.task}` deletes it above, in cell "
            f"{deleted.block.index}, line {deleted.line_of(name)}{why}",
            block=step.block,
            line=line,
            hint=f"leave the `del` out, or make `{name}` in a task"
            if again
            else "leave the `del` out",
        )

    def two_versions(self, step: Step, name: str, writers: Iterable[str]) -> None:
        """A task in several places of the notebook that would need a name twice."""
        others = ", ".join(f"`{w}`" for w in writers if w and w != step.node) or "setup"
        self._add(
            (name, step.node),
            Code.TWO_VERSIONS,
            f"task `{step.task}` needs two versions of `{name}`: {others} changes it between the "
            "task's cells",
            block=step.block,
            line=step.effect.reads.get(name, step.statement.line),
            hint="tag what stands between with the same lane:, or give one of the versions another name"
            if step.block.task
            else "give the later cells a task of their own, or give one of the versions another name",
        )

    def shared_if_skipped(self, step: Step, name: str, other: str, skipped: str) -> None:
        """Names that share objects if a task is skipped, and no task above it has both."""
        self._add(
            (name, other, skipped),
            Code.UNCERTAIN_ORDER,
            f"`{name}` and `{other}` share objects if task `{skipped}` is skipped, but no task above it has both",
            block=step.block,
            line=step.line_of(name),
            hint=f"make `{name}` and `{other}` in one task, or let task `{skipped}` bind other names",
        )

    def taken_before(self, step: Step, name: str, taker: Step) -> None:
        """A task in several places of the notebook that changes what was read of it in between."""
        self._add(
            (name, step.node),
            Code.TWO_VERSIONS,
            f"task `{step.task}` changes `{name}` after task `{taker.task}` "
            f"(cell {taker.block.index}) has read it; a task hands over what it has at its end",
            block=step.block,
            line=step.line_of(name),
            hint="give the later cells a task of their own, or give one of the versions another "
            "name",
        )

    def hides(self, step: Step, name: str, what: str) -> None:
        """A variable that takes the name of something that is no variable."""
        self._add(
            (name,),
            Code.SHADOWED,
            f"`{name}` hides {what} from here on",
            block=step.block,
            line=step.line_of(name),
            hint="give the variable another name",
        )

    def unread(self, step: Step, name: str, line: int, *, lost: Step, kept: Step) -> None:
        """A task's value that nobody reads, because another task uses the same name."""
        self._add(
            (name, lost.node),
            Code.SHADOWED,
            f"task `{step.task}` reads `{name}` of task `{kept.task}` (cell {kept.block.index}); "
            f"the `{name}` of task `{lost.task}` (cell {lost.block.index}) is read by no other task",
            block=step.block,
            line=line,
            hint="give the two values names of their own if both are wanted",
        )

    def setup_reads_task(self, step: Step, name: str, line: int, writer: str) -> None:
        """Setup that needs what a task makes."""
        self._add(
            (name, step.block.cell),
            Code.SETUP_READS_TASK,
            f"setup reads `{name}`, which task `{writer}` makes; setup runs before every task",
            block=step.block,
            line=line,
            hint="make the cell part of a task, or move what it reads into setup",
        )

    def setup_too_late(self, step: Step, name: str, earlier: Step) -> None:
        """Setup that changes what a task above it has used."""
        self._add(
            (name, step.block.cell),
            Code.TWO_VERSIONS,
            f"setup changes `{name}`, which task `{earlier.task}` (cell {earlier.block.index}) "
            "uses above it; "
            "setup runs before every task",
            block=step.block,
            line=step.line_of(name),
            hint="move the setup cell up, or make it part of a task",
        )

    def setup_changed(self, step: Step, made: Step) -> None:
        """A function or class of setup that a task changes."""
        names = ", ".join(f"`{n}`" for n in made.bound)
        self._add(
            (names, step.node),
            Code.UNCERTAIN_ORDER,
            f"task `{step.task}` changes {names}, which setup (cell {made.block.index}) makes in "
            "every task; the others would not see the change",
            block=step.block,
            line=step.statement.line,
            hint="define it in a task, or keep what changes in a variable of its own",
        )

    def made_anew(self, made: Step, name: str, reads: Sequence[Step]) -> None:
        """A value that setup works out anew in every task, and differently each time."""
        readers = " and ".join(f"`{read.task}`" for read in reads[:2])
        more = f" and {len(reads) - 2} more" if len(reads) > 2 else ""
        self._add(
            (name, "anew"),
            Code.UNCERTAIN_ORDER,
            f"setup makes `{name}` anew in every task, and it is different each time; tasks "
            f"{readers}{more} would not have the same",
            block=made.block,
            line=made.line_of(name),
            hint="make it in a task, whose value all have, or make it a parameter",
        )

    def another_object(self, step: Step, name: str) -> None:
        """A question which object a value is, asked of what every task makes for itself."""
        self._add(
            (name, step.node),
            Code.UNCERTAIN_ORDER,
            f"task `{step.task}` asks with `is` whether something in `{name}`, which another task made, is "
            "an object of setup; setup makes it anew in every task",
            block=step.block,
            line=step.effect.reads[name],
            hint="compare with `==`, or make the object in a task",
        )

    def needs_lane(self, step: Step, name: str, line: int, *, what: str, made: Step) -> None:
        """A value that cannot leave its kernel."""
        self._tie(made, step, f"{name} is {what}, which cannot be handed to another task")
        self._add(
            (name, step.node),
            Code.NEEDS_LANE,
            f"`{name}` is {what}, made by task `{made.task}` (cell {made.block.index}); it "
            "cannot be handed to task "
            f"`{step.task}` (cell {step.block.index}), which uses it",
            block=step.block,
            line=line,
            hint="put both cells in one task, have both tasks share a kernel (tag them lane:NAME), "
            "hand over plain data "
            "(a list, a path) instead, or make it anew in a function that both tasks call",
        )

    def finalizer(self, step: Step, mark: Mark) -> None:
        """What is to be called when an object goes, of which tasks have copies."""
        self._add(
            (mark.what, step.block.cell, mark.line),
            Code.UNCERTAIN_ORDER,
            f"`{mark.what}` calls something when the last reference to an object goes: tasks have copies of it, "
            "each of which goes in its own time",
            block=step.block,
            line=mark.line,
            hint="call it where it is to be done, or by `with`",
        )

    def setting_missed(self, step: Step, path: str, users: Sequence[tuple[Step, int]]) -> None:
        """A setting that cannot be repeated, of a module that tasks below use."""
        (user, line), *others = users
        more = f", and so do {len(others)} more tasks" if len(others) > 1 else ""
        more = f", and so does task `{others[0][0].task}`" if len(others) == 1 else more
        for each, _ in users:
            self._tie(step, each, f"cell {step.block.index} sets {path} in its own kernel")
        self._add(
            (path, step.node),
            Code.UNCERTAIN_ORDER,
            f"task `{step.task}` sets `{path}` where that cannot be repeated: with values that only its kernel "
            f"has, or in code that does more; task `{user.task}` (cell {user.block.index}, "
            f"line {line}) uses that module{more}",
            block=step.block,
            line=step.effect.modules[path],
            hint="set it by itself, with constants, or with paths and text made of such, which is repeated in "
            "every task below, or in a `setup` cell, or put the cells in one task",
        )

    def setting_stays(self, step: Step, path: str) -> None:
        """A setting with data: nobody below names the module, but libraries may ask it."""
        self._add(
            (path, step.node),
            Code.SETTING_STAYS,
            f"task `{step.task}` sets `{path}` with values of the notebook; that stays in its kernel, "
            "and the tasks below run without it",
            block=step.block,
            line=step.statement.line,
            hint="set it with constants or parameters in a `setup` cell, if anything below depends "
            "on it, or put both cells in one task",
        )

    def shared_order(self, step: Step, name: str, writers: Iterable[str]) -> None:
        """Tasks put in order because their values share objects."""
        others = ", ".join(f"`{w}`" for w in writers if w and w != step.node)
        self._add(
            (name, step.node),
            Code.AMBIENT_ORDER,
            f"task `{step.task}` waits for {others}: `{name}` shares objects with its own values "
            "that a later task "
            "changes",
            block=step.block,
            line=step.statement.line,
            hint=f"copy `{name}` where it is shared to free the tasks",
        )

    def shared_apart(self, step: Step, names: Iterable[str]) -> None:
        """Names that share objects but come from tasks none of which has them all."""
        listed = ", ".join(f"`{n}`" for n in sorted(names))
        self._add(
            (listed, step.node),
            Code.UNCERTAIN_ORDER,
            f"{listed} share objects that task `{step.task}` changes, but no task above has all "
            "of them",
            block=step.block,
            line=step.statement.line,
            hint="put the cells that share them into one task, or copy the value where it is "
            "shared",
        )

    def ambient_order(self, step: Step, name: str, line: int, source: str) -> None:
        """Tasks put in order because they use the same ambient state."""
        state = AMBIENT_STATES[name]
        self._add(
            (name, step.node),
            Code.AMBIENT_ORDER,
            f"task `{step.task}` uses {state.what} after task `{source}`, so it waits for it",
            block=step.block,
            line=line,
            hint=state.instead,
        )

    def moved(self, source: str, takers: Sequence[Step], *, step: Step, line: int) -> None:
        """The tasks that wait for another because it changes the working directory, told once."""
        names = list(dict.fromkeys(f"`{step.task}`" for step in takers))
        more = len(names) - _MOST_NAMED
        listed = ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        waits = "uses it and waits" if len(names) == 1 else "use it and wait"
        tasks = "task" if len(names) == 1 else "tasks"
        self._add(
            (WORKING_DIRECTORY, source),
            Code.AMBIENT_ORDER,
            f"task `{source}` changes the working directory; {tasks} {listed} below {waits} for it",
            block=step.block,
            line=line,
            hint=AMBIENT_STATES[WORKING_DIRECTORY].instead,
        )

    def star_import(self, step: Step, mark: Mark) -> None:
        """A star import."""
        self._add(
            (mark.what, step.block.cell),
            Code.STAR_IMPORT,
            f"`from {mark.what} import *` binds names that cannot be known; it is repeated in "
            "every task below",
            block=step.block,
            line=mark.line,
            hint="import the names you use",
        )

    def opaque(self, step: Step, mark: Mark) -> None:
        """A magic whose doings are unknown."""
        self._add(
            (mark.what, step.block.cell),
            Code.OPAQUE_MAGIC,
            f"what `{mark.what}` reads and binds is not known; names that nothing else defines "
            "are taken from it",
            block=step.block,
            line=mark.line,
            hint="say what it changes with `mutates:NAME`, and order with `after:NAME`",
        )
