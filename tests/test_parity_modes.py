"""Grad mode, inference mode, anomaly detection and copies are PyTorch's. Skipped where it is not installed."""

import pytest
from parity import check, programs

MODES = programs("""
# decorators without parentheses
@t.no_grad
def f(): return t.is_grad_enabled()
@t.enable_grad
def g(): return t.is_grad_enabled()
with t.no_grad(): inner = g()
r = f(), inner, t.is_grad_enabled(), f.__name__

# set_grad_enabled as decorator
@t.set_grad_enabled(False)
def f(): return t.is_grad_enabled()
r = f(), t.is_grad_enabled()

# set_grad_enabled as function and block
t.set_grad_enabled(False); r = [t.is_grad_enabled()]; t.set_grad_enabled(True); r.append(t.is_grad_enabled())
with t.no_grad():
    with t.set_grad_enabled(True): r.append(t.is_grad_enabled())
    r.append(t.is_grad_enabled())

# arguments of set_grad_enabled
t.set_grad_enabled(3)

# set_grad_enabled without an argument
t.set_grad_enabled()

# no_grad with an argument
t.no_grad(None)

# a class
@t.no_grad()
class A:
    def __init__(self): self.g = t.is_grad_enabled()
    def method(self): return t.is_grad_enabled()
r = A().g, A().method(), type(A).__name__

# a generator
@t.no_grad()
def f():
    got = yield t.is_grad_enabled()
    yield got, t.is_grad_enabled()
    return
g = f(); r = [next(g), t.is_grad_enabled(), g.send("x"), t.is_grad_enabled(), list(g)]

# a generator that handles an exception
@t.no_grad()
def f():
    try: yield 1
    except ValueError: yield t.is_grad_enabled()
g = f(); next(g); r = g.throw(ValueError()), t.is_grad_enabled()

# clones
r = type(t.no_grad().clone()).__name__, type(t.inference_mode().clone()).__name__

# the names of grad_mode
r = [hasattr(autograd.grad_mode, name) for name in ("no_grad", "enable_grad", "set_grad_enabled", "inference_mode")]
""")

HEAD = "def inference(*v):\n    with t.inference_mode(): return C(*v)\n"

