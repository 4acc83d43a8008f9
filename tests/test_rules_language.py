"""The derivative rules keep to the language that plain arrays, Tensors and capturing arrays have in common.

A rule is plain NumPy on whatever array it is given: NumPy functions that a Tensor answers, ufuncs and ``.reduce``,
operators, indexing, ``.shape .ndim .dtype .T .reshape``, other operations; and any Python on static values (shapes,
dimensions, positions). This test reads the syntax tree of each rule, and of each function that a rule calls, and works
out which expressions are arrays.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import re
import sys
import textwrap
from collections.abc import Iterable
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from operations import DIFFERENTIABLE

from microgradnp.ops.elementary import sigmoid
from microgradnp.ops.face import BY_NUMPY
from microgradnp.ops.record import COMPOSITES, Operation

STATIC, ARRAY, ARRAYS = "static value", "array", "sequence of arrays"
Env = dict[str, str]


class NotInTheLanguage(AssertionError):
    pass


def refuse(node: ast.AST, reason: str) -> Any:
    raise NotInTheLanguage(f"{ast.unparse(node)}: {reason}")


def joined(kinds: Iterable[str]) -> str:
    kinds = set(kinds)
    return ARRAY if ARRAY in kinds else ARRAYS if ARRAYS in kinds else STATIC


class Reader:
    """Reads expressions and statements that refer to the names of one module."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace

    def lookup(self, name: str) -> Any:
        return self.namespace[name] if name in self.namespace else getattr(builtins, name)

    # Expressions

    def kind(self, node: ast.expr | None, env: Env) -> str:
        match node:
            case None | ast.Constant():
                return STATIC
            case ast.Name():
                return self.name(node, env)
            case ast.Attribute():
                return self.attribute(node, env)
            case ast.Call():
                return self.call(node, env)
            case ast.Subscript():
                return self.subscript(node, env)
            case ast.Compare():
                return self.comparison(node, env)
            case ast.BinOp(left=left, right=right):
                return joined([self.kind(left, env), self.kind(right, env)])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.static(operand, env, "'not' asks for the truth of an array")
            case ast.UnaryOp(operand=operand):
                return self.kind(operand, env)
            case ast.BoolOp(values=values):
                return joined(
                    self.static(value, env, "'and' and 'or' ask for the truth of an array") for value in values
                )
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.static(test, env, "a condition on an array")
                return joined([self.kind(body, env), self.kind(orelse, env)])
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                return STATIC if joined(self.kind(item, env) for item in items) == STATIC else ARRAYS
            case ast.Starred(value=value):
                return self.kind(value, env)
            case ast.Slice(lower=lower, upper=upper, step=step):
                return joined(self.static(part, env, "an array as a bound of a slice") for part in (lower, upper, step))
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self.comprehension(node, env)
        return refuse(node, "not in the language")

    def static(self, node: ast.expr | None, env: Env, otherwise: str) -> str:
        return STATIC if self.kind(node, env) == STATIC else refuse(node, otherwise)  # type: ignore[arg-type]

    def name(self, node: ast.Name, env: Env) -> str:
        if node.id in env:
            return env[node.id]
        if isinstance(self.lookup(node.id), (np.generic, np.ndarray)):
            refuse(node, "a NumPy constant, which has a dtype of its own")
        return STATIC

    def attribute(self, node: ast.Attribute, env: Env) -> str:
        if self.is_numpy(node):
            value = self.resolve(node)
            return (
                STATIC
                if type(value) in (float, type(None))
                else refuse(node, "a NumPy value, which is no Python number")
            )
        match self.kind(node.value, env), node.attr:
            case ("static value", _) | ("array", "shape" | "ndim" | "dtype"):
                return STATIC
            case ("array", "T"):
                return ARRAY
        return refuse(node, f"arrays do not agree on .{node.attr}")

    def subscript(self, node: ast.Subscript, env: Env) -> str:
        value, index = self.kind(node.value, env), self.kind(node.slice, env)
        if value == STATIC and index != STATIC:
            refuse(node, "a static value indexed by an array")
        return ARRAY if value == ARRAYS and not isinstance(node.slice, ast.Slice) else value

    def comparison(self, node: ast.Compare, env: Env) -> str:
        kinds = joined(self.kind(part, env) for part in (node.left, *node.comparators))
        if all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            return STATIC
        if kinds != STATIC and (len(node.ops) > 1 or isinstance(node.ops[0], (ast.In, ast.NotIn))):
            refuse(node, "asks for the truth of an array")
        return kinds

    def comprehension(self, node: Any, env: Env) -> str:
        env = dict(env)
        for part in node.generators:
            self.loop(part.target, part.iter, env)
            for condition in part.ifs:
                self.static(condition, env, "a condition on an array")
        return STATIC if self.kind(node.elt, env) == STATIC else ARRAYS

    def loop(self, target: ast.expr, over: ast.expr, env: Env) -> None:
        kind = self.kind(over, env)
        if kind == ARRAY:
            refuse(over, "a loop over an array")
        self.bind(target, ARRAY if kind == ARRAYS else STATIC, env)

    def bind(self, target: ast.expr, kind: str, env: Env) -> None:
        match target:
            case ast.Name(id=name):
                env[name] = kind
            case ast.Tuple(elts=parts):
                for part in parts:
                    self.bind(part, ARRAY if kind == ARRAYS else kind, env)
            case _:
                refuse(target, "a write into an array or an object")

    # Calls

    def call(self, node: ast.Call, env: Env) -> str:
        arguments = [self.kind(argument, env) for argument in (*node.args, *(k.value for k in node.keywords))]
        if self.is_numpy(node.func):
            return self.numpy_call(node, self.resolve(node.func), joined(arguments))
        if isinstance(node.func, ast.Attribute):
            return self.method_call(node, self.kind(node.func.value, env), joined(arguments))
        if not isinstance(node.func, ast.Name) or node.func.id in env:
            return refuse(node, "only functions that have a name are called")
        function = self.lookup(node.func.id)
        if isinstance(getattr(function, "__self__", function), np.ufunc) or function in BY_NUMPY:  # bound to a name
            return self.numpy_call(node, function, joined(arguments))
        return self.function_call(node, function, arguments)

    def numpy_call(self, node: ast.Call, function: Any, kind: str) -> str:
        if kind == STATIC:
            refuse(node, "NumPy on static values gives a NumPy scalar or a fresh array: use math, or a *_like function")
        for keyword in node.keywords:
            if keyword.arg in ("out", "where", "dtype", None):
                refuse(node, f"the keyword {keyword.arg}")
        if isinstance(getattr(function, "__self__", None), np.ufunc):
            function = (function.__self__, function.__name__)
        return (
            ARRAY if function in BY_NUMPY else refuse(node, "no operation answers for it when it is called on a Tensor")
        )

    def method_call(self, node: ast.Call, owner: str, arguments: str) -> str:
        if owner == ARRAY:
            return ARRAY if node.func.attr == "reshape" else refuse(node, f"arrays do not agree on .{node.func.attr}()")
        return STATIC if owner == arguments == STATIC else refuse(node, "an array where a static value is needed")

    def function_call(self, node: ast.Call, function: Any, arguments: list[str]) -> str:
        if hasattr(function, "operation"):
            return ARRAY
        if function in COMPOSITES.values():
            return refuse(node, "a composite takes Tensors only")
        if isinstance(function, FunctionType):
            return read_function(function, self.bound(node, function, arguments))
        if function is len or (function in (tuple, list) and ARRAY not in arguments):
            return STATIC if function is len else joined(arguments)
        return STATIC if joined(arguments) == STATIC else refuse(node, f"{node.func.id}() of an array")

    @staticmethod
    def bound(node: ast.Call, function: FunctionType, arguments: list[str]) -> Env:
        """The kinds of a function's parameters, from those of the arguments of a call."""
        positional, named = arguments[: len(node.args)], arguments[len(node.args) :]
        keywords = dict(zip([k.arg for k in node.keywords], named, strict=True))
        bound = inspect.signature(function).bind(*positional, **keywords)  # type: ignore[arg-type]
        bound.arguments.update({k: joined(v) for k, v in bound.arguments.items() if isinstance(v, tuple)})
        return dict.fromkeys(inspect.signature(function).parameters, STATIC) | bound.arguments

    # NumPy's names

    def is_numpy(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and self.namespace.get(node.id) is np

    def resolve(self, node: ast.expr) -> Any:
        return getattr(self.resolve(node.value), node.attr) if isinstance(node, ast.Attribute) else np

    # Statements

    def body(self, statements: list[ast.stmt], env: Env) -> str:
        """The kind of what the statements return."""
        returned = [STATIC]
        for statement in statements:
            match statement:
                case ast.Return(value=value):
                    returned.append(self.kind(value, env))
                case ast.Expr(value=ast.Constant()):
                    pass
                case ast.Assign(targets=[target], value=value):
                    self.bind(target, self.kind(value, env), env)
                case ast.AugAssign(target=ast.Name(id=name), value=value) if env.get(name) == STATIC:
                    env[name] = self.kind(value, env)
                case ast.If(test=test, body=then, orelse=orelse):
                    self.static(test, env, "a condition on an array")
                    returned += [self.body(then, env), self.body(orelse, env)]
                case ast.For(target=target, iter=over, body=then, orelse=[]):
                    self.loop(target, over, env)
                    returned.append(self.body(then, env))
                case _:
                    refuse(statement, "not in the language")
        return joined(returned)


def read_function(function: FunctionType, env: Env) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return Reader(function.__globals__).body(tree.body, dict(env))


# Which parameters of a rule are arrays


def kinds_of(parameters: Iterable[str], record: Operation) -> Env:
    kinds = {operand: ARRAYS if operand in record.list_operands else ARRAY for operand in record.operands}
    first, *others = parameters
    return {first: ARRAY} | {name: kinds.get(name, ARRAY if name == "out" else STATIC) for name in others}


def read_rule(rule: ast.expr, record: Operation, namespace: dict[str, Any]) -> None:
    match rule:
        case ast.Lambda(args=arguments, body=body):
            kind = Reader(namespace).kind(body, kinds_of((a.arg for a in arguments.args), record))
        case ast.Name(id=name):
            function = namespace[name]
            kind = read_function(function, kinds_of(inspect.signature(function).parameters, record))
        case _:
            refuse(rule, "a rule is a lambda or a function that has a name")
    if kind != ARRAY:
        refuse(rule, f"a rule gives an array, not a {kind}")


def rules_in_source(record: Operation) -> dict[str, ast.expr]:
    """The arguments of the ``derivatives`` decorator of a record's forward function."""
    tree = ast.parse(inspect.getsource(sys.modules[record.forward.__module__]))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name == record.name:
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "derivatives":
                    return {keyword.arg or "": keyword.value for keyword in decorator.keywords}
    return {}


@pytest.mark.parametrize("record", DIFFERENTIABLE.values(), ids=DIFFERENTIABLE)
def test_rules_keep_to_the_language(record: Operation) -> None:
    rules = rules_in_source(record)
    assert set(rules) == set(record.rules)
    for rule in rules.values():
        read_rule(rule, record, vars(sys.modules[record.forward.__module__]))


# The reader itself

LOG2 = np.log(2)


def _helper(array, shape, keepdim):  # type: ignore[no-untyped-def]
    if keepdim:
        return array
    size = 1
    for one in shape:
        size *= one
    parts = [array.reshape(shape), -array]
    return parts[0] / size


def _in_place(array, other):  # type: ignore[no-untyped-def]
    array += other
    return array


def _item(array, other):  # type: ignore[no-untyped-def]
    array[0] = other
    return array


def _through_helper(array):  # type: ignore[no-untyped-def]
    return _in_place(array, 1)


NAMESPACE = {
    "np": np, "math": math, "sigmoid": sigmoid, "mean": COMPOSITES["mean"], "LOG2": LOG2, "HALF": 0.5,
    "_helper": _helper, "_in_place": _in_place, "_item": _item, "_through_helper": _through_helper,
}  # fmt: skip

GOOD = [
    "lambda g: g",
    "lambda g, input: -g * np.exp(input) ** 2 / (1 + input)",
    "lambda g, input: np.where((input == 0) & (input > 0), g, 0.0)",
    "lambda g, input_shape, dim: g.reshape(tuple(1 if i == dim else n for i, n in enumerate(input_shape)))",
    "lambda g, input: np.add.reduce(g * input, axis=tuple(range(g.ndim - len(input.shape))), keepdims=True)",
    "lambda g, input_shape: g / math.prod(input_shape) if len(input_shape) > 1 else g.T",
    "lambda g, input: g[..., None, 1:] * input[(slice(None),) * 2 + (0,)]",
    "lambda g, out: np.zeros_like(g) + sigmoid(out) * HALF",
    "lambda g, input: (g @ input.T) * (np.pi if input.ndim == 2 and input.dtype == g.dtype else math.log(2))",
    "lambda g, input_shape, dim: _helper(g, input_shape, dim is None)",
    "lambda g, input: np.concatenate([g, input])",
]

BAD = {
    "lambda g, input: g * float(input)": "float() of an array",
    "lambda g, input: g * bool(input)": "bool() of an array",
    "lambda g, input: max(g, input)": "max() of an array",
    "lambda g, input: g * isinstance(g, float)": "isinstance() of an array",
    "lambda g, input: math.exp(input) * g": "a static value is needed",
    "lambda g, input: g if input > 0 else -g": "a condition",
    "lambda g, input: g * (input > 0 and input < 1)": "the truth of an array",
    "lambda g, input: g * (0 < input < 1)": "the truth of an array",
    "lambda g, input: g * (not input)": "the truth of an array",
    "lambda g, input: g * (2 in input)": "the truth of an array",
    "lambda g, input: [x for x in input][0]": "a loop over an array",
    "lambda g, input: g.sum()": ".sum()",
    "lambda g, input: g.astype(input.dtype)": ".astype()",
    "lambda g, input: g.transpose(0, 1)": ".transpose()",
    "lambda g, input: g * input.size": ".size",
    "lambda g, input_shape: np.zeros(input_shape) + g": "NumPy on static values",
    "lambda g, input_shape: g * np.arange(input_shape[0])": "NumPy on static values",
    "lambda g, input: g * np.random.rand(3)": "NumPy on static values",
    "lambda g: g * np.log(2)": "NumPy on static values",
    "lambda g: g * np.float64(2)": "NumPy on static values",
    "lambda g, input_shape: g / np.prod(input_shape)": "NumPy on static values",
    "lambda g: g * np.float32": "no Python number",
    "lambda g: g * LOG2": "a NumPy constant",
    "lambda g, input: np.full(input.shape, g)": "no operation answers",
    "lambda g, input: np.asarray(g)": "no operation answers",
    "lambda g, input: np.linalg.svd(g)": "no operation answers",
    "lambda g, input: np.add.at(g, 0, input)": "no operation answers",
    "lambda g, input: np.add.outer(g, input)": "no operation answers",
    "lambda g, input: np.multiply(g, input, out=g)": "the keyword out",
    "lambda g, input: np.add.reduce(g, where=input)": "the keyword where",
    "lambda g, input: g[: input[0]]": "bound of a slice",
    "lambda g, input: mean(g)": "a composite",
    "lambda g, input: _in_place(g, input)": "array += other: not in the language",
    "lambda g, input: _item(g, input)": "a write into an array",
    "lambda g, input: _through_helper(g)": "array += other: not in the language",
    "lambda g, input: (lambda x: x)(g)": "functions that have a name",
    "lambda g, input: input.shape": "a rule gives an array",
}


def read_source(source: str) -> None:
    record = DIFFERENTIABLE["amax"]  # a record with an operand 'input' and a static argument 'dim'
    read_rule(ast.parse(source, mode="eval").body, record, NAMESPACE)


@pytest.mark.parametrize("source", GOOD)
def test_reader_accepts(source: str) -> None:
    read_source(source)


@pytest.mark.parametrize("source", BAD)
def test_reader_refuses(source: str) -> None:
    with pytest.raises(NotInTheLanguage, match=re.escape(BAD[source])):
        read_source(source)
