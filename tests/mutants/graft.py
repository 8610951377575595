"""A mutated module put in the place of the one that is loaded, without importing again what already refers to it.

Importing anew would cost a second for each mutant. Instead the changed source is executed beside the loaded module, and each function
of the loaded one is given the code of its twin: whoever holds the function, by whatever name, then runs the mutant.
"""

from __future__ import annotations

import ast
import sys
from types import FunctionType, ModuleType
from typing import Any, Final

_SKIPPED: Final = frozenset({"__builtins__", "__dict__", "__weakref__", "__annotations__", "__doc__"})


class GraftError(Exception):
    """A change that the loaded module cannot take over."""


def graft(tree: ast.Module, module: ModuleType) -> None:
    """Make a loaded module behave as ``tree`` says; raises GraftError, or what executing the tree raises.

    What stays as it was: base classes, decorators, the members of enumerations, and what other modules computed at import.
    """
    twin: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(ast.fix_missing_locations(tree), str(module.__file__), "exec"), twin)  # noqa: S102
    loaded = dict(vars(module))
    for name in loaded.keys() & twin.keys() - _SKIPPED:
        _replace(name, loaded[name], twin[name], module.__name__)
    _forget_results()


def _replace(name: str, old: Any, new: Any, home: str) -> None:
    if isinstance(old, type):
        if old.__module__ == home:
            _replace_methods(old, new)
    elif (function := _function(old)) is not None:
        if function.__module__ == home:
            _replace_code(function, _function(new))
    elif type(old) is type(new) is not object and old != new:
        _rebind(name, old, new)


def _replace_methods(old: type, new: type) -> None:
    for name in vars(old).keys() & vars(new).keys() - _SKIPPED:
        function = _function(vars(old)[name])
        if function is not None:
            _replace_code(function, _function(vars(new)[name]))


def _function(value: Any) -> FunctionType | None:
    """The Python function in a function, method, property, or cached function."""
    for inner in ("fget", "func", "__func__", "__wrapped__"):
        value = getattr(value, inner, value)
    return value if isinstance(value, FunctionType) else None


def _replace_code(function: FunctionType, twin: FunctionType | None) -> None:
    if twin is None:
        raise GraftError(f"{function.__qualname__} is no function any more")
    try:
        function.__code__ = twin.__code__
    except ValueError as error:
        raise GraftError(f"{function.__qualname__}: {error}") from None
    function.__defaults__ = twin.__defaults__
    function.__kwdefaults__ = twin.__kwdefaults__


def _rebind(name: str, old: object, new: object) -> None:
    """Put a changed constant wherever it was imported, under its own name."""
    for module in _ours():
        if vars(module).get(name) is old:
            setattr(module, name, new)


def _forget_results() -> None:
    """Empty every cache: what it holds was computed by the code before."""
    for module in _ours():
        for value in list(vars(module).values()):
            if callable(getattr(value, "cache_clear", None)):
                value.cache_clear()


def _ours() -> list[ModuleType]:
    return [
        module for name, module in list(sys.modules.items()) if name.partition(".")[0] in ("adapter", "tests")
    ]