INFERENCE = programs("""
# what is made, and what was
x = L(1.0, 2.0)
with t.inference_mode():
    y, z, v, d, c = x * 2, t.ones(2), x[0], x.detach(), x.clone()
    made = [y, z, z[0], c, x.sum(), t.zeros_like(x), z.view(2, 1), x.exp(), t.stack([x, x]), t.tensor(1.0)]
    others = [x, v, d, x.data, x.view(2, 1)]
    mode = t.is_grad_enabled(), t.is_inference_mode_enabled(), y.requires_grad
r = [a.is_inference() for a in made], [a.is_inference() for a in others], mode, t.is_inference(y)

# outside again
z = inference(1.0, 2.0); made = z[0], z.detach(), z.data, z.view(2, 1), z.contiguous(), z * 1, z.clone(), t.ones_like(z)
r = [a.is_inference() for a in made]

# saved for the other operand
L(1.0, 2.0) * inference(1.0, 2.0)

# saved for the other operand, first
inference(1.0, 2.0) * L(1.0, 2.0)

# a view of one is saved
L(1.0) * inference(1.0, 2.0)[:1]

# not saved
x = L(1.0, 2.0); y = inference(1.0, 2.0) + x - inference(3.0, 4.0); y.sum().backward(); r = y, x.grad

# saved by nobody under no_grad
with t.no_grad(): r = L(1.0, 2.0) * inference(3.0, 4.0)

# saved by a Function
class F(autograd.Function):
    @staticmethod
    def forward(ctx, x, y): ctx.save_for_backward(y); return x * 2
    @staticmethod
    def backward(ctx, g): return g, None
F.apply(L(1.0), inference(1.0))

# a clone may be used
x = L(1.0, 2.0); (x * inference(3.0, 4.0).clone()).sum().backward(); r = x.grad

# requires_grad outside
inference(1.0).requires_grad_()

# requires_grad=False outside
r = inference(1.0).requires_grad_(False)

# requires_grad set outside
z = inference(1.0); z.requires_grad = True

# requires_grad inside
with t.inference_mode(): z = C(1.0).requires_grad_()
r = z, z.is_inference(), z.is_leaf

# a parameter of one
t.nn.Parameter(inference(1.0))

# written to outside
inference(1.0).add_(1)

# written to under no_grad
with t.no_grad(): inference(1.0).add_(1)

# an element set outside
z = inference(1.0); z[0] = 2.0

# a view written to outside
inference(1.0)[0].add_(1)

# given as out=
t.add(C(1.0), 1, out=inference(1.0))

# zeroed
inference(1.0).zero_()

# written to inside
z = inference(1.0)
with t.inference_mode(): z.add_(1)
r = z

# copied from
x = L(1.0, 2.0) * 1; x.copy_(inference(3.0, 4.0)); r = x

# an ordinary leaf written to inside
x = L(1.0)
with t.inference_mode(): x.add_(1)
r = x, x._version

# an ordinary tensor written to inside is stale
y = L(1.0, 2.0) * 1; z = y * y
with t.inference_mode(): y.add_(1)
z.sum().backward()

# no version
inference(1.0)._version

# nesting
r = []
def note(): r.append((t.is_grad_enabled(), t.is_inference_mode_enabled(), (L(1.0) * 2).requires_grad))
with t.inference_mode():
    note()
    with t.enable_grad(): note()
    with t.inference_mode(False):
        note()
        with t.no_grad(): note()
        with t.inference_mode(): note()
    note(); t.set_grad_enabled(True); note()
note()
with t.no_grad():
    with t.inference_mode(False): note()
    note()
note()

# decorators
i = t.inference_mode
@i
def a(): return t.is_inference_mode_enabled()
@i()
def b(): return t.is_inference_mode_enabled()
@i(False)
def c(): return t.is_inference_mode_enabled()
@i(mode=True)
def d(): return t.is_inference_mode_enabled()
r = a(), b(), c(), d(), a.__name__

# backward inside
x = L(2.0); y = x * x
with t.inference_mode(): y.backward()
r = x.grad, x.grad.is_inference()

# as .grad
x = L(2.0); x.grad = inference(1.0); (x * x).backward()

# as seed
x = L(2.0); (x * x).backward(inference(3.0)); r = x.grad, x.grad.is_inference()

# copied and turned into an array
import copy
z = inference(1.0); r = copy.deepcopy(z).is_inference(), t.from_numpy(z.numpy()).is_inference()
""")

ANOMALY = programs("""
# a nan
x = t.tensor(0.0, requires_grad=True)
with autograd.detect_anomaly(): y = (x * 0) / x; y.backward()

# a nan that is not looked for
x = t.tensor(0.0, requires_grad=True)
with autograd.detect_anomaly(check_nan=False): y = (x * 0) / x; y.backward()
r = x.grad

# a nan in the seed
x = L(1.0)
with autograd.detect_anomaly(): (x * 1).backward(C(float("nan")))

# a nan under create_graph
x = L(-1.0)
with autograd.detect_anomaly(): autograd.grad(x.sqrt(), x, create_graph=True)

# no nan
x = L(2.0)
with autograd.detect_anomaly(): g, = autograd.grad(x * x * x, x, create_graph=True); g.backward()
r = x.grad

# flags
r = [(t.is_anomaly_enabled(), t.is_anomaly_check_nan_enabled())]
with autograd.set_detect_anomaly(True): r.append((t.is_anomaly_enabled(), t.is_anomaly_check_nan_enabled()))
autograd.set_detect_anomaly(True, check_nan=False)
r.append((t.is_anomaly_enabled(), t.is_anomaly_check_nan_enabled())); autograd.set_detect_anomaly(False)
r.append((t.is_anomaly_enabled(), t.is_anomaly_check_nan_enabled()))
with t.no_grad(), autograd.set_detect_anomaly(True): r.append((t.is_grad_enabled(), (L(1.0) * 2).requires_grad))

# it is no decorator
@autograd.detect_anomaly()
def f(): pass
""")

