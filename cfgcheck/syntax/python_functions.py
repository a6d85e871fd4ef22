"""What the evaluator of Python configuration knows of Python's own functions and methods.

Each entry works on known values only and is cheap and bounded: the arguments were looked at by ``unknown_within``.
Nothing here touches the disk, the network, the clock or the process.
"""

from __future__ import annotations

import json
import math
import operator
import posixpath
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from cfgcheck.syntax.python_values import LARGEST_COLLECTION, LONGEST_TEXT, WIDEST_NUMBER, Token, Unknown

TRUE_WORDS = frozenset({"y", "yes", "t", "true", "on", "1"})
FALSE_WORDS = frozenset({"n", "no", "f", "false", "off", "0"})
"""As ``distutils.util.strtobool`` has them."""

TOO_LARGE = Unknown("it is too large to be evaluated")

_WIDE_PERCENT = re.compile(rb"%(?:\([^)]*\))?[-+ #0-9]*(?:\d{4}|\*|\.\d{4}|\.\*)")
_WIDE_FIELD = re.compile(r"\{[^{}:]*:[^{}]*\d{4}")
_NESTED_OR_ATTRIBUTE = re.compile(r"\{[^{}]*[{.\[]")
_LONG_NUMBER = re.compile(r"\d{4}")


def _strtobool(value: str) -> int:
    word = value.lower()
    if word in TRUE_WORDS:
        return 1
    if word in FALSE_WORDS:
        return 0
    raise ValueError(f"invalid truth value {value!r}")


def _sum(values: Any, start: Any = 0) -> object:
    elements = list(values)
    if not all(isinstance(each, (int, float)) for each in (*elements, start)):
        return Unknown("cfgcheck does not add up what is no number")
    return sum(elements, start)


def _power(base: Any, exponent: Any) -> object:
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent > 0
    if whole and base.bit_length() * exponent > WIDEST_NUMBER:
        return TOO_LARGE
    return base**exponent


def _round(number: Any, digits: Any = None) -> object:
    return round(number, digits)


def _path(*parts: Any) -> PurePosixPath:
    return PurePosixPath(*parts)


def _absolute(path: Any) -> object:
    if not str(path).startswith("/"):
        return Unknown("it depends on the folder that Gunicorn runs in")
    return posixpath.normpath(path)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "int": int, "float": float, "str": str, "bool": bool, "max": max, "min": min, "len": len, "abs": abs,
    "sum": _sum, "sorted": sorted, "round": _round, "set": set, "frozenset": frozenset, "list": list, "tuple": tuple,
    "dict": dict, "range": range, "any": any, "all": all, "divmod": divmod, "pow": _power, "ord": ord, "chr": chr,
    "hex": hex, "oct": oct, "bin": bin, "repr": repr, "callable": lambda value: False,
    "enumerate": lambda *values: [list(pair) for pair in enumerate(*values)],
    "zip": lambda *values: list(zip(*values)), "reversed": lambda value: list(reversed(value)),  # noqa: B905
    "math.ceil": math.ceil, "math.floor": math.floor, "math.trunc": math.trunc, "math.sqrt": math.sqrt,
    "math.log": math.log, "math.log2": math.log2,
    "json.loads": json.loads, "json.dumps": json.dumps,
    "distutils.util.strtobool": _strtobool,
    "os.path.join": posixpath.join, "os.path.dirname": posixpath.dirname, "os.path.basename": posixpath.basename,
    "os.path.normpath": posixpath.normpath, "os.path.splitext": posixpath.splitext, "os.path.isabs": posixpath.isabs,
    "os.path.abspath": _absolute, "os.path.realpath": _absolute, "os.fspath": str,
    "pathlib.Path": _path, "pathlib.PurePath": _path, "pathlib.PosixPath": _path, "pathlib.PurePosixPath": _path,
}  # fmt: skip

