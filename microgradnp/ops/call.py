"""The template from which the call of every operation, and its graph node, are compiled.

For a record ``mul(input, other)`` it writes, in effect:

    def mul(input, other):
        <if the operands are not tensors of one dtype: return general(record, ...)>
        input_array, input_edge = the array and the graph edge of input; likewise other
        array = forward(input_array, other_array)
        out = a new Tensor around array
        if recording and some edge is not None:
            out._edge = MulBackward0: its edges, the saved operands that the wanted rules name
        return out

    class MulBackward0(Node):
        def run(self, g, grads, waiting, wanted, retain):
            for each wanted edge: grads[edge] += rule(g, saved values), fitted to the edge's shape and dtype

Generated code costs what hand-written code would: no loops over operands, no argument dictionaries.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from heapq import heappush
from typing import Any

import numpy as np

from ..autograd import inference
from ..autograd.memory import keep, lent, owner_of, tick
from ..autograd.modes import recording
from ..autograd.node import Leaf, Node
from ..autograd.quiet import restore, silence
from ..autograd.scope import current as scope
from ..tensor import Tensor, constant_of, edge_of, look_into, make
from .operands import SPELLINGS, explained, fit, general, into, respelled_call
from .record import Operation


def compile_call(record: Operation) -> Callable[..., Any]:
    """Compile the record's public function, in place, and return it."""
    public: Any = record.public
    namespace = public.__globals__
    node = _compile_node(record) if record.rules else None
    namespace.update(
        Tensor=Tensor, new=object.__new__, ndarray=np.ndarray, generic=np.generic, asarray=np.asarray,
        silence=silence, restore=restore, owner_of=owner_of, tick=tick, lent=lent, keep=keep,
        recording=recording.get, scope=scope.get,
        inference=inference.used, refuse_saving=inference.refuse_saving, mark=inference.mark,
        edge_of=edge_of, constant_of=constant_of, constants_of=constants_of, look_into=look_into,
        general=general, explained=explained, into=into, respelled_call=respelled_call, missing=missing,
        public=public, Node=node,
        record=record, forward=record.forward,
    )  # fmt: skip
    for parameter in record.signature.parameters.values():
        namespace[f"default_{parameter.name}"] = parameter.default
    call = _define(_call_source(record, checked=True), record.name, namespace)
    record.bare = _define(_call_source(record, checked=False), record.name, namespace)
    record.node = node
    public.__defaults__, public.__kwdefaults__ = call.__defaults__, call.__kwdefaults__
    public.__code__ = call.__code__
    return public


def _define(source: str, name: str, namespace: dict[str, Any]) -> Any:
    local: dict[str, Any] = {}
    exec(compile(source, f"<microgradnp operation {name}>", "exec"), namespace, local)
    return local[name]


# The call


def _call_source(record: Operation, checked: bool) -> str:
    lines = [f"def {record.name}({_parameters(record, checked)}):"]
    if checked:
        lines += _divert(record) + _check(record)
    for name in record.operands:
        lines += _open_list(name) if name in record.list_operands else _open(record, name, checked)
    lines += _forward(record)
    lines += [
        "if array.__class__ is not ndarray and isinstance(array, generic): array = asarray(array)",
        *_put_in_order(record),
        "out = new(Tensor)",
        "out._array = array",
        "out._grad = out._base = None",
    ]
    lines += _record(record) if record.rules else _leave_out()
    if record.view:
        lines += _mark_view(record)
    lines.append("return out")
    return "\n    ".join(lines)


def _takes_numpy_names(record: Operation) -> bool:
    return any(name in record.statics for name in SPELLINGS.values())


def _respellable(record: Operation) -> list[str]:
    """Arguments that must be given, by PyTorch's name or by NumPy's: Python itself cannot say that one is missing."""
    found: list[str] = []
    for name, parameter in reversed(list(record.signature.parameters.items())):
        if parameter.default is inspect.Parameter.empty:
            if name not in SPELLINGS.values():
                break  # it comes before one that Python must ask for
            found.append(name)
    return found


