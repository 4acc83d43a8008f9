"""``autograd.Function`` is PyTorch's. Skipped where it is not installed."""

import pytest
from parity import CUSTOM, check, programs

FUNCTIONS = programs("""
# first to third derivatives
x = L(2.0); y = Cube.apply(x); a, = autograd.grad(y, x, create_graph=True)
b, = autograd.grad(a, x, create_graph=True); r = y, a, b, autograd.grad(b, x)

# a saved output
x = L(2.0); y = Exp.apply(x); a, = autograd.grad(y, x, create_graph=True)
r = a, autograd.grad(a, x, retain_graph=True), autograd.grad(a, y)

# setup_context, with a default
x = L(2.0); Scale.apply(x).backward(); r = x.grad

# setup_context, with a keyword
x = L(2.0); Scale.apply(x, k=5).backward(); r = x.grad

# keywords of an old-style forward
x = L(2.0); y = fn(lambda ctx, x, k=3: x * k, lambda ctx, g: (g * 7, None)).apply(x, k=4); y.backward(); r = y, x.grad

# attributes of ctx are those of grad_fn
y = Scale.apply(L(2.0)); r = y.grad_fn.k, tuple(y.grad_fn.shape), y.grad_fn.name(), y.grad_fn.metadata

# ctx in forward and backward
r = []
def forward(ctx, x): ctx.a = 1; r.append((t.is_grad_enabled(), x.requires_grad, (x * 2).requires_grad)); return x * 2
def backward(ctx, g): r.append((ctx.a, t.is_grad_enabled(), g.requires_grad)); ctx.b = 2; return g
y = fn(forward, backward).apply(L(1.0)); y.backward(); r.append(y.grad_fn.b)

# backward under create_graph
r = []
def backward(ctx, g): r.append((t.is_grad_enabled(), g)); return g
x = L(1.0); autograd.grad(fn(double, backward).apply(x), x, create_graph=True)

# needs_input_grad
r = []
def forward(ctx, *args): r.append(ctx.needs_input_grad); return args[0] * 2
f = fn(forward, lambda ctx, g: g); f.apply(L(1.0), 3, C(1.0)); f.apply(C(1.0))
with t.no_grad(): f.apply(L(1.0), 3, C(1.0))

# a second backward
y = Cube.apply(L(2.0)); y.backward(); y.backward()

# a second backward with retain_graph
x = L(2.0); y = Cube.apply(x); y.backward(retain_graph=True); y.backward(); r = x.grad

# saved tensors after they were freed
y = Cube.apply(L(2.0)); y.backward(); y.grad_fn.saved_tensors

# saved tensors before
y = Cube.apply(L(2.0)); r = y.grad_fn.saved_tensors, y.grad_fn.needs_input_grad

# a saved tensor that was changed
x = L(2.0) * 1; y = Cube.apply(x); x.add_(1); y.backward()

# a saved tensor that was changed through a view
x = L(2.0, 3.0) * 1; y = Cube.apply(x); x[:1].add_(1); y.sum().backward()

# a saved output that was changed
y = Exp.apply(L(2.0)); y.add_(1); y.backward()

# a changed tensor that is never read
x = L(2.0) * 1
def forward(ctx, x): ctx.save_for_backward(x); return x * 2
y = fn(forward, lambda ctx, g: g).apply(x); x.add_(1); y.backward(); r = x

# saved None and nothing
r = []
def forward(ctx, x): ctx.save_for_backward(None); return x * 2
fn(forward, lambda ctx, g: r.append(ctx.saved_tensors)).apply(L(1.0)).backward()
fn(double, lambda ctx, g: r.append(ctx.saved_tensors)).apply(L(1.0)).backward()

# a number cannot be saved
fn(lambda ctx, x: ctx.save_for_backward(3), lambda ctx, g: g).apply(L(1.0))

# no backward
fn(double).apply(L(1.0)).backward()

# no forward
type("Fn", (autograd.Function,), {}).apply(L(1.0))

# too few gradients
fn(lambda ctx, x, y: x * 2, lambda ctx, g: g).apply(L(1.0), L(1.0)).backward()

# too many gradients
fn(double, lambda ctx, g: (g, g)).apply(L(1.0)).backward()

# too many gradients that are None
x = L(1.0); fn(double, lambda ctx, g: (g, None, None)).apply(x).backward(); r = x.grad

# a list of gradients
fn(double, lambda ctx, g: [g]).apply(L(1.0)).backward()

# a number as gradient
fn(double, lambda ctx, g: 3).apply(L(1.0)).backward()

# a gradient for a number
fn(lambda ctx, x, k: x * k, lambda ctx, g: (g, g)).apply(L(1.0), 3).backward()

# a gradient for a constant is ignored
x = L(1.0); fn(lambda ctx, x, c: x * 2, lambda ctx, g: (g, g)).apply(x, C(1.0, 2.0, 3.0)).backward(); r = x.grad

# None stops there
x = L(1.0); fn(double, lambda ctx, g: None).apply(x * 3).backward(); r = x.grad

# None for grad is unused
x = L(1.0); autograd.grad(fn(double, lambda ctx, g: None).apply(x), x)

# None for grad, allowed
x = L(1.0); r = autograd.grad(fn(double, lambda ctx, g: None).apply(x), x, allow_unused=True)

# a gradient of a wrong shape
fn(double, lambda ctx, g: C(1.0, 2.0, 3.0)).apply(L(1.0, 2.0)).sum().backward()

# a gradient of a smaller shape
fn(double, lambda ctx, g: C(1.0)).apply(L(1.0, 2.0)).sum().backward()

# a gradient of a larger shape is summed
x = L(1.0, 2.0); fn(double, lambda ctx, g: t.ones(3, 2, dtype=t.float64)).apply(x).sum().backward(); r = x.grad

# a gradient of a larger size is summed
x = L(1.0); fn(double, lambda ctx, g: C(1.0, 2.0)).apply(x).sum().backward(); r = x.grad

# a gradient of another dtype
x = L(1.0, 2.0); fn(double, lambda ctx, g: g.float()).apply(x).sum().backward(); r = x.grad

# an integer gradient
x = L(1.0, 2.0); fn(double, lambda ctx, g: g.long()).apply(x).sum().backward(); r = x.grad

# several results
r = []; x = L(1.0, 2.0)
a, b = fn(lambda ctx, x: (x * 2, x * 3), lambda ctx, *g: (r.append(g), g[0])[1]).apply(x); a.sum().backward()
r += [x.grad, a.grad_fn is b.grad_fn, a.output_nr, b.output_nr]

# several results without materializing
r = []; x = L(1.0, 2.0)
def forward(ctx, x): ctx.set_materialize_grads(False); return x * 2, x * 3
a, b = fn(forward, lambda ctx, *g: (r.append(g), g[1])[1]).apply(x); b.sum().backward(); r.append(x.grad)

# several results, several orders
x, y = L(2.0), L(3.0)
def forward(ctx, x, y): ctx.save_for_backward(x, y); return x * y, x * x
def backward(ctx, g, h): x, y = ctx.saved_tensors; return g * y + h * 2 * x, g * x
a, b = fn(forward, backward).apply(x, y); g = autograd.grad(a * a * b, [x, y], create_graph=True)
r = g, autograd.grad(g[0] + g[1], [x, y])

# only one of several inputs is asked for
x, y = L(2.0), L(3.0); z = fn(lambda ctx, x, y: x * y, lambda ctx, g: (g * 10, g * 100)).apply(x, y)
r = autograd.grad(z, y), x.grad

# results of other kinds
r = []; x = L(1.0, 2.0)
def forward(ctx, x):
    y = x * 3
    ctx.mark_non_differentiable(y)
    return x * 2, x > 1, y, "text", None, x.long()
out = fn(forward, lambda ctx, *g: (r.append(g), g[0])[1]).apply(x); out[0].sum().backward(); r += [out, x.grad]

# a list is no tuple
r = fn(lambda ctx, x: [x * 2], lambda ctx, g: g).apply(L(1.0))

# a dict
r = fn(lambda ctx, x: {"a": x * 2}, lambda ctx, g: g).apply(L(1.0))

# None
r = fn(lambda ctx, x: None, lambda ctx, g: g).apply(L(1.0))

# nothing
r = fn(lambda ctx, x: (), lambda ctx, g: g).apply(L(1.0))

# no arguments
r = fn(lambda ctx: t.ones(2), lambda ctx, g: None).apply()

# tensors in a list are not seen
r = fn(lambda ctx, xs: xs[0] * 2, lambda ctx, g: g).apply([L(1.0)])

# an input that is returned
x = L(1.0, 2.0); y = fn(lambda ctx, x: x, lambda ctx, g: g * 5).apply(x); y.sum().backward()
r = y is x, y, y._is_view(), x.grad

# an input that is returned is not to be written to
x = L(1.0, 2.0) * 1; y = fn(lambda ctx, x: x, lambda ctx, g: g * 5).apply(x); y.mul_(2)

# an input that is returned, and then written to
x = L(1.0, 2.0) * 1; y = fn(lambda ctx, x: x, lambda ctx, g: g * 5).apply(x); x.mul_(2); y.sum().backward()

# an input that is returned, printed after it was written to
x = L(1.0, 2.0) * 1; y = fn(lambda ctx, x: x, lambda ctx, g: g * 5).apply(x); x.mul_(2); r = "Invalid" in repr(y)

# a view of an input that is returned
x = L(1.0, 2.0) * 1; y = fn(lambda ctx, x: x[0], lambda ctx, g: t.stack([g, g]) * 5).apply(x); y.sum().backward(); r = y

# a view of an input is not to be written to
x = L(1.0, 2.0) * 1; y = fn(lambda ctx, x: x[0], lambda ctx, g: t.stack([g, g]) * 5).apply(x); y.mul_(2)

# an input that is returned without gradient
x = C(1.0, 2.0); y = fn(lambda ctx, x: x, lambda ctx, g: g * 5).apply(x); y.mul_(2); r = y is x, x, y

# an input that is returned under no_grad
x = L(1.0, 2.0)
with t.no_grad(): y = fn(lambda ctx, x: x, lambda ctx, g: g * 5).apply(x)
r = y is x, y, x

# an input that is returned as not differentiable
x = L(1.0, 2.0)
def forward(ctx, x): ctx.mark_non_differentiable(x); return x
y = fn(forward, lambda ctx, g: g).apply(x); r = y is x, y, x

# one result twice
r = []
def forward(ctx, x): y = x * 2; return y, y
a, b = fn(forward, lambda ctx, g, h: (r.append((g, h)), g + h)[1]).apply(L(1.0)); a.backward(); r.append(a is b)

# one input twice
r = []; a, b = fn(lambda ctx, x: (x, x), lambda ctx, g, h: (r.append((g, h)), g + h)[1]).apply(L(1.0)); a.backward()

# an input that is given twice
x = L(2.0); fn(lambda ctx, x, y: x * y, lambda ctx, g: (g * 3, g * 4)).apply(x, x).backward(); r = x.grad

# a graph of its own inside forward
w = L(3.0)
def forward(ctx, x):
    with t.enable_grad(): return x * w
y = fn(forward, lambda ctx, g: g * 7).apply(L(1.0)); y.backward(); r = y, w.grad

# a backward pass inside backward
def backward(ctx, g):
    with t.enable_grad():
        z = C(2.0).requires_grad_(); (z * z).backward()
    return g * z.grad
x = L(1.0); fn(double, backward).apply(x).backward(); r = x.grad

# dirty
x = L(1.0, 2.0) * 1
def forward(ctx, x): x.mul_(3); ctx.mark_dirty(x); return x
y = fn(forward, lambda ctx, g: g * 5).apply(x); r = y is x, x, autograd.grad(x.sum(), y)

# dirty reaches the leaf
w = L(1.0, 2.0); x = w * 1
def forward(ctx, x): x.mul_(3); ctx.mark_dirty(x); return x
fn(forward, lambda ctx, g: g * 5).apply(x); (x * x).sum().backward(); r = w.grad

# dirty makes others stale
w = L(1.0, 2.0); x = w * 1; z = x * x
def forward(ctx, x): x.mul_(3); ctx.mark_dirty(x); return x
fn(forward, lambda ctx, g: g * 5).apply(x); z.sum().backward()

# dirty and saved
w = L(1.0, 2.0); x = w * 1
def forward(ctx, x): x.exp_(); ctx.mark_dirty(x); ctx.save_for_backward(x); return x
fn(forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(x); g, = autograd.grad(x.sum(), w, create_graph=True)
r = g, autograd.grad(g.sum(), w)

# a dirty leaf
def forward(ctx, x): x.mul_(3); ctx.mark_dirty(x); return x
fn(forward, lambda ctx, g: g * 5).apply(L(1.0, 2.0))

# a dirty view of a leaf
def forward(ctx, x): x.mul_(3); ctx.mark_dirty(x); return x
fn(forward, lambda ctx, g: g * 5).apply(L(1.0, 2.0)[:1])

# dirty but not returned
def forward(ctx, x): x.mul_(3); ctx.mark_dirty(x); return x * 1
fn(forward, lambda ctx, g: g * 5).apply(L(1.0, 2.0) * 1)

# dirty beside another result
x, y = L(1.0, 2.0) * 1, L(3.0, 4.0)
def forward(ctx, x, y): x.mul_(y); ctx.mark_dirty(x); return x, y * 2
a, b = fn(forward, lambda ctx, g, h: (g * 5, h)).apply(x, y); (a + b).sum().backward(); r = a is x, x, y.grad

# a dirty view
b = L(1.0, 2.0); c = b * 1; x = c[:1]
def forward(ctx, x): x.mul_(3); ctx.mark_dirty(x); return x
y = fn(forward, lambda ctx, g: g * 5).apply(x); c.sum().backward(); r = y is x, x, c, b.grad

# a dirty view beside another result
c = L(1.0, 2.0) * 1; x = c[:1]
def forward(ctx, x): x.mul_(3); ctx.mark_dirty(x); return x, x * 1
fn(forward, lambda ctx, g, h: g).apply(x)

# a dirty view of a constant
c = C(1.0, 2.0); x = c[:1]; z = L(3.0)
def forward(ctx, x, z): x.mul_(z.item()); ctx.mark_dirty(x); return x
y = fn(forward, lambda ctx, g: (None, g * 5)).apply(x, z); c.sum().backward(); r = y is x, x, c, z.grad

# a dirty constant
x = C(1.0, 2.0)
def forward(ctx, x): x.mul_(2); ctx.mark_dirty(x); return x
y = fn(forward, lambda ctx, g: g).apply(x); r = y is x, x

# dirty but no input
def forward(ctx, x): y = x * 2; ctx.mark_dirty(y); return y
r = fn(forward, lambda ctx, g: g).apply(L(1.0))

# numbers are not dirty
fn(lambda ctx, x: ctx.mark_dirty(3), lambda ctx, g: g).apply(L(1.0))

# numbers are not marked
fn(lambda ctx, x: ctx.mark_non_differentiable(3), lambda ctx, g: g).apply(L(1.0))

# vjp is backward
body = {"forward": staticmethod(double), "vjp": staticmethod(lambda ctx, g: g * 7)}
x = L(1.0); f = type("F", (autograd.Function,), body); f.apply(x).backward(); r = x.grad

# vjp beside backward
f = type("F", (autograd.Function,), {name: staticmethod(lambda ctx, g: g) for name in ("forward", "vjp", "backward")})
f.apply(L(1.0)).backward()

# jvp is not written
autograd.Function.jvp(None)

# vmap is not written
autograd.Function.vmap(None, None)

# an instance
Cube()(L(1.0))

# once differentiable, once
from importlib import import_module
once = import_module(autograd.__name__ + ".function").once_differentiable
x = L(2.0); r = autograd.grad(fn(double, once(lambda ctx, g: g * x.detach())).apply(x), x)

# once differentiable, twice
once = autograd.function.once_differentiable
x = L(2.0); g, = autograd.grad(fn(double, once(lambda ctx, g: g * 3)).apply(x), x, L(1.0), create_graph=True)
autograd.grad(g, x)
""")


@pytest.mark.parametrize("program", FUNCTIONS)
def test_function(program):
    check(CUSTOM + program)
