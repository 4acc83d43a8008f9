"""Hooks on tensors, nodes and saved tensors are PyTorch's. Skipped where it is not installed."""

import pytest
from parity import CUSTOM, check, programs

HOOKS = programs("""
# arguments of hooks on a node
r = []; y = L(1.0, 2.0) * C(3.0, 4.0)
y.grad_fn.register_prehook(lambda go: r.append(go)); y.grad_fn.register_hook(lambda gi, go: r.append((gi, go)))
y.sum().backward()

# an operand that is used twice
r = []; x = L(1.0, 2.0); y = x * x; y.grad_fn.register_hook(lambda gi, go: r.append((gi, go))); y.sum().backward()

# what is not asked for
r = []; x, z = L(1.0, 2.0), L(3.0, 4.0); y = x * z
y.grad_fn.register_hook(lambda gi, go: r.append((gi, go))); autograd.grad(y.sum(), x)

# a list of operands
r = []; x, z = L(1.0, 2.0), L(3.0); y = t.cat([x, x, z])
y.grad_fn.register_hook(lambda gi, go: r.append((gi, go))); y.sum().backward()

# under create_graph
r = []; x = L(1.0, 2.0); y = x * x
y.grad_fn.register_hook(lambda gi, go: (gi[0] * 2, gi[1] * 3)); g, = autograd.grad(y.sum(), x, create_graph=True)
r = g.detach(), autograd.grad(g.sum(), x)

# order
r = []; x = L(1.0, 2.0); y = x * 2; y.retain_grad(); y.register_hook(lambda g: r.append("first"))
y.grad_fn.register_prehook(lambda g: r.append("before")); y.grad_fn.register_hook(lambda a, b: r.append("after"))
y.register_hook(lambda g: (r.append("second"), g * 10)[1]); y.sum().backward(); r += [y.grad, x.grad]

# a node that only stands for an input does not run
r = []; y = L(1.0) * 2; y.register_hook(lambda g: r.append("tensor"))
y.grad_fn.register_prehook(lambda g: r.append("before")); y.grad_fn.register_hook(lambda a, b: r.append("after"))
autograd.grad(y.sum(), y)

# on a leaf
r = []; x = L(1.0, 2.0); y = x * 2; leaf = y.grad_fn.next_functions[0][0]
leaf.register_hook(lambda gi, go: r.append(("after", gi, go, x.grad)))
leaf.register_prehook(lambda go: r.append(("before", go)))
x.register_post_accumulate_grad_hook(lambda p: r.append(("accumulated", p is x, p.grad)))
x.register_hook(lambda g: r.append(("tensor", g))); y.sum().backward()

# a prehook on a leaf replaces
x = L(1.0, 2.0); y = x * 2; leaf = y.grad_fn.next_functions[0][0]; leaf.register_prehook(lambda go: (go[0] * 10,))
y.sum().backward(); r = x.grad

# a prehook replaces by None
x = L(1.0); y = x * 2; z = y * 2; z.grad_fn.register_prehook(lambda go: (None,)); z.backward(); r = x.grad

# a hook replaces by None
x, w = L(1.0), L(2.0); y = x * w; y.grad_fn.register_hook(lambda gi, go: (None, gi[1])); y.backward()
r = x.grad, w.grad

# removal during the run
r = []; x = L(1.0); handles = []
handles.append(x.register_hook(lambda g: (r.append(1), handles[1].remove())[0]))
handles.append(x.register_hook(lambda g: r.append(2))); (x * 2).backward(); (x * 2).backward()

# registration during the run
r = []; x = L(1.0); x.register_hook(lambda g: x.register_hook(lambda g: r.append("new")) and None); (x * 2).backward()
(x * 2).backward()

# removing twice
handle = L(1.0).register_hook(print); r = handle.remove(), handle.remove()

# a handle as context manager
r = []; x = L(1.0)
with x.register_hook(lambda g: r.append(1)): (x * 2).backward()
(x * 2).backward()

# a hook may write into its gradient
x, y = L(1.0), L(2.0); a, b = x * 1, y * 1; a.register_hook(lambda g: g.mul_(100)); (a + b).backward()
r = x.grad, y.grad

# before and after an in-place write
r = []; x = L(1.0); y = x * 2; y.register_hook(lambda g: r.append(("before", g))); y.retain_grad(); y.mul_(3)
y.register_hook(lambda g: r.append(("after", g))); y.sum().backward(); r += [y.grad, x.grad]

# a hook on a frozen leaf
r = []; x = L(1.0); x.register_hook(lambda g: r.append(g)); x.requires_grad_(False); x.requires_grad_()
(x * 2).backward()

# post accumulate on a result
(L(1.0) * 2).register_post_accumulate_grad_hook(print)

# post accumulate on a constant
C(1.0).register_post_accumulate_grad_hook(print)

# post accumulate may return a tensor
x = L(1.0); x.register_post_accumulate_grad_hook(lambda p: p.sub_(p.grad)); (x * 2).backward(); r = x

# but no number
x = L(1.0); x.register_post_accumulate_grad_hook(lambda p: 3); (x * 2).backward()

# post accumulate is not called by grad
r = []; x = L(1.0); x.register_post_accumulate_grad_hook(lambda p: r.append(1)); autograd.grad(x * 2, x)

# post accumulate with inputs
r = []; x = L(1.0); x.register_post_accumulate_grad_hook(lambda p: r.append(1)); (x * 2).backward(inputs=[x])

# post accumulate frees
x = L(1.0); x.register_post_accumulate_grad_hook(lambda p: setattr(p, "grad", None)); (x * 2).backward(); r = x.grad

# hooks of a Function
r = []; x = L(1.0, 2.0); a, b = fn(lambda ctx, x, k: (x * 2, x * 3), lambda ctx, g, h: (g, None)).apply(x, 2)
a.register_hook(lambda g: r.append(("a", g))); a.grad_fn.register_prehook(lambda gs: r.append(("before", gs)))
b.grad_fn.register_hook(lambda gi, go: r.append(("after", gi, go))); a.sum().backward()

# a prehook of a Function replaces
x = L(1.0, 2.0); a, b = fn(lambda ctx, x: (x * 2, x * 3), lambda ctx, g, h: g + h).apply(x)
a.grad_fn.register_prehook(lambda gs: (gs[0] * 10, gs[1] * 100)); (a + b).sum().backward(); r = x.grad

# a prehook of a Function cannot make a gradient of none
x = L(1.0, 2.0); a, b = fn(lambda ctx, x: (x * 2, x * 3), lambda ctx, g, h: g + h).apply(x)
a.grad_fn.register_prehook(lambda gs: (gs[0], C(1.0, 1.0))); a.sum().backward()

# a hook of a Function replaces
x, y = L(1.0), L(2.0); a = fn(lambda ctx, x, y: x * y, lambda ctx, g: (g, g)).apply(x, y)
a.grad_fn.register_hook(lambda gi, go: (gi[0] * 3, gi[1] * 5)); a.backward(); r = x.grad, y.grad

# several gradients, all
r = []; x, y = L(1.0), L(2.0); a = x * 2
handle = autograd.graph.register_multi_grad_hook((a, y), lambda gs: r.append(gs)); (a * y).sum().backward()
handle.remove(); (x * 2 * y).backward()

# several gradients, of which one is not reached
r = []; x, y = L(1.0), L(2.0); a = x * 2
autograd.graph.register_multi_grad_hook((a, y, x), lambda gs: r.append(gs)); a.sum().backward()

# several gradients, in several passes
r = []; x, y = L(1.0), L(2.0); autograd.graph.register_multi_grad_hook((x, y), lambda gs: r.append(gs))
(x * y).backward(); (x * 3).backward(); (x * y * y).backward()

# several gradients, any
r = []; x, y = L(1.0), L(2.0); a = x * 2
autograd.graph.register_multi_grad_hook((a, y), lambda g: r.append(g), mode="any"); (a * y).backward()
(x * y).backward()

# several gradients, another mode
autograd.graph.register_multi_grad_hook((L(1.0),), print, mode="x")

# saved tensors
r = []
def pack(x): r.append(("pack", x.detach())); return x.detach() * 2
def unpack(x): r.append("unpack"); return x
x = L(2.0)
with autograd.graph.saved_tensors_hooks(pack, unpack): y = x * x
y.backward(); r.append(x.grad)

# saved tensors that are kept elsewhere
kept = {}; x = L(2.0, 3.0)
def pack(x): kept[len(kept)] = x.detach().tolist(); return len(kept) - 1
with autograd.graph.saved_tensors_hooks(pack, lambda i: C(*kept[i])): y = x.exp() * x
y.sum().backward(retain_graph=True); y.sum().backward(); r = x.grad, len(kept)

# saved tensors under create_graph
x = L(2.0, 3.0)
with autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x): y = x * x * x
g, = autograd.grad(y.sum(), x, create_graph=True); r = g.detach(), autograd.grad(g.sum(), x)

# saved tensors of a Function
r = []; x = L(2.0, 3.0)
def pack(x): r.append(("pack", x.detach())); return x.detach() * 2
with autograd.graph.saved_tensors_hooks(pack, lambda x: x): y = Cube.apply(x); z = Exp.apply(x)
y.sum().backward(retain_graph=True); r.append(x.grad.clone()); (y + z).sum().backward(); r.append(x.grad)

# no hooks on saved tensors
with autograd.graph.disable_saved_tensors_hooks("not here"):
    with autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x): pass

# a constant has no hooks
C(1.0).register_hook(print)
""")

RETURNS = {
    "another dtype": "g.float()",
    "another shape": "C(1.0, 1.0, 1.0)",
    "a smaller shape": "C(1.0)",
    "a number": "3",
    "a tuple": "(g,)",
    "something recorded": "L(1.0, 1.0) * 2",
}
KINDS = {
    "leaf": "x.register_hook(lambda g: {})",
    "result": "y.register_hook(lambda g: {})",
    "prehook": "y.grad_fn.register_prehook(lambda gs: (lambda g: {})(*gs))",
    "prehook, tuple": "y.grad_fn.register_prehook(lambda gs: ((lambda g: {})(*gs),))",
    "hook": "y.grad_fn.register_hook(lambda gi, go: (lambda g: {})(gi[0]))",
    "hook, tuple": "y.grad_fn.register_hook(lambda gi, go: ((lambda g: {})(gi[0]), None))",
}


@pytest.mark.parametrize("program", HOOKS)
def test_hooks(program):
    check(CUSTOM + program)


@pytest.mark.parametrize("returned", RETURNS.values(), ids=RETURNS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_a_hook_returns(kind, returned):
    check(f"x = L(1.0, 2.0); y = x * 2\n{kind.format(returned)}\ny.sum().backward(); r = x.grad")
