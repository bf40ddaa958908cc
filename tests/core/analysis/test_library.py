"""What is known of libraries by the names of what they have."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.analysis.library import is_setting


@pytest.mark.parametrize(
    "path",
    [
        "astropy.units.add_enabled_units",
        "codecs.register_error",
        "csv.field_size_limit",
        "csv.register_dialect",
        "cv2.setNumThreads",
        "dask.config.set",
        "matplotlib.colormaps.register",
        "mimetypes.add_type",
        "os.umask",
        "pandas.set_option",
        "resource.setrlimit",
        "socket.setdefaulttimeout",
        "sqlite3.register_adapter",
        "sys.setswitchinterval",
        "tensorflow.config.run_functions_eagerly",
        "threading.stack_size",
        "xml.etree.ElementTree.register_namespace",
        "yaml.add_representer",
    ],
)
def test_what_only_sets_something_in_a_module_is_known(path: str) -> None:
    assert is_setting(path)


@pytest.mark.parametrize(
    "path",
    [
        "builtins.setattr",
        "cv2.addWeighted",
        "networkx.add_path",
        "numpy.setdiff1d",
        "numpy.setxor1d",
        "operator.setitem",
        "os.setsid",
        "yaml.safe_load",
    ],
)
def test_what_gives_something_or_changes_its_argument_is_no_setting(path: str) -> None:
    assert not is_setting(path)