COPIES = programs("""
# deepcopy of a leaf
x = L(1.0, 2.0); x.grad = C(3.0, 4.0); x.mine = [1]; x.register_hook(print); y = deepcopy(x)
r = y, y.grad, y.mine, y.mine is x.mine, y.is_leaf, y.grad is x.grad; y[0].detach().zero_(); r = r, x

# deepcopy of a result
deepcopy(L(1.0) * 2)

# deepcopy of views
a = t.ones(2, 3); b, c, d, e = deepcopy([a, a[0], a.t(), a[:, ::2]]); b[0, 0] = 7.0
r = b, c, d, e, c.stride(), d.stride(), e.stride(), b._is_view(), c._is_view()

# deepcopy of an alias
a = L(1.0, 2.0); b, c = deepcopy([a, a.detach()]); c[0] = 7.0; r = a, b, c

# deepcopy of a transposed, an expanded and an empty tensor
r = [deepcopy(x) for x in (t.ones(2, 3).t(), C(1.0).expand(4), t.ones(0, 3))]; r = r, [x.stride() for x in r]

# deepcopy of one tensor twice
x = L(1.0); y, z = deepcopy([x, x]); r = y is z, y is x

# deepcopy of a view of a constant
x = t.arange(10.0); r = deepcopy(x[3:5]), deepcopy(x[3:5]).is_leaf

# deepcopy of a parameter
p = t.nn.Parameter(t.ones(3)); p.grad = t.ones(3); q = deepcopy(p); r = type(q).__name__, q, q.grad, q is p

# a parameter and its data
p = t.nn.Parameter(t.ones(3)); q, v = deepcopy((p, p.data)); v[0] = 9.0; r = p, q

# copy of a leaf
x = L(1.0, 2.0); x.grad = C(3.0, 4.0); x.mine = [1]; y = copy(x); (y * 2).sum().backward()
r = y, y.grad, x.grad, y.mine is x.mine, y.is_leaf; y.data[0] = 5.0; r = r, x

# copy of a leaf with hooks
x = L(1.0, 2.0); x.register_hook(lambda g: g * 5); y = copy(x); (y * 2).sum().backward(); r = y.grad

# copy of a result
x = L(1.0) * 2; y = copy(x); r = y, y.is_leaf, y.grad_fn

# copy of a parameter
p = t.nn.Parameter(t.ones(2)); p.grad = t.ones(2); q = copy(p); r = type(q).__name__, q, q.grad

# pickle of a leaf
x = L(1.0, 2.0); x.grad = C(3.0, 4.0); x.mine = [1]; y = loads(dumps(x)); r = y, y.grad, y.mine, y.is_leaf

# pickle of a result
r = loads(dumps(L(1.0) * 2))

# pickle of a leaf with hooks
x = L(1.0, 2.0); x.register_hook(lambda g: g); r = loads(dumps(x))

# pickle of a parameter
p = t.nn.Parameter(t.ones(2)); p.grad = t.ones(2); p.mine = 1; q = loads(dumps(p))
r = type(q).__name__, q, q.grad, q.mine

# pickle of what is not contiguous
r = [loads(dumps(x)) for x in (t.ones(2, 3).t(), t.arange(6.0)[::2], t.ones(0, 2), t.tensor(3))]
r = r, [x.stride() for x in r]

# weak references
import weakref
x = L(1.0); ref = weakref.ref(x); r = ref() is x; del x; r = r, ref()

# a subclass
class Sub(t.Tensor): pass
s = C(1.0, 2.0).as_subclass(Sub); s.mine = 1; c = copy(s)
r = type(s).__name__, type(c).__name__, c.mine, s, isinstance(s, t.Tensor)

# a subclass of a leaf stays in the graph
class Sub(t.Tensor): pass
x = L(1.0, 2.0); (x.as_subclass(Sub) * 3).sum().backward(); r = x.grad

# construction of a subclass
class Sub(t.Tensor): pass
r = Sub([1, 2]), type(Sub([1, 2])).__name__
""")
COPYING = "from copy import copy, deepcopy\nfrom pickle import dumps, loads\n"


@pytest.mark.parametrize("program", MODES)
def test_modes(program):
    check(program)


@pytest.mark.parametrize("program", INFERENCE)
def test_inference_mode(program):
    check(HEAD + program)


@pytest.mark.parametrize("program", ANOMALY)
def test_anomaly(program):
    check(program, warnings=False)


@pytest.mark.parametrize("program", COPIES)
def test_copies(program):
    check(COPYING + program)