def missing(function: str, argument: str) -> TypeError:
    return TypeError(f"{function}() missing 1 required argument: '{argument}'")


def _divert(record: Operation) -> list[str]:
    """Calls with ``out=``, or with NumPy's names of arguments, come back as calls without."""
    lines = []
    named = ", ".join(f"{name}={name}" for name in record.signature.parameters)
    if _takes_numpy_names(record):
        lines.append(f"if spelled: return respelled_call(record, spelled, {named}{', out=out' if record.out else ''})")
        for name in _respellable(record):
            lines.append(f"if {name} is default_{name}: raise missing('{record.name}', '{name}')")
    if record.out:
        lines.append(f"if out is not None: return into(out, '{record.name}', public({named}))")
    return lines


def _parameters(record: Operation, checked: bool) -> str:
    """The record's parameters without annotations, their defaults by name; and those that every record may have."""
    parts, keyword_only, respellable = [], False, _respellable(record)
    for parameter in record.signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            parts.append("*")
        needed = parameter.default is inspect.Parameter.empty and not (checked and parameter.name in respellable)
        parts.append(parameter.name if needed else f"{parameter.name}=default_{parameter.name}")
    if checked and record.out:
        parts += ["out=None"] if keyword_only else ["*", "out=None"]
    if checked and _takes_numpy_names(record):
        parts.append("**spelled")
    return ", ".join(parts)


def _arguments(record: Operation, operand: str = "{}") -> str:
    """The arguments of a call to the forward function, operands written by the given pattern."""
    parts = []
    for name, parameter in record.signature.parameters.items():
        value = operand.format(name) if name in record.operands else name
        parts.append(f"{name}={value}" if parameter.kind is parameter.KEYWORD_ONLY else value)
    return ", ".join(parts)


def _check(record: Operation) -> list[str]:
    """Leave anything but tensors of one dtype (and, beside floats, a Python number) to ``general``.

    Nothing but arrays is the forward pass, without detour: so do rules call operations.
    """
    otherwise = f"return general(record, {_arguments(record)})"
    if record.list_operands:
        return [otherwise]
    arrays = " and ".join(f"{name}.__class__ is ndarray" for name in record.operands)
    otherwise = f"return forward({_arguments(record)}) if {arrays} else general(record, {_arguments(record)})"
    if record.elementwise and len(record.operands) == 2:
        return _check_pair(record, otherwise)
    lines = [f"if {' or '.join(_irregularities(record))}: {otherwise}"]
    for name in record.operands:
        if _may_be_number(record, name):
            dtypes_differ = f"{name}._array.dtype is not {record.promoted[0]}._array.dtype"
            unless = f" and {name} is not None and (not isinstance({name}, Tensor) or {dtypes_differ})"
            lines += _check_number(name, unless, otherwise)
    return lines


def _may_be_number(record: Operation, name: str) -> bool:
    """Whether an operand may be a Python number in a call that ``general`` need not see."""
    if record.elementwise and len(record.operands) == 2:
        return True
    return record.numbers and name in record.promoted[1:]


def _check_pair(record: Operation, otherwise: str) -> list[str]:
    first, second = record.operands
    integers = f" or {first}._array.dtype.kind != 'f'" if record.floats else ""
    return [
        f"if isinstance({first}, Tensor):",
        f"    if isinstance({second}, Tensor):",
        f"        if {first}._array.dtype is not {second}._array.dtype{integers}: {otherwise}",
        f"    elif {first}._array.dtype.kind != 'f': {otherwise}",
        "    else:",
        *(f"        {line}" for line in _check_number(second, "", otherwise)),
        f"elif not isinstance({second}, Tensor) or {second}._array.dtype.kind != 'f': {otherwise}",
        "else:",
        *(f"    {line}" for line in _check_number(first, "", otherwise)),
    ]


def _check_number(name: str, unless: str, otherwise: str) -> list[str]:
    """Beside floats a Python integer becomes one."""
    return [
        f"if {name}.__class__ is int: {name} = float({name})",
        f"elif {name}.__class__ is not float{unless}: {otherwise}",
    ]


