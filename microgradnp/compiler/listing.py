"""A program as text."""

from __future__ import annotations

from typing import Any

from .program import Call, Program, Value, mapped


def program_text(program: Program) -> str:
    """One line per call: ``v3 = dot(v0, v1)``, what its results are, and where in the user's files it comes from."""
    rows = [(_head(call), _forms(call), _place(call)) for call in program.calls]
    widths = [min(max((len(row[i]) for row in rows), default=0), 60) for i in range(2)]
    given = [value for value in program.values if value.block.kind in ("argument", "outside")]
    made = {value for call in program.calls for value in call.results}
    lines = [f"{value} is {_where(value)}, {_form(value)}" for value in given if value not in made]
    lines += [f"{head:{widths[0]}}  {forms:{widths[1]}}  {place}".rstrip() for head, forms, place in rows]
    lines += [f"{name} {', '.join(map(str, values))}" for name, values in _outputs(program) if values]
    return "\n".join(lines)


def _outputs(program: Program) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    return ("return", program.fresh), ("keep", program.kept)


def _head(call: Call) -> str:
    parts = [_text(item) for item in call.args]
    parts += [f"{name}={_text(item)}" for name, item in call.kwargs.items() if name != "out"]
    results = ", ".join(map(str, call.results or call.writes))
    return f"{results} {'=' if call.results else '<-'} {_name(call.function)}({', '.join(parts)})"


def _name(function: Any) -> str:
    owner = getattr(getattr(function, "__self__", None), "__name__", None)
    name = getattr(function, "__name__", str(function))
    return f"{owner}.{name}" if owner else name


def _text(item: Any) -> str:
    """An argument as it would be written; constant numbers as themselves."""
    return repr(mapped(item, lambda part: _Shown(part)))


class _Shown:
    """Something whose ``repr`` is short."""

    def __init__(self, item: Any) -> None:
        self._item = item

    def __repr__(self) -> str:
        item = self._item
        if isinstance(item, Value):
            number = item.block.kind == "constant" and not item.shape
            return repr(item.block.array.item()) if number and item.block.array.size == 1 else str(item)
        return getattr(item, "__name__", None) or repr(item)


def _forms(call: Call) -> str:
    return ", ".join(map(_form, call.results))


def _form(value: Value) -> str:
    return f"{value.dtype}[{', '.join(map(str, value.shape))}]"


def _where(value: Value) -> str:
    return f"argument {value.block.index}" if value.block.kind == "argument" else "memory that lives on"


def _place(call: Call) -> str:
    file, line = call.place
    return f"{file}:{line}" if file else ""
