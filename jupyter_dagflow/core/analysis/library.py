"""What is known of Python's and the field's libraries: what makes, changes, copies, views, or
cannot be moved.

The law: tables only, by dotted path (``numpy.random.default_rng``) or by method name. What is not
listed is believed pure when its result is used, and changing its object when its result is
dropped.
"""

from __future__ import annotations

import builtins
import re
from functools import lru_cache

_PATHS_REMEMBERED = 1024


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IMMUTABLE = frozenset({"number", "str", "none", "immutable"})
"""Kinds whose values cannot change."""

MAIN = "__main__"
# Who is handed one of these has the notebook's variables.
ALL_OF_MAIN = frozenset({MAIN, "builtins.eval", "builtins.exec"})
"""The module whose attributes are the notebook's variables."""

IMPORTING = _words("builtins.__import__ importlib.import_module")
"""Calls that give the module they are told the name of."""

SOME_TYPE = "builtins.type()"
"""The type of a value of which nobody knows what it is."""

TYPES = _words("builtins.list builtins.dict builtins.set numpy.ndarray pandas.DataFrame") | {
    SOME_TYPE
}
"""Types whose methods are sometimes called on the type: ``list.append(xs, 1)``."""

STATEFUL = frozenset({"rng", "handle", "iterator", "generator", "stream"})
"""Kinds that any use moves on; a ``stream`` is a file in memory."""

MOVING = frozenset({"rng", "stream"})
"""Of these, those whose methods people take to call them later."""

STANDING_STILL = frozenset(
    {"bit_generator", "closed", "getvalue", "isatty", "readable", "seekable", "tell", "writable"}
)
"""What of a stream, or a generator of random numbers, neither moves nor changes it."""

CONTAINERS = frozenset({"list", "dict", "set", "tuple"})

