"""What is known of Python's and the field's libraries: what makes, changes, copies, views, or cannot be moved.

The law: tables only, by dotted path (``numpy.random.default_rng``) or by method name. What is not listed is believed
pure when its result is used, and changing its object when its result is dropped.
"""

from __future__ import annotations

import builtins
import re

IMMUTABLE = frozenset({"number", "str", "none", "immutable"})
"""Kinds whose values cannot change."""
STATEFUL = frozenset({"rng", "handle", "iterator", "generator"})
"""Kinds that any use moves on."""
CONTAINERS = frozenset({"list", "dict", "set", "tuple"})

KNOWN_NAMES = frozenset(dir(builtins)) | frozenset(
    [
        "__name__",
        "__doc__",
        "__file__",
        "__builtins__",
        "__spec__",
        "__package__",
        "__loader__",
        "__annotations__",
        "__session__",
        "get_ipython",
        "display",
        "exit",
        "quit",
        "open",
        "In",
        "Out",
    ]
)
HISTORY = re.compile(r"^(_{1,3}|_\d+|_i{1,3}|_i\d+|_ih|_oh|_dh|Out|In)$")
"""Names that mean something only by the history of one kernel."""

_NUMBER_BUILTINS = "len int float bool complex abs round hash id ord sum isinstance issubclass callable hasattr any all pow divmod"
_MADE = {
    "number": [f"builtins.{n}" for n in _NUMBER_BUILTINS.split() if n not in ("sum", "abs", "pow", "round", "divmod")]
    + ["os.getenv", "time.time", "time.perf_counter", "datetime.datetime.now", "os.getpid"],
    "str": [f"builtins.{n}" for n in ["str", "repr", "ascii", "chr", "format", "bin", "hex", "oct", "input", "bytes"]],
    "none": ["builtins.print", "builtins.setattr", "builtins.delattr", "IPython.display.display", "builtins.display"],
    "list": ["builtins.list", "builtins.sorted", "builtins.dir", "collections.deque", "copy.copy", "array.array",
             "builtins.bytearray", "builtins.range"],
    "dict": ["builtins.dict", "collections.Counter", "collections.OrderedDict", "collections.defaultdict",
             "collections.ChainMap", "builtins.vars"],
    "set": ["builtins.set"],
    "tuple": ["builtins.tuple", "builtins.frozenset"],
    "iterator": ["builtins.iter", "builtins.enumerate", "builtins.zip", "builtins.map", "builtins.filter",
                 "builtins.reversed"],
    "rng": ["numpy.random.default_rng", "numpy.random.Generator", "numpy.random.RandomState", "random.Random",
            "random.SystemRandom", "numpy.random.SeedSequence"],
    "immutable": ["pathlib.Path", "pathlib.PurePath", "datetime.datetime", "datetime.date", "datetime.timedelta",
                  "decimal.Decimal", "fractions.Fraction", "uuid.uuid4", "uuid.UUID", "re.compile",
                  "builtins.type", "builtins.slice", "builtins.object", "pandas.Timestamp", "pandas.Timedelta"],
}  # fmt: skip
MADE_BY_PATH = {path: kind for kind, paths in _MADE.items() for path in paths}
"""What kind of value a call gives, by path."""