CONSTANTS: dict[str, object] = {
    "os.sep": "/", "os.linesep": "\n", "os.name": "posix", "os.pathsep": ":", "math.inf": math.inf, "math.pi": math.pi,
    "os.path.sep": "/", "ssl.CERT_NONE": 0, "ssl.CERT_OPTIONAL": 1, "ssl.CERT_REQUIRED": 2, "ssl.PROTOCOL_SSLv23": 2,
    "ssl.PROTOCOL_TLS": 2, "ssl.PROTOCOL_TLSv1": 3, "ssl.PROTOCOL_TLSv1_1": 4, "ssl.PROTOCOL_TLSv1_2": 5,
    "ssl.PROTOCOL_TLS_CLIENT": 16, "ssl.PROTOCOL_TLS_SERVER": 17, "typing.TYPE_CHECKING": False,
}  # fmt: skip

MODULES = frozenset(
    {
        "os", "os.path", "sys", "multiprocessing", "pathlib", "math", "json", "ssl", "typing", "logging",
        "socket", "re", "platform", "datetime", "time", "distutils", "distutils.util", "environ", "environs",
        "decouple", "random", "subprocess", "shutil", "tempfile", "logging.config", "logging.handlers",
        "threading", "signal", "warnings", "traceback", "string", "functools", "itertools", "collections",
        "uuid", "urllib", "urllib.parse", "psutil", "__future__", "contextlib", "enum", "dataclasses", "types",
        "io", "inspect", "resource", "pwd", "grp", "errno", "atexit", "asyncio", "hashlib", "secrets", "copy",
        "abc", "ast", "configparser", "tomllib", "importlib",
    }
)  # fmt: skip
"""Modules whose import can't fail or whose members are known: importing one is no reason for doubt."""

SPECIAL = frozenset(
    {
        "os.environ", "os.getenv", "os.environb", "os.cpu_count", "os.sched_getaffinity", "multiprocessing.cpu_count",
        "os.process_cpu_count", "os.getcwd", "decouple.config", "environs.Env", "environ.Env", "psutil.cpu_count",
        "globals", "locals", "vars", "exec", "eval", "exit", "quit", "sys.exit", "print", "isinstance", "super",
        "os.makedirs", "os.mkdir", "setattr", "getattr", "os.path.expandvars", "os.path.expanduser",
    }
)  # fmt: skip
"""Names that the evaluator itself handles."""

CPU_COUNTS = frozenset(
    {
        "os.cpu_count", "multiprocessing.cpu_count", "os.process_cpu_count", "os.sched_getaffinity", "psutil.cpu_count",
    }
)  # fmt: skip


def member(dotted: str) -> object:
    """A known member of a known module by its full name; None when there is none."""
    if dotted in CONSTANTS:
        return CONSTANTS[dotted]
    return Token(dotted) if dotted in FUNCTIONS or dotted in SPECIAL else None




def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXT_METHODS = (
    "strip lstrip rstrip lower upper title capitalize casefold swapcase split rsplit splitlines partition rpartition "
    "startswith endswith removeprefix removesuffix isdigit isnumeric isdecimal isalpha isalnum isspace islower isupper "
    "isidentifier find rfind index rindex count encode"
)
METHODS: dict[type, frozenset[str]] = {
    str: _words(_TEXT_METHODS) | {"join", "replace", "format", "zfill", "ljust", "rjust", "center"},
    bytes: frozenset({"decode", "strip", "split", "startswith", "endswith"}),
    list: _words("append extend insert pop remove index count copy clear sort reverse"),
    tuple: frozenset({"index", "count"}),
    dict: _words("get items keys values update setdefault pop copy clear"),
    set: _words("add update discard remove union intersection difference copy issubset issuperset"),
    frozenset: _words("union intersection difference copy issubset issuperset"),
    float: frozenset({"is_integer"}),
    int: frozenset({"bit_length"}),
}
_PATH_METHODS = _words("joinpath with_name with_suffix with_stem as_posix resolve absolute is_absolute")
_PATH_PROPERTIES = frozenset({"parent", "name", "stem", "suffix", "parts", "anchor", "root"})
MUTATING = _words("append extend insert pop remove clear sort reverse update setdefault add discard")


def has_method(value: object, name: str) -> bool:
    if isinstance(value, PurePosixPath):
        return name in _PATH_METHODS
    return name in METHODS.get(type(value), frozenset())


def path_property(path: PurePosixPath, name: str) -> object:
    """A property of a path; None when it has none of that name."""
    if name in _PATH_PROPERTIES:
        return getattr(path, name)
    return list(path.parents) if name == "parents" else None


