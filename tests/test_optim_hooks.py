"""Hooks around the steps of optimizers, and around saving and loading their state."""

import copy

import pytest

import microgradnp as mg
from microgradnp import optim
from microgradnp.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook


@pytest.fixture
def optimizer():
    p = mg.ones(1, requires_grad=True)
    p.grad = mg.ones(1)
    return optim.Adam([p], lr=0.1)


def test_the_order_of_hooks_and_their_removal(optimizer):
    seen = []

    def note(name):
        return lambda which, args, kwargs: seen.append((name, which is optimizer, args, kwargs))

    handles = [
        register_optimizer_step_pre_hook(note("before any")),
        optimizer.register_step_pre_hook(note("before")),
        register_optimizer_step_post_hook(note("after any")),
        optimizer.register_step_post_hook(note("after")),
    ]
    try:
        optimizer.step(closure=None)
        assert [name for name, *_ in seen] == ["before any", "before", "after", "after any"]
        assert all(rest == [True, (optimizer,), {"closure": None}] for _, *rest in seen)
        seen.clear()
        with handles[1]:
            pass
        optimizer.step()
        assert [name for name, *_ in seen] == ["before any", "after", "after any"]
    finally:
        for handle in handles:
            handle.remove()
    seen.clear()
    optimizer.step()
    assert seen == []


def test_a_hook_may_change_the_arguments(optimizer):
    called = []
    optimizer.register_step_pre_hook(lambda which, args, kwargs: ((which, lambda: called.append(1) or 5.0), kwargs))
    assert optimizer.step() == 5.0 and called == [1]
    optimizer.register_step_pre_hook(lambda which, args, kwargs: 3)
    with pytest.raises(RuntimeError, match=r"must return None or \(new_args, new_kwargs\), but returned 3"):
        optimizer.step()


def test_a_step_within_a_step_is_a_part_of_it():
    class Louder(optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    class Loudest(Louder):
        def step(self, closure=None):
            return super().step(closure)

    p, seen = mg.ones(1, requires_grad=True), []
    for kind, times in ((optim.SGD, 1), (Louder, 2), (Loudest, 3)):
        optimizer = kind([p], lr=0.1)
        optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
        optimizer.register_step_post_hook(lambda *_: seen.append("after"))
        optimizer.step()
        assert seen == ["before", "after"] * times


def test_hooks_around_the_state(optimizer):
    seen = []
    optimizer.step()
    optimizer.register_state_dict_pre_hook(lambda which: seen.append("before saving"))
    optimizer.register_state_dict_pre_hook(lambda which: seen.append("first of all"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda which, state: {**state, "version": 1})
    optimizer.register_state_dict_post_hook(lambda which, state: state.update(more=state["version"] + 1))
    saved = optimizer.state_dict()
    assert seen == ["first of all", "before saving"] and (saved["version"], saved["more"]) == (1, 2)

    def older(which, state):
        assert state is not saved
        state["param_groups"] = [{**state["param_groups"][0], "lr": 0.5}]

    optimizer.register_load_state_dict_pre_hook(older)
    optimizer.register_load_state_dict_pre_hook(lambda which, state: dict(state))
    optimizer.register_load_state_dict_post_hook(lambda which: seen.append(which.param_groups[0]["lr"]))
    optimizer.load_state_dict(saved)
    assert seen[2:] == [0.5] and saved["param_groups"][0]["lr"] == 0.1


def test_a_copy_has_no_hooks(optimizer):
    optimizer.register_step_pre_hook(lambda *_: pytest.fail("the hook of another"))
    copy.deepcopy(optimizer).step()


def test_hooks_do_not_leave_a_step_half_done(optimizer):
    """An error before the step leaves everything as it was; the error of a closure goes through."""
    p = optimizer.param_groups[0]["params"][0]
    with optimizer.register_step_pre_hook(lambda *_: 1 / 0), pytest.raises(ZeroDivisionError):
        optimizer.step()
    assert p.tolist() == [1.0] and not optimizer.state
    with pytest.raises(ZeroDivisionError):
        optimizer.step(lambda: 1 / 0)
    assert p.tolist() == [1.0]
