"""Numbers beside arrays become 0-d arrays, once: NumPy spends more on converting them than on the calculation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..program import Call, Program, Value
from .functions import is_elementwise, loop_dtypes, operands
from .rewriting import Draft


def hoisted(program: Program) -> Program:
    """Each number in an elementwise call becomes a constant of the dtype that NumPy would compute with."""
    draft = Draft(program)
    constants: dict[Any, Value] = {}

    def constant(item: Any, dtype: np.dtype[Any]) -> Any:
        if not isinstance(item, (bool, int, float, complex, np.generic)):
            return item
        try:
            array = np.array(item).astype(dtype) if isinstance(item, np.generic) else np.array(item, dtype)
        except OverflowError:  # a comparison with a number out of range
            return item
        key = dtype, array.tobytes()
        if key not in constants:
            constants[key] = draft.constant(array)
        return constants[key]

    for call in program.calls:
        draft.calls.append(_with_constants(call, constant))
    return draft.finish()


def _with_constants(call: Call, constant: Any) -> Call:
    dtypes = loop_dtypes(call) if is_elementwise(call) else None
    if dtypes is None or all(isinstance(item, Value) for item in operands(call)):
        return call
    args = [constant(item, dtype) for item, dtype in zip(operands(call), dtypes, strict=False)]
    return replace(call, args=(*args, *call.args[len(args) :]))
