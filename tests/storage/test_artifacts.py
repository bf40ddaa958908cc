"""Values that a kernel stored, found and loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from jupyter_dagflow.core.errors import ArtifactDamaged
from jupyter_dagflow.kernel_side import bundle
from jupyter_dagflow.storage.artifacts import ArtifactNotLoadable, ArtifactStore

BOOT = Path(bundle.__file__).with_name("boot.py")
NOWHERE = "blake2b:" + "0" * 64

Keep = Callable[..., dict[str, str]]


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def keep(tmp_path: Path, store: ArtifactStore) -> Keep:
    """Runs code as a task does and stores the names it is asked to; returns their digests."""

    def keep_(code: str, *names: str, definitions: dict[str, str] | None = None) -> dict[str, str]:
        replayed = [
            {"name": name, "source": source, "by": "definitions"}
            for name, source in (definitions or {}).items()
        ]
        outcome = tmp_path / "outcome.json"
        spec = {
            "task": "t",
            "store": str(store.root),
            "cloudpickle": "",
            "inputs": {},
            "definitions": replayed,
            "outputs": names,
            "versions": {},
            "extras": [],
            "metrics": [],
            "guarded": [],
            "may_go": [],
            "sets": [],
            "made_alike": [],
            "looked_into": {},
            "beside": {},
            "strange": [],
            "exposed": {},
            "from_prelude": [],
            "changing": [],
            "ambient": {},
            "generators": {},
            "project": str(tmp_path),
            "ignored": [],
            "outcome": str(outcome),
        }
        (tmp_path / "spec.json").write_text(json.dumps(spec))
        cell = (
            f"__import__('runpy').run_path({str(BOOT)!r})['{{}}']({str(tmp_path / 'spec.json')!r})"
        )
        lines = [*(definitions or {}).values(), cell.format("load"), code, cell.format("save")]
        (tmp_path / "task.py").write_text("\n".join(lines))
        subprocess.run([sys.executable, tmp_path / "task.py"], check=True)
        stored = json.loads(outcome.read_text())["stored"]
        return {value["name"]: value["digest"] for value in stored}

    return keep_


def test_loads_what_was_stored(store: ArtifactStore, keep: Keep) -> None:
    digests = keep("import numpy\nx = numpy.arange(200_000)\nn = {'a': [1]}\nm = n['a']", *"xnm")
    x = store.load(digests["x"])["x"]
    assert np.array_equal(x, np.arange(200_000))
    x[0] = 7  # the values are the caller's own; the store does not change
    assert store.load(digests["x"])["x"][0] == 0
    together = store.load(digests["n"])
    assert digests["n"] == digests["m"]
    assert together["n"]["a"] is together["m"]


def test_values_of_the_notebooks_classes_bring_them_along(store: ArtifactStore, keep: Keep) -> None:
    point = "class Point:\n    def __init__(self, x):\n        self.x = x"
    digests = keep("p = Point(3)", "p", definitions={"Point": point})
    assert store.load(digests["p"])["p"].x == 3
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(point, namespace)
    loaded = store.load(digests["p"], namespace=namespace)["p"]
    assert type(loaded) is namespace["Point"]


def test_knows_its_files(store: ArtifactStore, keep: Keep) -> None:
    digest = keep("x = 1", "x")["x"]
    value = digest.partition(":")[2]
    assert store.path(digest) == store.root / value[:2] / value[2:]
    assert store.path(digest).is_file()
    assert not store.path(NOWHERE).exists()


@pytest.mark.parametrize("damage", ["cut off", "missing", "empty", "changed"])
@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_damaged_value_is_found_out(
    store: ArtifactStore, keep: Keep, size: int, damage: str
) -> None:
    digest = keep(f"x = bytearray({size})", "x")["x"]
    path = store.path(digest)
    data = path.read_bytes()
    match damage:
        case "cut off":
            path.write_bytes(data[:-5])
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "changed":
            path.write_bytes(data[:-1] + b"\x01")
    with pytest.raises(ArtifactDamaged):
        store.load(digest)


def test_says_that_a_value_is_missing(
    store: ArtifactStore, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    with pytest.raises(ArtifactDamaged) as caught:
        store.load(NOWHERE)
    assert str(caught.value).replace(str(tmp_path), "FOLDER") == snapshot(name="missing")


@pytest.mark.parametrize("digest", ["", "xxh3", "xxh3:../../etc/passwd", "xxh3:12", "a:b:c"])
def test_only_a_digest_names_a_file(store: ArtifactStore, digest: str) -> None:
    with pytest.raises(ArtifactDamaged):
        store.path(digest)


def test_says_what_a_value_needs(
    store: ArtifactStore, keep: Keep, snapshot: SnapshotAssertion
) -> None:
    module = "import sys, types\nm = types.ModuleType('only_there')\nsys.modules['only_there'] = m"
    made = "class C: pass\nC.__module__ = 'only_there'\nm.C = C\nx = C()"
    digest = keep(f"{module}\n{made}", "x")["x"]
    with pytest.raises(ArtifactNotLoadable) as caught:
        store.load(digest)
    assert str(caught.value) == snapshot


def test_a_flipped_bit_is_found_out_however_large_the_value_is(
    store: ArtifactStore, keep: Keep, snapshot: SnapshotAssertion, tmp_path: Path
) -> None:
    digest = keep("import numpy as np\nx = np.zeros(1_000_000)", "x")["x"]
    store.make_durable([digest, NOWHERE])
    assert len(store.load(digest)["x"]) == 1_000_000
    with store.path(digest).open("r+b") as file:
        file.seek(4_000_000)
        file.write(b"\1")
    with pytest.raises(ArtifactDamaged) as caught:
        store.load(digest)
    path = store.path(digest).relative_to(tmp_path)
    told = str(caught.value).replace(str(tmp_path), "FOLDER").replace(str(path), "FILE")
    assert told == snapshot(name="damaged")