_HANDLES = {
    "an open file": "builtins.open io.open gzip.open bz2.open lzma.open codecs.open tempfile.TemporaryFile "
    "tempfile.NamedTemporaryFile tempfile.SpooledTemporaryFile zipfile.ZipFile tarfile.open h5py.File netCDF4.Dataset "
    "pandas.ExcelWriter pandas.HDFStore mmap.mmap os.fdopen os.popen shelve.open dbm.open",
    "a database connection": "sqlite3.connect psycopg2.connect psycopg.connect pymysql.connect MySQLdb.connect "
    "pyodbc.connect duckdb.connect oracledb.connect cx_Oracle.connect snowflake.connector.connect "
    "sqlalchemy.create_engine sqlalchemy.orm.sessionmaker pymongo.MongoClient redis.Redis cassandra.cluster.Cluster",
    "a network connection": "socket.socket socket.create_connection ssl.wrap_socket paramiko.SSHClient ftplib.FTP "
    "smtplib.SMTP imaplib.IMAP4 http.client.HTTPConnection http.client.HTTPSConnection urllib.request.urlopen "
    "boto3.client boto3.resource boto3.Session grpc.insecure_channel websocket.create_connection aiohttp.ClientSession",
    "a lock or queue": "threading.Lock threading.RLock threading.Event threading.Condition threading.Semaphore "
    "threading.BoundedSemaphore threading.Barrier threading.local multiprocessing.Lock multiprocessing.Queue "
    "multiprocessing.Manager queue.Queue queue.LifoQueue queue.PriorityQueue queue.SimpleQueue asyncio.Lock "
    "asyncio.Queue asyncio.Event asyncio.Semaphore",
    "a thread, process or pool of them": "threading.Thread threading.Timer subprocess.Popen multiprocessing.Process "
    "multiprocessing.Pool multiprocessing.pool.ThreadPool multiprocessing.dummy.Pool "
    "concurrent.futures.ThreadPoolExecutor concurrent.futures.ProcessPoolExecutor asyncio.new_event_loop "
    "asyncio.get_event_loop asyncio.create_task asyncio.ensure_future",
    "a reader or writer over an open file": "csv.reader csv.writer csv.DictReader csv.DictWriter",
    "a context variable": "contextvars.ContextVar contextvars.copy_context",
    "a weak reference": "weakref.ref weakref.proxy weakref.WeakValueDictionary weakref.WeakKeyDictionary weakref.WeakSet",
    "a handle on a remote browser": "selenium.webdriver.Chrome selenium.webdriver.Firefox",
}
HANDLES = {path: what for what, paths in _HANDLES.items() for path in paths.split()}
"""What a call gives that cannot leave its kernel, by path."""
HANDLE_METHODS = frozenset(
    [
        "cursor",
        "execute",
        "executemany",
        "executescript",
        "makefile",
        "submit",
        "accept",
        "connect",
        "begin",
    ]
)
"""Methods of such values that give such values again."""

FRAMES = re.compile(r"^(pandas|polars|geopandas|cudf|modin\.pandas|dask\.dataframe)\.")
ARRAYS = re.compile(r"^(numpy|cupy|jax\.numpy|scipy)\.(?!random\.)")
FIGURES = re.compile(r"^(matplotlib|plotly|seaborn|bokeh|altair)\b")
COPYING = frozenset(
    [
        "builtins.list",
        "builtins.tuple",
        "builtins.set",
        "builtins.dict",
        "builtins.sorted",
        "builtins.reversed",
        "builtins.iter",
        "builtins.filter",
        "builtins.frozenset",
        "collections.deque",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.Counter",
        "copy.copy",
        "itertools.chain",
        "itertools.islice",
        "itertools.cycle",
        "builtins.next",
        "builtins.max",
        "builtins.min",
        "random.choice",
        "random.choices",
        "random.sample",
    ]
)
"""Calls whose result holds the elements of their arguments."""
PAIRING = frozenset(["builtins.enumerate", "builtins.zip", "itertools.product", "itertools.zip_longest", "itertools.groupby", "itertools.combinations", "itertools.permutations"])  # fmt: skip
"""Calls that give tuples of elements of their arguments."""
VIEWING = frozenset(
    [
        "numpy.asarray",
        "numpy.ravel",
        "numpy.reshape",
        "numpy.transpose",
        "numpy.squeeze",
        "numpy.swapaxes",
        "numpy.atleast_1d",
        "numpy.atleast_2d",
        "numpy.asanyarray",
        "numpy.expand_dims",
        "numpy.broadcast_to",
        "numpy.diagonal",
        "numpy.split",
        "numpy.ascontiguousarray",
        "torch.from_numpy",
        "torch.as_tensor",
        "tqdm.tqdm",
        "tqdm.auto.tqdm",
        "tqdm.notebook.tqdm",
        "typing.cast",
        "builtins.memoryview",
        "contextlib.closing",
        "contextlib.nullcontext",
        "builtins.super",
    ]
)
"""Calls whose result may be, or share memory with, their argument."""
KEEPING = frozenset(["functools.partial", "functools.partialmethod", "types.SimpleNamespace", "types.MethodType", "itertools.repeat", "itertools.tee", "collections.ChainMap", "types.MappingProxyType"])  # fmt: skip
"""Calls whose result holds the arguments themselves, without running any that is a function."""
CHANGING_FIRST = frozenset(
    [
        "random.shuffle",
        "numpy.random.shuffle",
        "heapq.heapify",
        "heapq.heappush",
        "heapq.heappop",
        "heapq.heapreplace",
        "heapq.heappushpop",
        "bisect.insort",
        "bisect.insort_left",
        "bisect.insort_right",
        "numpy.copyto",
        "numpy.put",
        "numpy.place",
        "numpy.putmask",
        "numpy.fill_diagonal",
        "numpy.put_along_axis",
        "numpy.add.at",
        "numpy.subtract.at",
        "numpy.multiply.at",
        "builtins.setattr",
        "builtins.delattr",
        "builtins.next",
        "operator.setitem",
        "operator.delitem",
        "operator.iadd",
        "operator.iconcat",
        "operator.ior",
        "operator.iand",
        "operator.imul",
        "operator.isub",
        "builtins.anext",
    ]
)
"""Calls that change their first argument."""
STORING_FIRST = {"heapq.heappush": 1, "heapq.heappushpop": 1, "heapq.heapreplace": 1, "bisect.insort": 1,
                 "bisect.insort_left": 1, "bisect.insort_right": 1, "operator.setitem": 2, "builtins.setattr": 2}  # fmt: skip