def call_method(receiver: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> object:
    """The result of a method of plain data. Raises what the method raises."""
    if isinstance(receiver, PurePosixPath):
        return _path_method(receiver, name, args)
    if isinstance(receiver, str) and (unsafe := _unbounded(receiver, name, args, kwargs)):
        return unsafe
    if name == "extend" and len(receiver) + len(args[0] if args else ()) > LARGEST_COLLECTION:
        return TOO_LARGE
    if name == "sort" and kwargs.get("key") is not None:
        return Unknown("cfgcheck does not sort by a function")
    result = getattr(receiver, name)(*args, **kwargs)
    # Views follow their dictionary: as a list they are data like any other.
    return list(result) if name in ("items", "keys", "values") else result


def _path_method(path: PurePosixPath, name: str, args: list[Any]) -> object:
    if name in ("resolve", "absolute"):
        resolved = _absolute(str(path))
        return resolved if isinstance(resolved, Unknown) else PurePosixPath(str(resolved))
    return getattr(path, name)(*args)


def _unbounded(text: str, name: str, args: list[Any], kwargs: dict[str, Any]) -> Unknown | None:
    """Why a string method is not computed: its result could be huge or tell of Python's insides."""
    if name in ("zfill", "ljust", "rjust", "center") and args and isinstance(args[0], int) and args[0] > 9999:
        return TOO_LARGE
    if name == "join" and args and sum(len(each) for each in args[0] if isinstance(each, str)) > LONGEST_TEXT:
        return TOO_LARGE
    replaces = name == "replace" and len(args) >= 2 and isinstance(args[0], str) and isinstance(args[1], str)
    if replaces and text.count(args[0]) * len(args[1]) > LONGEST_TEXT:
        return TOO_LARGE
    if name == "format" and (_WIDE_FIELD.search(text) or _NESTED_OR_ATTRIBUTE.search(text.replace("{{", ""))):
        return Unknown("cfgcheck does not evaluate this format")
    return None


def _multiply(one: Any, other: Any) -> object:
    for sequence, times in ((one, other), (other, one)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
            limit = LONGEST_TEXT if isinstance(sequence, (str, bytes)) else LARGEST_COLLECTION
            return TOO_LARGE if len(sequence) * times > limit else one * other
    if isinstance(one, int) and isinstance(other, int) and one.bit_length() + other.bit_length() > WIDEST_NUMBER:
        return TOO_LARGE
    return one * other


def _shift(one: Any, other: Any) -> object:
    return TOO_LARGE if isinstance(other, int) and other > WIDEST_NUMBER else one << other


def _modulo(one: Any, other: Any) -> object:
    if isinstance(one, str) and _WIDE_PERCENT.search(one.encode("utf-8", "replace")):
        return Unknown("cfgcheck does not evaluate this format")
    if isinstance(one, bytes) and _WIDE_PERCENT.search(one):
        return Unknown("cfgcheck does not evaluate this format")
    return one % other


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "Sub": operator.sub, "Mult": _multiply, "Div": operator.truediv,
    "FloorDiv": operator.floordiv, "Mod": _modulo, "Pow": _power, "LShift": _shift, "RShift": operator.rshift,
    "BitOr": operator.or_, "BitAnd": operator.and_, "BitXor": operator.xor,
    "Eq": operator.eq, "NotEq": operator.ne, "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt,
    "GtE": operator.ge, "Is": operator.is_, "IsNot": operator.is_not,
    "In": lambda one, other: one in other, "NotIn": lambda one, other: one not in other,
}  # fmt: skip

UNARY: dict[str, Callable[[Any], Any]] = {
    "UAdd": operator.pos, "USub": operator.neg, "Invert": operator.invert, "Not": operator.not_
}  # fmt: skip


def formatted(value: object, conversion: int, specification: str) -> object:
    """One replacement field of an f-string."""
    if _LONG_NUMBER.search(specification):
        return Unknown("cfgcheck does not evaluate this format")
    if conversion == ord("r"):
        value = repr(value)
    elif conversion == ord("s"):
        value = str(value)
    elif conversion == ord("a"):
        value = ascii(value)
    return format(value, specification)