EXCEPTIONS = frozenset(
    f"builtins.{name}"
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
"""The exceptions of Python, as paths."""

BUILTINS = frozenset(name for name in dir(builtins) if name.islower() and name[0] != "_")
"""The functions and types of Python, which a variable can hide."""

KNOWN_NAMES = frozenset(dir(builtins)) | _words(
    """
    In Out __annotations__ __builtins__ __doc__ __file__ __loader__ __name__ __package__
    __session__ __spec__ display exit get_ipython open quit
    """
)

HISTORY = re.compile(r"^(_{1,3}|_\d+|_i{1,3}|_i\d+|_ih|_oh|_dh|Out|In)$")
"""Names that mean something only by the history of one kernel."""


_MADE = {
    "number": _words(
        """
        builtins.all builtins.any builtins.bool builtins.callable builtins.complex
        builtins.float builtins.hasattr builtins.hash builtins.id builtins.int
        builtins.isinstance builtins.issubclass builtins.len builtins.ord
        datetime.datetime.now os.getenv os.getpid random.betavariate random.expovariate
        random.gammavariate random.gauss random.getrandbits random.lognormvariate
        random.normalvariate random.paretovariate random.randint random.random random.randrange
        random.triangular random.uniform random.vonmisesvariate random.weibullvariate
        statistics.fmean statistics.geometric_mean statistics.harmonic_mean statistics.mean
        statistics.median statistics.pstdev statistics.pvariance statistics.stdev
        statistics.variance time.monotonic time.perf_counter time.process_time time.time
        """
    ),
    "str": _words(
        """
        builtins.ascii builtins.bin builtins.bytes builtins.chr builtins.format builtins.hex
        builtins.input builtins.oct builtins.repr builtins.str
        """
    ),
    "none": _words(
        """
        IPython.display.display builtins.delattr builtins.display builtins.print
        builtins.setattr
        """
    ),
    "list": _words(
        """
        array.array builtins.bytearray builtins.dir builtins.list builtins.range
        builtins.sorted collections.deque copy.copy
        """
    ),
    "dict": _words(
        """
        builtins.dict builtins.dict.fromkeys collections.ChainMap collections.Counter
        collections.OrderedDict collections.OrderedDict.fromkeys collections.defaultdict
        """
    ),
    "set": _words(
        """
        builtins.set
        """
    ),
    "tuple": _words(
        """
        builtins.frozenset builtins.tuple
        """
    ),
    "iterator": _words(
        """
        builtins.enumerate builtins.filter builtins.iter builtins.map builtins.reversed
        builtins.zip itertools.chain itertools.cycle itertools.islice
        """
    ),
    "partial": _words("functools.partial"),
    "getter": _words("operator.attrgetter operator.itemgetter operator.methodcaller"),
    "rng": _words(
        """
        numpy.random.Generator numpy.random.RandomState numpy.random.SeedSequence
        numpy.random.default_rng random.Random random.SystemRandom
        """
    ),
    "stream": _words("io.BytesIO io.StringIO"),
    "immutable": _words(
        """
        builtins.object builtins.slice builtins.type datetime.date datetime.datetime
        datetime.timedelta decimal.Decimal fractions.Fraction pandas.Timedelta
        pandas.Timestamp pathlib.Path pathlib.PurePath re.compile uuid.UUID uuid.uuid4
        """
    ),
}

MADE_BY_PATH = {path: kind for kind, paths in _MADE.items() for path in paths}
"""What kind of value a call gives, by path."""

NUMBER_MODULES = frozenset({"math", "cmath"})
"""Modules all of whose functions give numbers."""

_HANDLES = {
    "an open file": _words(
        """
        builtins.open bz2.open codecs.open dbm.open gzip.open h5py.File io.open lzma.open
        mmap.mmap netCDF4.Dataset os.fdopen os.popen pandas.ExcelWriter pandas.HDFStore
        shelve.open tarfile.open tempfile.NamedTemporaryFile tempfile.SpooledTemporaryFile
        tempfile.TemporaryFile zipfile.ZipFile
        """
    ),
    "an open folder": _words(
        """
        os.scandir tempfile.TemporaryDirectory
        """
    ),
    "a database connection": _words(
        """
        MySQLdb.connect cassandra.cluster.Cluster cx_Oracle.connect duckdb.connect
        oracledb.connect psycopg.connect psycopg2.connect pymongo.MongoClient pymysql.connect
        pyodbc.connect redis.Redis snowflake.connector.connect sqlalchemy.create_engine
        sqlalchemy.orm.Session sqlalchemy.orm.scoped_session sqlalchemy.orm.sessionmaker
        sqlite3.connect
        """
    ),
    "a network connection": _words(
        """
        aiohttp.ClientSession boto3.Session boto3.client boto3.resource ftplib.FTP
        grpc.insecure_channel http.client.HTTPConnection http.client.HTTPSConnection
        imaplib.IMAP4 paramiko.SSHClient smtplib.SMTP socket.create_connection socket.socket
        ssl.wrap_socket urllib.request.urlopen websocket.create_connection
        """
    ),
    "a lock or queue": _words(
        """
        asyncio.Event asyncio.Lock asyncio.Queue asyncio.Semaphore multiprocessing.Lock
        multiprocessing.Manager multiprocessing.Queue queue.LifoQueue queue.PriorityQueue
        queue.Queue queue.SimpleQueue threading.Barrier threading.BoundedSemaphore
        threading.Condition threading.Event threading.Lock threading.RLock threading.Semaphore
        threading.local
        """
    ),
    "a thread, process or pool of them": _words(
        """
        asyncio.create_task asyncio.ensure_future asyncio.get_event_loop
        asyncio.new_event_loop concurrent.futures.ProcessPoolExecutor
        concurrent.futures.ThreadPoolExecutor multiprocessing.Pool multiprocessing.Process
        multiprocessing.dummy.Pool multiprocessing.pool.ThreadPool subprocess.Popen
        threading.Thread threading.Timer
        """
    ),
    "a reader or writer over an open file": _words(
        """
        csv.DictReader csv.DictWriter csv.reader csv.writer
        """
    ),
    "a context variable": _words(
        """
        contextvars.ContextVar contextvars.copy_context
        """
    ),
    "a weak reference": _words(
        """
        weakref.WeakKeyDictionary weakref.WeakSet weakref.WeakValueDictionary weakref.proxy
        weakref.ref
        """
    ),
    "a handle on a remote browser": _words(
        """
        selenium.webdriver.Chrome selenium.webdriver.Firefox
        """
    ),
}

HANDLES = {path: what for what, paths in _HANDLES.items() for path in paths}
"""What a call gives that cannot leave its kernel, by path."""

RESTORING = {
    "decimal.localcontext": "decimal",
    "matplotlib.pyplot.rc_context": "matplotlib",
    "matplotlib.rc_context": "matplotlib",
    "numpy.errstate": "numpy",
    "pandas.option_context": "pandas",
    "warnings.catch_warnings": "warnings",
}
"""What in a ``with`` gives a library the settings back that it had, by path."""

HANDLE_METHODS = {
    **dict.fromkeys(("accept", "begin", "connect"), "a connection"),
    **dict.fromkeys(("cursor", "execute", "executemany", "executescript"), "a database cursor"),
    "makefile": "an open file",
    "submit": "the future of a pool",
}
"""Methods of such values that give such values again."""

FRAMES = re.compile(r"^(pandas|polars|geopandas|cudf|modin\.pandas|dask\.dataframe)\.")

ARRAYS = re.compile(r"^(numpy|cupy|jax\.numpy|scipy)\.(?!random\.)")

FIGURES = re.compile(r"^(matplotlib|plotly|seaborn|bokeh|altair)\b")

COPYING = _words(
    """
    builtins.dict builtins.filter builtins.frozenset builtins.iter builtins.list builtins.max
    builtins.min builtins.next builtins.reversed builtins.set builtins.sorted builtins.tuple
    collections.Counter collections.OrderedDict  collections.deque
    copy.copy heapq.nlargest heapq.nsmallest itertools.chain itertools.cycle itertools.islice
    operator.concat random.choice random.choices random.sample
    """
)
"""Calls whose result holds the elements of their arguments."""

PAIRING = _words(
    """
    builtins.enumerate builtins.zip itertools.combinations itertools.groupby
    itertools.permutations itertools.product itertools.zip_longest
    """
)
"""Calls that give tuples of elements of their arguments."""

OVER_BYTES = frozenset({"builtins.memoryview", "numpy.frombuffer"})
"""Calls that give an array, or the like, over the bytes of their first argument."""

VIEWING = _words(
    """
    builtins.super contextlib.nullcontext
    numpy.array_split numpy.asanyarray numpy.asarray numpy.ascontiguousarray
    numpy.asfortranarray numpy.asmatrix numpy.asarray_chkfinite numpy.atleast_1d numpy.atleast_2d numpy.atleast_3d
    numpy.broadcast_arrays numpy.broadcast_to numpy.diagonal numpy.dsplit numpy.expand_dims
    numpy.flip numpy.fliplr numpy.flipud numpy.hsplit numpy.imag
    numpy.lib.stride_tricks.as_strided numpy.lib.stride_tricks.sliding_window_view
    numpy.ma.asanyarray numpy.ma.asarray numpy.ma.getdata numpy.ma.getmask numpy.ma.getmaskarray
    numpy.moveaxis numpy.ravel numpy.real numpy.require
    numpy.reshape numpy.rollaxis numpy.rot90 numpy.split numpy.squeeze numpy.swapaxes
    numpy.transpose numpy.trim_zeros numpy.vsplit torch.as_tensor torch.from_numpy
    tqdm.auto.tqdm tqdm.notebook.tqdm tqdm.tqdm typing.cast
    """
)
"""Calls whose result may be, or share memory with, their argument."""

CLOSERS = {"contextlib.aclosing": "aclose", "contextlib.closing": "close"}
"""Context managers that call a method of what they are given, and which."""

EXIT_STACKS = _words("contextlib.AsyncExitStack contextlib.ExitStack")
"""Context managers that leave others and call functions when they are left."""

CALLBACKS = _words("callback push_async_callback")
PUSHES = _words("push push_async_exit")
ENTERS = _words("enter_async_context enter_context")
"""What they are given those with."""

EXITS = _words("__aexit__ __exit__ aclose close")
"""Methods that leave a context manager."""

DECORATING_CONTEXTS = _words("contextlib.AsyncContextDecorator contextlib.ContextDecorator")
"""Bases of context managers that are decorators as well: what they decorate runs within them."""

HOOKING = re.compile(
    r"^(traitlets\.(traitlets\.)?(default|observe|observe_compat|validate)|param\.(\w+\.)?depends|"
    r"pydantic\.(\w+\.)?(computed_field|field_serializer|field_validator|model_serializer|model_validator|root_validator|"
    r"validator)|sqlalchemy\.orm\.(reconstructor|validates))$"
)
"""Decorators of methods that the library runs when an instance is made, or something in it is set or asked for."""

DEFAULTING = re.compile(r"(^|_)default$")
"""The end of such a name, if it is run when something is first asked for."""

OBSERVING = _words("add_observer observe on_click on_msg on_submit on_trait_change")
"""Methods that tell an object what to call when something in it is set."""

HAS_TRAITS = re.compile(r"^(ipywidgets|traitlets|traits)\.")
TRAIT_METHOD = re.compile(r"^_\w+_(changed|default|fired|validate)$")
"""Classes that do so by the names of methods, and those names."""

MASKING = _words(
    """
    numpy.ma.MaskedArray numpy.ma.array numpy.ma.fix_invalid numpy.ma.masked_array
    numpy.ma.masked_invalid numpy.ma.masked_where
    """
)
"""Calls whose result may share memory with any of their arguments."""

KEEPING = _words(
    """
    builtins.dict.fromkeys collections.ChainMap collections.OrderedDict.fromkeys
    functools.partial functools.partialmethod itertools.repeat
    sklearn.compose.make_column_transformer sklearn.pipeline.make_pipeline
    sklearn.pipeline.make_union types.MappingProxyType types.MethodType types.SimpleNamespace
    """
)
"""Calls whose result holds the arguments themselves, without running any that is a function."""

REPLACING = _words("attr.evolve attrs.evolve copy.replace dataclasses.replace")
"""Calls that give a shallow copy of their first argument in which others take the place of parts."""

FIELDS = _words("attr.field attr.ib attrs.field dataclasses.field pydantic.Field")
"""Calls that say, in a class, what its instances begin with."""

GETTERS = _MADE["getter"]
"""Calls that make a function which gets a part of its argument, or calls a method of it."""

RUNNING = _words(
    """
    multiprocessing.Process multiprocessing.context.Process threading.Thread threading.Timer
    """
)
"""Classes whose instances run a function they are given, at some time."""

CHANGING_FIRST = _words(
    """
    bisect.insort bisect.insort_left bisect.insort_right builtins.anext builtins.delattr
    builtins.next builtins.object.__delattr__ builtins.object.__setattr__ builtins.setattr
    builtins.type.__delattr__ builtins.type.__setattr__ contextlib.redirect_stderr
    contextlib.redirect_stdout heapq.heapify heapq.heappop heapq.heappush
    heapq.heappushpop heapq.heapreplace numpy.add.at numpy.copyto numpy.divide.at numpy.fill_diagonal
    numpy.maximum.at numpy.minimum.at numpy.multiply.at numpy.place numpy.put numpy.put_along_axis numpy.putmask
    numpy.random.shuffle numpy.subtract.at operator.delitem operator.iadd operator.iand
    operator.iconcat operator.imul operator.ior operator.isub operator.setitem random.shuffle
    """
)
"""Calls that change their first argument."""

CHANGING_UNLESS_COPIED = frozenset({"numpy.nan_to_num"})
"""Calls that change their first argument if ``copy`` says so."""

PLACE_OF_OUT = {
    "struct.pack_into": 1,
    **{f"numpy.{name}": 1 for name in _words("abs exp log negative sqrt square")},
    **{
        f"numpy.{name}": 2
        for name in _words(
            """
            add bitwise_and bitwise_or divide floor_divide fmax fmin maximum minimum mod multiply
            power remainder subtract true_divide
            """
        )
    },
    "numpy.clip": 3,
}
"""Where NumPy's functions take the array that they write to."""

STORING_FIRST = {
    "heapq.heappush": 1,
    "heapq.heappushpop": 1,
    "heapq.heapreplace": 1,
    "bisect.insort": 1,
    "bisect.insort_left": 1,
    "bisect.insort_right": 1,
    "operator.setitem": 2,
    "builtins.object.__setattr__": 2,
    "builtins.setattr": 2,
    "builtins.type.__setattr__": 2,
}
"""Of those, the argument that the first one then holds."""

NOT_CALLING = _words(
    """
    bool callable delattr dict dir display enumerate frozenset getattr hasattr hash help id
    isinstance issubclass iter len list print repr reversed set setattr str tuple type vars
    zip
    """
)
"""Builtins that do not call the functions they are given."""

OF_PROPERTIES = {"getter": "get", "setter": "set", "deleter": "delete"}
"""What a property is given further functions with, as ``@x.setter``, and what those are for."""

FOR_PROPERTIES = {"fget": "get", "fset": "set", "fdel": "delete"}
"""The like for arguments of ``property``."""

LOOKING_INSIDE = _words(
    """
    builtins.all builtins.any builtins.ascii builtins.bytes builtins.dict builtins.dict.fromkeys
    builtins.display builtins.divmod builtins.format builtins.frozenset builtins.hash builtins.max
    builtins.min builtins.print builtins.repr builtins.set builtins.sorted builtins.str builtins.sum
    """
)
"""Builtins that compare, hash or show as text what they are given, and what that holds."""

ASKING_CLASSES = frozenset({"builtins.isinstance", "builtins.issubclass"})
"""Calls that ask a class, and so its metaclass, about others."""

COMPARING_METHODS = _words(
    """
    __contains__ add count difference difference_update discard fromkeys get index intersection
    intersection_update isdisjoint issubset issuperset pop remove setdefault sort
    symmetric_difference symmetric_difference_update union update
    """
)
"""Methods of containers that compare or hash what they hold, or are given."""

LOOKING = _words(
    """
    builtins.getattr builtins.hasattr inspect.getmembers
    """
)
"""Calls that read attributes whatever those are, and so run properties."""

NOT_ADVANCING = _words(
    """
    builtins.bool builtins.callable builtins.dir builtins.display builtins.getattr
    builtins.hasattr builtins.hash builtins.help builtins.id builtins.isinstance
    builtins.print builtins.repr builtins.str builtins.type builtins.vars
    """
)
"""Builtins that leave an iterator or generator where it is."""

NOT_RUNNING = re.compile(
    r"^(functools\.(?!reduce$)|contextlib\.|dataclasses\.|abc\.|typing\.|inspect\.|numba\.|atexit\.|"
    r"collections\.defaultdict$|builtins\.(property|staticmethod|classmethod|super)$)"
)
"""Calls that wrap or keep the functions they are given, and do not call them."""

STORING = _words(
    """
    __setitem__ add append appendleft enqueue extend extendleft insert push put put_nowait
    register setdefault subscribe update
    """
)

SPREADING = frozenset({"extend", "extendleft", "update"})
"""Methods that store their arguments, and of these the ones that store the arguments' elements."""

CHANGING_ALWAYS = _words(
    """
    __delitem__ __enter__ __iadd__ __next__ __setattr__ __setitem__ append appendleft build
    clear compile discard extend extendleft fit fit_predict fit_resample fit_transform
    heappush insert learn load_state_dict move_to_end partial_fit pop popitem popleft send
    setdefault step throw zero_grad
    """
)

CHANGING_IF_DROPPED = _words(
    """
    add byteswap difference_update fill intersection_update itemset partition put remove
    resize reverse rotate setflags sort subtract symmetric_difference_update update
    """
)

CHANGING_BY_KIND = {
    "list": _words(
        """
        __delitem__ __iadd__ __imul__ __setitem__ add_ append appendleft byteswap clear extend
        extendleft fill fromlist insert pop popleft remove reverse rotate sort update
        """
    ),
    "dict": _words(
        """
        __delitem__ __ior__ __setitem__ clear move_to_end pop popitem setdefault subtract
        update
        """
    ),
    "set": _words(
        """
        __iand__ __ior__ add clear difference_update discard intersection_update pop remove
        symmetric_difference_update update
        """
    ),
    "tuple": frozenset[str](),
    "array": _words(
        """
        __iadd__ __setitem__ fill itemset partition put resize setfield setflags sort
        """
    ),
    "frame": _words(
        """
        __delitem__ __setitem__ append_ insert isetitem pop update
        """
    ),
}
"""For kinds that are known, all the methods that change them."""

READ_ONLY = _words(
    """
    agg aggregate apply assign astype between boxplot clip collect copy corr count cov
    critical cumsum debug decision_function describe diff display dot drop drop_duplicates
    dropna duplicated endswith error evaluate exception exists fillna filter flatten format
    get glob groupby head hist index info is_dir is_file isin isna isnull item items iterdir
    join keys lower map max mean median melt merge min mkdir nlargest notna notnull nsmallest
    nunique pipe pivot pivot_table plot predict predict_proba quantile query ravel read_bytes
    read_text rename render replace resample reset_index reshape rmdir rolling round sample
    savefig score set_index shift show sort_index sort_values split stack startswith std strip
    sum summary tail tolist touch transform unique unlink unstack upper value_counts values
    var warning write_bytes write_text
    """
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

DEEP_CHANGING = _words(
    "fit fit_transform fit_predict partial_fit step train eval load_state_dict learn"
)
"""Methods that change what their object is made of too, as an optimizer does its model."""

PASSIVE_METHODS = _words(
    """
    parameters named_parameters buffers modules named_modules children state_dict to cuda cpu train
    eval half float double requires_grad_ zero_grad get_params set_params load_state_dict
    """
)
"""Methods of library classes that run none of the methods a subclass adds."""

BINDABLE = _words(
    """
    __delitem__ __setitem__ add append appendleft clear discard extend insert pop put remove
    setdefault update
    """
)
"""Methods often taken from their object to be called later: ``add = xs.append``."""

CHANGING_BOUND = CHANGING_ALWAYS | CHANGING_IF_DROPPED
"""Methods that change what they are called on, of an object that a module has been given."""

SELF_RETURNING = _words(
    """
    __enter__ __iadd__ __iter__ cpu cuda eval fit partial_fit seed set_params to train
    """
)

VIEW_METHODS = _words(
    """
    __getitem__ detach diagonal numpy ravel reshape squeeze swapaxes transpose view
    """
)

ELEMENT_METHODS = _words(
    """
    parameters named_parameters buffers modules children state_dict
    __getitem__ __next__ elements get get_group keys most_common named_steps next pop popitem
    popleft send setdefault values
    """
)

PAIR_METHODS = frozenset({"items", "iterrows", "itertuples"})

COPY_METHODS = _words(
    """
    astype clone copy deepcopy flatten to_dict to_list tolist
    """
)

CHANGING_ARGUMENT = _words("pack_into readinto readinto1 recv_into recvfrom_into shuffle")
"""Methods that change what they are given first."""

TARGETS = frozenset({"out", "ax", "cax", "file"})
"""Names of arguments that are written to: arrays as NumPy has it, axes as all that draw with Matplotlib do, what
``print`` prints to.
"""

OUT_OF_FRAMES = {
    "tolist": "list",
    "to_list": "list",
    "to_dict": "dict",
    "to_numpy": "array",
    **dict.fromkeys(
        _words("area bar barh box boxplot hexbin hist kde line pie plot scatter"), "figure"
    ),
    "to_records": "array",
}
"""Methods of frames, their plots among them, and of arrays that give something else."""

LAZY_METHODS = _words("ewm expanding groupby resample rolling")
"""Methods of frames whose result looks at the frame when it is used."""

TWINNING = frozenset({"copy.copy", "copy.deepcopy"})
"""Functions that give a copy of any value."""

SHALLOW_COPIES = frozenset({"copy", "__copy__", "union", "intersection", "difference"})

VIEW_ATTRIBUTES = _words(
    """
    T array at base data flat grad iat iloc imag loc mask real values
    """
)

MEMORY_OF_FRAMES = frozenset({"array", "to_numpy", "values"})
"""Attributes and methods of frames that may give an array over the very memory of the frame."""

KEEPING_INDEX = _words(
    """
    abs add add_prefix add_suffix applymap apply assign astype bfill clip convert_dtypes copy cummax
    cummin cumprod cumsum diff div eq ewm fillna floordiv ffill ge get gt infer_objects interpolate
    isin isna isnull le lt map mask mod mul ne notna notnull pct_change pipe pow rank rename replace
    round rsub shift sub to_frame transform truediv where
    """
)
"""Methods of frames whose result may have the very index of the frame."""

PARTS_OF_FRAMES = frozenset({"attrs", "columns", "flags", "index"})
"""Attributes of a frame whose own attributes and items are the frame's."""

INDEXERS = frozenset(["iloc", "loc", "iat", "at"])

INSIDES = frozenset(
    {"__annotations__", "__closure__", "__defaults__", "__dict__", "__kwdefaults__"}
)
"""Attributes that hold what an object, or a function, holds itself."""

INSIDES_BY_KIND = {"attrs": ("frame", "?"), "maps": ("dict",)}
"""The like, of values of some kinds only."""

WRITING_THROUGH = frozenset({"collections.ChainMap"})
"""Calls whose result writes to the first argument what is written to it."""

STRING_METHODS_NUMBER = _words(
    """
    count endswith find index isalpha isdigit isnumeric rfind rindex startswith
    """
)

DRAWS = {"random": "<random>", "numpy.random": "<numpy.random>", "torch": "<torch.random>"}

_NOT_GLOBAL = _words(
    """
    BitGenerator Generator MT19937 PCG64 Philox Random RandomState SFC64 SeedSequence
    SystemRandom bit_generator default_rng get_rng_state get_state getstate initial_seed
    """
)

_SEEDS = _words(
    """
    manual_seed manual_seed_all seed set_random_seed set_rng_state set_seed set_state setstate
    """
)

_TORCH_DRAWS = re.compile(r"^torch\.(rand\w*|normal|bernoulli|multinomial|poisson)$")

_STATS_DRAWS = re.compile(r"^scipy\.stats\.\w+\.rvs$")

_SKLEARN_DRAWS = re.compile(
    r"^sklearn\..*\.(train_test_split|shuffle|resample|make_\w+|cross_val_\w+|permutation_importance|KFold|"
    r"StratifiedKFold|ShuffleSplit|StratifiedShuffleSplit)$"
)


DRAWING_ESTIMATORS = re.compile(
    r"^sklearn\..*\.(RandomForest|ExtraTree|GradientBoosting|HistGradientBoosting|DecisionTree|Bagging|AdaBoost|MLP|SGD"
    r"|IsolationForest|KMeans|MiniBatch|GaussianMixture|TSNE|Randomized|RANSAC)\w*$"
)
"""Classes that draw from NumPy's global generator when they are fitted, unless they have a ``random_state``."""

_STATES = _words("get_rng_state get_state getstate initial_seed")


@lru_cache(_PATHS_REMEMBERED)
def ambient_look(path: str) -> str:
    """The global generator whose state calling ``path`` gives; empty if it gives none."""
    module, _, name = path.rpartition(".")
    return DRAWS.get(module, "") if name in _STATES else ""


@lru_cache(_PATHS_REMEMBERED)
def ambient_draw(path: str, *, seeded_arguments: bool) -> tuple[str, bool] | None:
    """The global generator that calling ``path`` uses, and whether it seeds it; nothing if it uses
    none.

    Example: ``ambient_draw("numpy.random.rand", seeded_arguments=False) == ("<numpy.random>",
    False)``.
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


DIFFERENT_EACH_TIME = re.compile(
    r"^(time\.((process_|thread_|clock_get)?time(_ns)?|strftime|perf_counter(_ns)?|monotonic(_ns)?)|timeit\.\w+|"
    r"datetime\.(datetime|date)\.(now|today|utcnow)|(pandas\.Timestamp|arrow|pendulum)\.(now|today|utcnow)|"
    r"uuid\.uuid[14]|os\.(urandom|getpid|times)|random\.SystemRandom|secrets\.(choice|rand\w+|token_\w+)|"
    r"tempfile\.(mk\w+|\w*Temporary\w+)|subprocess\.\w+|os\.popen|getpass\.getpass|builtins\.(id|input))$"
)
"""Calls that give something else each time: clocks, identifiers, new files, what somebody types."""

UNSEEDED = re.compile(
    r"^(numpy\.random\.(default_rng|RandomState|SeedSequence|PCG64|PCG64DXSM|MT19937|Philox|SFC64)|random\.Random|"
    r"time\.(localtime|gmtime|ctime|asctime))$"
)
"""Calls that do so without arguments, or with None."""


TOLD_THE_TIME = _words(
    "numpy.datetime64 pandas.DatetimeIndex pandas.Period pandas.Timestamp pandas.to_datetime"
)
"""Calls that read the clock if they are given one of `NOW`."""

NOW = frozenset({"now", "today"})


@lru_cache(_PATHS_REMEMBERED)
def is_different_each_time(path: str, *, arguments: bool) -> bool:
    """Whether calling ``path``, with arguments or without, gives something else each time."""
    unseeded = not arguments and UNSEEDED.match(path) is not None
    return unseeded or DIFFERENT_EACH_TIME.match(path) is not None


SAME_EVERYWHERE = re.compile(
    r"^(builtins\.(bool|bytes|dict|float|frozenset|get_ipython|int|len|list|max|min|range|repr|round|set|"
    r"sorted|str|sum|tuple|zip)|decimal\.(Context|getcontext)|numpy\.(get_printoptions|geterr|seterr)|pandas\.get_option|"
    r"pathlib\.\w*Path(\.(cwd|home))?|"
    r"os\.(getcwd|getenv|cpu_count|environ\.(get|copy)|fspath|path\.(abspath|basename|dirname|expanduser|expandvars|join|"
    r"normpath|split|splitext))|platform\.\w+|"
    r"seaborn\.(\w+_palette|axes_style|plotting_context)|cycler\.cycler|"
    r"torch\.(cuda|backends\.mps|xpu)\.is_available|importlib\.util\.find_spec|shutil\.which|socket\.gethostname|"
    r"logging\.(getLogger|StreamHandler|NullHandler|Formatter)|re\.(compile|sub|match|search|fullmatch)|datetime\.(date|datetime|timedelta|timezone))$"
)
"""Calls that give the same in every kernel that stands in the same folder, for the same arguments."""

OF_THE_INTERPRETER = re.compile(
    r"^sys\.(?!(stdout|stderr|platform|version|version_info|byteorder|maxsize|prefix|executable|implementation)(\.|$))"
)
"""Pieces of ``sys`` that depend on what a kernel has done so far."""

THERE_FROM_THE_START = frozenset({"google.colab", "ipykernel", "IPython", "pyodide", "js"})
"""Modules that a kernel has or has not got from its start on."""

ABOUT_PATHS = re.compile(r"^(pathlib\.|os\.(getcwd|path\.))")
"""Pieces of libraries that tell or need to know where the kernel stands."""

SAME_EVERYWHERE_METHODS = _words(
    """
    absolute as_posix capitalize casefold copy decode encode endswith expanduser format get index
    items joinpath join keys lower lstrip partition relative_to removeprefix removesuffix replace resolve rpartition
    rsplit rstrip split splitlines startswith strip title upper values with_name with_stem
    with_suffix zfill
    """
)
"""Methods of text, paths and dicts that do."""

UNPICKLING = re.compile(
    r"^((pickle|cloudpickle|dill|joblib|torch|jsonpickle)\.(loads?|decode|Unpickler)|shelve\.open|"
    r"pandas\.read_pickle|numpy\.load)$"
)
"""Calls that load what may be named by name: functions and classes of the notebook among it."""

FINALIZING = _words("weakref.WeakMethod weakref.finalize weakref.proxy weakref.ref")
"""Calls whose second argument is called when the first goes."""

_SETTING_NAMES = _words(
    """
    addFilter addHandler addLevelName autolog autoset basicConfig captureWarnings chdir deregister field_size_limit
    filterwarnings init_notebook_mode init_printing install_opener ioff ion load_dotenv putenv rc rcdefaults
    removeFilter removeHandler reset_option resetwarnings run_functions_eagerly setLevel setdefaulttimeout seterr
    seterrcall setlocale setrecursionlimit setrlimit setswitchinterval simplefilter stack_size tzset umask unsetenv use
    use_deterministic_algorithms
    """
)

_SETTING_PATHS = re.compile(
    r"(^|\.)(sys\.path\.(append|insert|extend|remove|clear|pop|__setitem__)|"
    r"(os\.environ|environ|rcParams|options|config|__dict__)\."
    r"(update|setdefault|pop|popitem|clear|push|__setitem__|__delitem__)|logging\.disable|seaborn\.set|sns\.set|tqdm\.pandas|"
    r"tqdm\.\w+\.tqdm\.pandas|[A-Z]\w*\.register|colormaps\.(un)?register|(config|options)\.set|mimetypes\.add_type|"
    r"yaml\.add_\w+|units\.(add|set)_enabled_\w+|copyreg\.(pickle|constructor)|pandarallel\.initialize|warnings\.\w+filter\w*|gc\.(disable|enable)|nltk\.data\.path\.append)$"
)

_SETTING_VERBS = re.compile(r"(set|enable|disable|register|unregister)_\w|set[A-Z]")
"""How the names of functions of modules begin that only set something."""

_NOT_SETTINGS = re.compile(
    r"(^|\.)(random\.\w+|set_trace|set_start_method|set_title|set_xlabel|set_ylabel)$"
)


@lru_cache(_PATHS_REMEMBERED)
def is_setting(path: str) -> bool:
    """Whether calling ``path`` only changes a module's own state: ``pandas.set_option``,
    ``warnings.filterwarnings``.
    """
    name = path.rpartition(".")[2]
    if _NOT_SETTINGS.search(path):
        return False
    return (
        name in _SETTING_NAMES
        or _SETTING_VERBS.match(name) is not None
        or _SETTING_PATHS.search(path) is not None
    )


_LIVE = re.compile(
    r"^(os\.environb?|sys\.(path|modules|meta_path|path_hooks)|warnings\.filters|"
    r"matplotlib(\.pyplot)?\.rcParams|pandas\.options(\.\w+)*)$"
)


@lru_cache(_PATHS_REMEMBERED)
def live(path: str) -> str:
    """The kind of what a module has one of, under whatever name, and others may change; empty if it is none.

    So is a function that sets: whoever has it can change the module. ``live("os.environ") == "dict"``.
    """
    if _LIVE.match(path):
        return "list" if path.startswith(("sys.", "warnings.")) else "dict"
    return "dict" if is_setting(path) else ""


MADE_CLASSES = _words(
    """
    Enum Flag IntEnum IntFlag NamedTuple StrEnum TypedDict make_dataclass namedtuple
    declarative_base
    """
)
"""Calls that make a class."""

ENUMERATIONS = _words("Enum Flag IntEnum IntFlag ReprEnum StrEnum")
"""Classes whose attributes are instances of those that derive from them."""

CLASS_FACTORIES = _words(
    """
    Enum Flag IntEnum IntFlag NamedTuple NewType ParamSpec StrEnum TypeVar TypeVarTuple
    TypedDict declarative_base getLogger getcontext make_dataclass namedtuple
    """
)
"""Calls with constants that define something, as a ``class`` statement would."""

MODULE_LIKE = frozenset({"logging.getLogger", "decimal.getcontext", "matplotlib.get_backend"})
"""Calls that give a piece of their module, not a value of one's own."""

CACHES = frozenset({"functools.cache", "functools.lru_cache"})
"""Decorators whose functions keep what they return."""

DISPATCHING = frozenset({"functools.singledispatch"})
"""Decorators whose functions call others, which are registered with them."""


@lru_cache(_PATHS_REMEMBERED)
def kind_by_pattern(path: str) -> str:
    """The kind of what calling ``path`` gives, by the shape of the path; empty if that does not tell."""
    if FRAMES.match(path):
        return "frame"
    if ARRAYS.match(path):
        return "array"
    return "figure" if FIGURES.match(path) else ""


_GOING_BY = {
    "copyreg": frozenset({"copy", "pickle"}),
    "locale": frozenset({"calendar", "datetime", "time"}),
    "socket": frozenset({"http", "requests", "urllib"}),
}
"""Modules whose settings others go by as well."""


@lru_cache(_PATHS_REMEMBERED)
def is_of(kind: str, path: str, changed: str) -> bool:
    """Whether a value may behave as the state of a module says: ``changed`` is a piece of that."""
    root = changed.partition(".")[0]
    if kind == "module":
        user = path.partition(".")[0]
        return user == root or user in _GOING_BY.get(root, ())
    of_library = kind_by_pattern(f"{root}.")
    patched = any(part[:1].isupper() for part in changed.split("."))  # a class, in all its values
    return bool(of_library) and (kind == of_library or (patched and kind == "?"))