def _irregularities(record: Operation) -> Iterable[str]:
    """Conditions of which none holds when every operand is a tensor, and those of ``promoted`` have one dtype."""
    first = record.promoted[0] if record.promoted else ""
    for name in record.operands:
        absent = f"{name} is not None and " if record.signature.parameters[name].default is None else ""
        tests = [f"not isinstance({name}, Tensor)"]
        if _may_be_number(record, name):
            continue
        if name in record.promoted and name != first:
            tests.append(f"{name}._array.dtype is not {first}._array.dtype")
        yield f"{absent}({' or '.join(tests)})"
    if record.floats or any(_may_be_number(record, name) for name in record.operands):
        yield f"{first}._array.dtype.kind != 'f'"


def _open(record: Operation, name: str, checked: bool) -> list[str]:
    """Take an operand's array and edge. What has been checked to be a tensor is not asked again."""
    array, edge = (
        f"{name}_array = {name}._array",
        f"{name}_edge = {name}._edge if {name}._base is None else edge_of({name})",
    )
    optional = record.signature.parameters[name].default is None
    number = _may_be_number(record, name)
    if checked and not optional and not number:
        return [array, edge]
    test = f"{name} is not None" if checked and optional and not number else f"isinstance({name}, Tensor)"
    return [
        f"if {test}:",
        f"    {array}",
        f"    {edge}",
        "else:",
        f"    {name}_array = {name}",
        f"    {name}_edge = None",
    ]


def _open_list(name: str) -> list[str]:
    return [
        f"{name}_array = tuple([t._array if isinstance(t, Tensor) else t for t in {name}])",
        f"{name}_edge = tuple([edge_of(t) if isinstance(t, Tensor) else None for t in {name}])",
        f"if not any({name}_edge): {name}_edge = None",
    ]


def _forward(record: Operation) -> list[str]:
    """Call the forward function: infinities and nans are values here, and no reason for a warning."""
    # Inside a module NumPy's warnings are off already.
    call = f"array = forward({_arguments(record, '{}_array')})"
    arrays = ", ".join(f"{name}_array" for name in record.operands)
    explain = f"except ValueError as error: raise explained(record, error, [{arrays}]) from None"
    return [
        "inside = scope()",
        "if inside is None:",
        "    loud = silence()",
        f"    try: {call}",
        f"    {explain}",
        "    finally: restore(loud)",
        "else:",
        f"    try: {call}",
        f"    {explain}",
    ]


def _record(record: Operation) -> list[str]:
    edges = [f"{name}_edge" for name in record.rules]
    floating = " and array.dtype.kind == 'f'" if "dtype" in record.statics else ""
    lines = [
        f"if ({' or '.join(f'{edge} is not None' for edge in edges)}) and (in_mode := recording()){floating}:",
        "    node = Node()",
        "    node.time = tick()",
        "    node.scope = inside",
        "    node.hooks = None",
        "    node.shape = array.shape",
        "    node.dtype = array.dtype",
    ]
    for i, name in enumerate(record.operands):
        if name in record.rules:
            lines.append(f"    node.edge{i} = {name}_edge")
        lines += [f"    {line}" for line in _record_constant(record, i, name)]
    for saved, users in _saved(record).items():
        condition = " or ".join(f"{user}_edge is not None" for user in users)
        always = len(users) == len(record.rules)
        lines.append(f"    {'' if always else f'if {condition}: '}node._saved_{saved} = {_value(record, saved)}")
    return [
        *lines,
        "    out._edge = node",
        "    if in_mode is not True: in_mode.recorded(node)",
        "else:",
        *[f"    {line}" for line in _leave_out()],
    ]


