"""Which finalizers do more than only their own instance can see, as a table."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.finalizers import telling_finalizers

OWN = (
    "print('gone', self.name)",
    "self.file.close()",
    "if getattr(self, 'pool', None): self.pool.shutdown()",
    "self.pool = None",
    "del self.pool",
    "try:\n            super().__del__()\n        except AttributeError:\n            pass",
)
TELLING = (
    "log.append(1)",
    "Account.alive -= 1",
    "type(self).alive = 0",
    "self.log.append(1)",
    "self.seen['x'] = 1",
    "self.total += 1",
    "os.unlink(self.path)",
    "import os",
    "global n; n = 1",
    "forget(self)",
)


def in_class(body: str) -> str:
    return f"class A:\n    x = 1\n    def __del__(self):\n        {body}"


@pytest.mark.parametrize("body", OWN)
def test_what_an_instance_does_with_its_own_is_not_seen(body: str) -> None:
    assert list(telling_finalizers(in_class(body))) == []


@pytest.mark.parametrize("body", TELLING)
def test_whatever_else_it_does_is_told_with_its_line(body: str) -> None:
    assert list(telling_finalizers(in_class(body))) == [(3, "A.__del__")]


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    __del__ = log.append",
        "class A:\n    def __del__(*args): log.append(args)",
        "def f():\n    class A:\n        def __del__(self): log.append(1)",
    ],
)
def test_however_it_is_written(code: str) -> None:
    assert [name for _, name in telling_finalizers(code)] == ["A.__del__"]


def test_what_cannot_be_read_is_left_to_the_analysis() -> None:
    assert list(telling_finalizers("class A: def __del__(self): x(")) == []
