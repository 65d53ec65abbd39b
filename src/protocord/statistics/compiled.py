"""Compile a numeric function, once a machine, and keep its type for the type checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """This will return `function` compiled at its first call and kept on disk beside the module.

    It runs on one thread: a result that depended on the number of threads could not be repeated. Floating-point operations stay
    in the order in which they are written (no `fastmath`), so compiled and interpreted results agree to the bit.
    """
    return cast("Function", numba.njit(cache=True, nogil=True)(function))