"""Of those, the argument that the first one then holds."""
NOT_CALLING = frozenset(
    [
        "print",
        "len",
        "isinstance",
        "issubclass",
        "type",
        "id",
        "repr",
        "str",
        "list",
        "tuple",
        "dict",
        "set",
        "frozenset",
        "hasattr",
        "getattr",
        "setattr",
        "delattr",
        "callable",
        "hash",
        "bool",
        "zip",
        "enumerate",
        "iter",
        "reversed",
        "display",
        "help",
        "dir",
        "vars",
    ]
)
"""Builtins that do not call the functions they are given."""
NOT_ADVANCING = frozenset(f"builtins.{n}" for n in ["print", "isinstance", "type", "id", "repr", "str", "hasattr", "getattr", "callable", "dir", "help", "vars", "display", "hash", "bool"])  # fmt: skip
"""Builtins that leave an iterator or generator where it is."""

STORING = frozenset(["append", "extend", "add", "insert", "appendleft", "extendleft", "update", "setdefault", "put", "put_nowait", "push", "__setitem__", "register", "subscribe", "enqueue"])  # fmt: skip
SPREADING = frozenset({"extend", "extendleft", "update"})
"""Methods that store their arguments, and of these the ones that store the arguments' elements."""
CHANGING_ALWAYS = frozenset(
    [
        "pop",
        "popitem",
        "popleft",
        "setdefault",
        "fit",
        "partial_fit",
        "fit_transform",
        "fit_predict",
        "fit_resample",
        "load_state_dict",
        "step",
        "__next__",
        "__setitem__",
        "__delitem__",
        "__setattr__",
        "__iadd__",
        "__enter__",
        "send",
        "throw",
        "zero_grad",
        "compile",
        "learn",
        "build",
        "append",
        "extend",
        "insert",
        "appendleft",
        "extendleft",
        "clear",
        "discard",
        "heappush",
        "move_to_end",
    ]
)
CHANGING_IF_DROPPED = frozenset(
    [
        "remove",
        "sort",
        "reverse",
        "update",
        "add",
        "intersection_update",
        "difference_update",
        "symmetric_difference_update",
        "subtract",
        "rotate",
        "resize",
        "fill",
        "put",
        "itemset",
        "setflags",
        "partition",
        "byteswap",
    ]
)
CHANGING_BY_KIND = {
    "list": frozenset(["append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "appendleft", "extendleft", "popleft", "rotate", "fill", "add_", "update", "byteswap", "fromlist", "__setitem__", "__delitem__", "__iadd__", "__imul__"]),
    "dict": frozenset(["update", "setdefault", "pop", "popitem", "clear", "move_to_end", "subtract", "__setitem__", "__delitem__", "__ior__"]),
    "set": frozenset(["add", "discard", "remove", "pop", "clear", "update", "intersection_update", "difference_update", "symmetric_difference_update", "__ior__", "__iand__"]),
    "tuple": frozenset(),
    "array": frozenset(["sort", "fill", "put", "itemset", "resize", "partition", "setfield", "setflags", "__setitem__", "__iadd__"]),
    "frame": frozenset(["insert", "update", "pop", "append_", "__setitem__", "__delitem__", "isetitem"]),
}  # fmt: skip
"""For kinds that are known, all the methods that change them."""
READ_ONLY = frozenset(
    [
        "head",
        "tail",
        "info",
        "describe",
        "plot",
        "hist",
        "show",
        "display",
        "summary",
        "render",
        "savefig",
        "debug",
        "warning",
        "error",
        "critical",
        "exception",
        "items",
        "keys",
        "values",
        "count",
        "index",
        "copy",
        "get",
        "join",
        "split",
        "format",
        "strip",
        "upper",
        "lower",
        "replace",
        "startswith",
        "endswith",
        "mean",
        "sum",
        "min",
        "max",
        "std",
        "var",
        "median",
        "groupby",
        "merge",
        "sample",
        "corr",
        "value_counts",
        "unique",
        "nunique",
        "isnull",
        "isna",
        "notnull",
        "notna",
        "dropna",
        "fillna",
        "drop",
        "rename",
        "sort_values",
        "sort_index",
        "reset_index",
        "set_index",
        "assign",
        "apply",
        "map",
        "agg",
        "aggregate",
        "query",
        "filter",
        "astype",
        "predict",
        "predict_proba",
        "score",
        "transform",
        "evaluate",
        "decision_function",
        "tolist",
        "item",
        "dot",
        "reshape",
        "ravel",
        "flatten",
        "boxplot",
        "exists",
        "is_file",
        "is_dir",
        "mkdir",
        "unlink",
        "touch",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "rmdir",
        "glob",
        "iterdir",
        "pivot",
        "pivot_table",
        "melt",
        "stack",
        "unstack",
        "cov",
        "quantile",
        "cumsum",
        "diff",
        "shift",
        "rolling",
        "resample",
        "nlargest",
        "nsmallest",
        "duplicated",
        "drop_duplicates",
        "isin",
        "between",
        "clip",
        "round",
        "pipe",
        "collect",
    ]
)
READ_ONLY_PREFIX = (
    "to_",
    "save",
    "print",
    "log",
    "is_",
    "has_",
    "get_",
    "plot_",
    "show_",
    "export",
    "describe",
)
"""Methods that do not change their object even if their result is dropped."""

SELF_RETURNING = frozenset(
    [
        "fit",
        "partial_fit",
        "set_params",
        "train",
        "eval",
        "to",
        "cuda",
        "cpu",
        "__enter__",
        "__iadd__",
        "__iter__",
        "seed",
    ]
)
VIEW_METHODS = frozenset(
    [
        "reshape",
        "ravel",
        "view",
        "transpose",
        "swapaxes",
        "squeeze",
        "diagonal",
        "__getitem__",
        "detach",
        "numpy",
    ]
)
ELEMENT_METHODS = frozenset(["get", "pop", "setdefault", "popitem", "popleft", "__next__", "send", "values", "keys", "most_common", "elements", "__getitem__", "next", "get_group", "named_steps"])  # fmt: skip
PAIR_METHODS = frozenset({"items", "iterrows", "itertuples"})
COPY_METHODS = frozenset(
    ["copy", "deepcopy", "tolist", "astype", "flatten", "clone", "to_dict", "to_list"]
)
SHALLOW_COPIES = frozenset({"copy", "__copy__", "union", "intersection", "difference"})
VIEW_ATTRIBUTES = frozenset(
    [
        "T",
        "flat",
        "real",
        "imag",
        "base",
        "data",
        "values",
        "iloc",
        "loc",
        "iat",
        "at",
        "array",
        "grad",
    ]
)
INDEXERS = frozenset(["iloc", "loc", "iat", "at"])
STRING_METHODS_NUMBER = frozenset(
    [
        "count",
        "find",
        "rfind",
        "index",
        "rindex",
        "isdigit",
        "isalpha",
        "startswith",
        "endswith",
        "isnumeric",
    ]
)

DRAWS = {"random": "<random>", "numpy.random": "<numpy.random>", "torch": "<torch.random>"}
_NOT_GLOBAL = frozenset(["default_rng", "Generator", "RandomState", "SeedSequence", "Random", "SystemRandom", "PCG64", "MT19937", "Philox", "SFC64", "BitGenerator", "get_state", "getstate", "initial_seed", "get_rng_state", "bit_generator"])  # fmt: skip
_SEEDS = frozenset(
    [
        "seed",
        "setstate",
        "set_state",
        "set_seed",
        "manual_seed",
        "set_rng_state",
        "manual_seed_all",
        "set_random_seed",
    ]
)
_TORCH_DRAWS = re.compile(r"^torch\.(rand\w*|normal|bernoulli|multinomial|poisson)$")
_STATS_DRAWS = re.compile(r"^scipy\.stats\.\w+\.rvs$")
_SKLEARN_DRAWS = re.compile(
    r"^sklearn\..*\.(train_test_split|shuffle|resample|make_\w+|cross_val_\w+|permutation_importance|KFold|"
    r"StratifiedKFold|ShuffleSplit|StratifiedShuffleSplit)$"
)


def ambient_draw(path: str, *, seeded_arguments: bool) -> tuple[str, bool] | None:
    """The global generator that calling ``path`` uses, and whether it seeds it; nothing if it uses none.

    Example: ``ambient_draw("numpy.random.rand", seeded_arguments=False) == ("<numpy.random>", False)``.
    """
    module, _, name = path.rpartition(".")
    if name in _SEEDS:
        root = module if module in DRAWS else module.split(".")[0]
        label = DRAWS.get(root)
        return (label, True) if label else None
    if (
        module in ("random", "numpy.random")
        and name not in _NOT_GLOBAL
        and not name.startswith("__")
    ):
        return (DRAWS[module], False)
    if _TORCH_DRAWS.match(path):
        return ("<torch.random>", False)
    if seeded_arguments:
        return None
    if _STATS_DRAWS.match(path) or _SKLEARN_DRAWS.match(path):
        return ("<numpy.random>", False)
    return None


_SETTING_NAMES = frozenset(
    [
        "reset_option",
        "filterwarnings",
        "simplefilter",
        "resetwarnings",
        "basicConfig",
        "captureWarnings",
        "seterr",
        "use",
        "register_matplotlib_converters",
        "init_notebook_mode",
        "setrecursionlimit",
        "setlocale",
        "chdir",
        "load_dotenv",
        "rc",
        "rcdefaults",
        "ion",
        "ioff",
        "autolog",
        "setLevel",
        "enable_eager_execution",
        "disable_eager_execution",
        "enable_numpy_behavior",
        "use_deterministic_algorithms",
        "install_opener",
        "enable_notebook",
        "deregister",
        "putenv",
        "unsetenv",
        "autoset",
        "enable_wide_display_mode",
        "init_printing",
        "disable_warnings",
        "enable_pretty_tracebacks",
        "register_unpack_format",
        "seterrcall",
        "addLevelName",
        "tzset",
    ]
)
_SETTING_PATHS = re.compile(
    r"(^|\.)(sys\.path\.(append|insert|extend|remove|clear)|(os\.environ|environ|rcParams|options|config)\."
    r"(update|setdefault|pop|clear|push)|logging\.disable|seaborn\.set|sns\.set|tqdm\.pandas|"
    r"tqdm\.\w+\.tqdm\.pandas|pandarallel\.initialize|warnings\.\w+filter\w*|gc\.(disable|enable)|nltk\.data\.path\.append)$"
)
_NOT_SETTINGS = re.compile(
    r"(^|\.)(random\.\w+|set_trace|set_start_method|set_title|set_xlabel|set_ylabel)$"
)


def is_setting(path: str) -> bool:
    """Whether calling ``path`` only changes a module's own state: ``pandas.set_option``, ``warnings.filterwarnings``."""
    name = path.rpartition(".")[2]
    if _NOT_SETTINGS.search(path):
        return False
    return (
        name in _SETTING_NAMES or name.startswith("set_") or _SETTING_PATHS.search(path) is not None
    )


CLASS_FACTORIES = frozenset(
    [
        "namedtuple",
        "NamedTuple",
        "TypedDict",
        "TypeVar",
        "ParamSpec",
        "TypeVarTuple",
        "NewType",
        "Enum",
        "IntEnum",
        "Flag",
        "IntFlag",
        "StrEnum",
        "make_dataclass",
        "getLogger",
        "declarative_base",
    ]
)
"""Calls with constants that define something, as a ``class`` statement would."""
MODULE_LIKE = frozenset({"logging.getLogger", "decimal.getcontext", "matplotlib.get_backend"})
"""Calls that give a piece of their module, not a value of one's own."""