def _record_constant(record: Operation, i: int, name: str) -> list[str]:
    """What stands for an operand without gradient; and no inference tensor may be saved."""
    if name in record.list_operands:
        return [f"node.constant{i} = constants_of({name})"]
    lines = [f"node.constant{i} = constant_of({name})"]
    if users := _saved(record).get(name):
        condition = " or ".join(f"{user}_edge is not None" for user in users)
        lines.append(f"if inference.ever and ({condition}): refuse_saving({name})")
    if name not in record.rules:
        return lines
    if len(record.rules) == 1:
        return []  # there is a node because this operand has an edge
    return [f"if {name}_edge is None:", *(f"    {line}" for line in lines)]


def _put_in_order(record: Operation) -> list[str]:
    if not record.compact:
        return []
    return ["if array.ndim > 1 and not array.flags.c_contiguous: array = array.copy()"]


def _leave_out() -> list[str]:
    """The result has no place in the graph."""
    return ["out._edge = None", "if inference.ever: mark(out)"]


def _mark_view(record: Operation) -> list[str]:
    first = record.operands[0]
    return [f"if array.base is not None and owner_of(array) is owner_of({first}_array): look_into(out, {first})"]


# What is saved


def _needs(rule: Callable[..., Any]) -> list[str]:
    """What a rule names besides the gradient."""
    return list(inspect.signature(rule).parameters)[1:]


def _saved(record: Operation) -> dict[str, list[str]]:
    """For each value to save, the operands whose rules read it."""
    saved: dict[str, list[str]] = {}
    for operand, rule in record.rules.items():
        for need in _needs(rule):
            if not _on_the_edge(record, need, operand):
                saved.setdefault(need, []).append(operand)
    return saved


def _on_the_edge(record: Operation, need: str, operand: str) -> bool:
    """Whether ``run`` knows a value without saving it: the position in a list, the shape of the rule's own operand."""
    return need == "position" or (need == f"{operand}_shape" and operand not in record.list_operands)


def _value(record: Operation, saved: str) -> str:
    """The expression, within the call, of a value to save."""
    if saved == "out" and not record.view:
        return "array"  # new memory
    if saved == "out" or saved in record.operands:
        array = "array" if saved == "out" else f"{saved}_array"
        return f"keep({array}) if lent else {array}"
    if saved in record.statics:
        return f"tuple({saved}) if {saved}.__class__ is list else {saved}"  # a list may be changed later
    operand, _, attribute = saved.rpartition("_")
    if operand not in record.operands or attribute not in ("shape", "dtype", "ndim"):
        raise TypeError(
            f"operation {record.name}: a rule asks for {saved!r}, which is neither an operand, an argument nor 'out'"
        )
    if operand in record.list_operands:
        return f"tuple([a.{attribute} for a in {operand}_array])"
    return f"{operand}_array.{attribute}"


# The node


def _compile_node(record: Operation) -> type[Node]:
    name = "".join(part.capitalize() for part in record.label.strip("_").split("_")) + "Backward0"
    saved = _saved(record)
    positions = {operand: i for i, operand in enumerate(record.operands)}
    slots = [f"edge{positions[operand]}" for operand in record.rules]
    slots += [f"constant{i}" for i in positions.values()] + [f"_saved_{value}" for value in saved]
    namespace: dict[str, Any] = {"fit": fit, "lift": lift, "lift_all": lift_all, "Leaf": Leaf, "heappush": heappush}
    namespace.update({f"rule_{operand}": rule for operand, rule in record.rules.items()})
    body = {
        "__slots__": tuple(slots),
        "operation": record,
        "label": record.label,
        "operands": record.operands,
        "saved": tuple(f"_saved_{value}" for value in saved if value in (*record.operands, "out")),
        "__module__": record.forward.__module__,
    }
    for function, source in (
        ("run", _run_source(record, positions, graph=False)),
        ("run_graph", _run_source(record, positions, graph=True)),
        ("edges", _edges_source(record, positions)),
    ):
        body[function] = _define(source, function, namespace)
    body["sources"] = _sources
    body["arguments"] = _static_arguments
    return type(name, (Node,), body)


