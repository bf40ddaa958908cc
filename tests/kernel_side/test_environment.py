"""What is told of the environment: what code has set in a process, and no value."""

from __future__ import annotations

from jupyter_dagflow.kernel_side.environment import Environment

from .conftest import Tasks


def test_of_what_stays_as_it_was_given_nothing_is_told() -> None:
    variables = {"GIVEN": "1"}
    environment = Environment(variables)
    environment.begin()
    variables["GIVEN"] = "1"
    assert environment.end() == {}


def test_what_the_cells_set_and_delete_has_changed() -> None:
    variables = {"GIVEN": "1"}
    environment = Environment(variables)
    environment.begin()
    variables["NEW"] = variables.pop("GIVEN")
    told = environment.end()
    assert {name: each["changed"] for name, each in told.items()} == {
        "os.environ.GIVEN": ["GIVEN"],
        "os.environ.NEW": ["NEW"],
    }


def test_what_was_set_before_the_cells_is_told_and_has_not_changed() -> None:
    variables: dict[str, str] = {}
    environment = Environment(variables)
    variables["NEW"] = "2"
    environment.begin()
    (told,) = environment.end().values()
    assert (told["before"] == told["after"], told["changed"]) == (True, [])


def test_what_is_set_as_a_process_begins_is_given() -> None:
    variables = {"MARK": "of a kernel"}
    environment = Environment(variables)
    del variables["MARK"]
    environment.enter()
    environment.begin()
    assert environment.end() == {}


def test_what_one_task_ends_with_another_is_seen_to_begin_with() -> None:
    variables: dict[str, str] = {}
    later: dict[str, str] = {}
    one, other = Environment(variables), Environment(later)
    one.begin()
    variables["NEW"] = "2"
    (ended,) = one.end().values()
    later["NEW"] = "2"
    other.begin()
    (began,) = other.end().values()
    assert began["before"] == ended["after"] != ended["before"]


def test_too_little_is_told_to_find_a_value_by_trying() -> None:
    variables: dict[str, str] = {}
    environment = Environment(variables)
    environment.begin()
    variables["PASSWORD"] = "correct horse"
    (told,) = environment.end().values()
    assert len(told["after"]) == 4


def test_a_task_tells_what_its_cells_have_set(tasks: Tasks) -> None:
    ended = tasks.ok("import os; os.environ['NEW'] = '1'")
    told = {n: s["changed"] for n, s in ended.outcome["settings"].items() if "environ" in n}
    assert told == {"os.environ.NEW": ["NEW"]}