def _run_source(record: Operation, positions: dict[str, int], graph: bool) -> str:
    lines = [f"def {'run_graph' if graph else 'run'}(self, g, grads, waiting, wanted, retain):"]
    for operand, rule in record.rules.items():
        values = ", ".join(["g", *(_read(record, need, operand, positions, graph) for need in _needs(rule))])
        there = "" if len(record.rules) == 1 and operand not in record.list_operands else "edge is not None and "
        step = [
            f"if {there}(wanted is None or edge in wanted):",
            f"    d = rule_{operand}({values})",
            "    if d.shape != edge.shape or d.dtype is not edge.dtype: d = fit(d, edge)",
            "    if edge in grads: grads[edge] = grads[edge] + d",
            "    else:",
            "        grads[edge] = d",
            "        if edge.__class__ is not Leaf: heappush(waiting, (-edge.time, edge))",
        ]
        if operand in record.list_operands:
            lines.append(f"    for position, edge in enumerate(self.edge{positions[operand]} or ()):")
            lines += [f"        {line}" for line in step]
        else:
            lines += [f"    {line}" for line in [f"edge = self.edge{positions[operand]}", *step]]
    return "\n".join(lines + _release(record, positions))


def _release(record: Operation, positions: dict[str, int]) -> list[str]:
    """Unset what was saved: under the same conditions under which it was."""
    lines = ["    if not retain:", "        pass"]
    for value, users in _saved(record).items():
        if value not in (*record.operands, "out"):
            continue  # a shape or an argument: small, and good to see in a picture
        condition = " or ".join(f"self.edge{positions[user]} is not None" for user in users)
        always = len(users) == len(record.rules)
        lines.append(f"        {'' if always else f'if {condition}: '}del self._saved_{value}")
    return lines


def _read(record: Operation, need: str, operand: str, positions: dict[str, int], graph: bool) -> str:
    """The expression, within ``run``, of a value that a rule names. For a graph, arrays come back as tensors in it."""
    if _on_the_edge(record, need, operand):
        return need if need == "position" else "edge.shape"
    slot = f"self._saved_{need}"
    if not graph or need not in (*record.operands, "out"):
        return slot
    if need == "out":
        return f"lift({slot}, self)"
    edge = f"self.edge{positions[need]}" if need in record.rules else "None"
    return f"{'lift_all' if need in record.list_operands else 'lift'}({slot}, {edge})"


def _edges_source(record: Operation, positions: dict[str, int]) -> str:
    parts = []
    for operand in record.rules:
        edge = f"self.edge{positions[operand]}"
        parts.append(f"*({edge} or ())" if operand in record.list_operands else edge)
    return f"def edges(self): return ({', '.join(parts)},)"


def _sources(self: Any) -> tuple[Any, ...]:
    found: list[Any] = []
    for i, operand in enumerate(self.operands):
        edge, constant = _slot(self, f"edge{i}"), _slot(self, f"constant{i}")
        if operand in self.operation.list_operands:
            found += [e or c for e, c in zip(edge or [None] * len(constant), constant, strict=True)]
        else:
            found.append(edge or constant)
    return tuple(found)


def _slot(node: Any, name: str) -> Any:
    return getattr(node, name, None)


def _static_arguments(self: Any) -> dict[str, Any]:
    slots = ((name, f"_saved_{name}") for name in self.operation.statics)
    return {name: getattr(self, slot) for name, slot in slots if hasattr(self, slot)}


def constants_of(operands: Iterable[Any]) -> list[Any]:
    """For a list operand: what stands for those without gradient, None for the others."""
    return [None if isinstance(value, Tensor) and edge_of(value) else constant_of(value) for value in operands]


def lift(value: Any, edge: Node | None) -> Any:
    """A saved array as a tensor at its place in the graph; a Python number, or None, stays as it is."""
    if value is None or isinstance(value, (int, float)):
        return value
    tensor = make(value)
    tensor._edge = edge
    return tensor


def lift_all(values: Iterable[Any], edges: Any) -> tuple[Any, ...]:
    values = tuple(values)
    return tuple(lift(v, e) for v, e in zip(values, edges or [None] * len(values), strict=True))
