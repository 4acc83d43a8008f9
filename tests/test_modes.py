"""no_grad and its kin, inference mode: where they hold, and where they do not."""

import asyncio
import threading
import warnings

import pytest

import microgradnp as mg
from microgradnp import autograd


def leaf(*values, **options):
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True, **options)


def values(tensor):
    return tensor.detach().tolist()


def test_modes_nest_and_are_restored_by_an_exception():
    x = leaf(1.0)
    with pytest.raises(ZeroDivisionError), mg.no_grad():
        assert not (x * 2).requires_grad
        with mg.enable_grad():
            assert (x * 2).requires_grad
        raise ZeroDivisionError
    assert mg.is_grad_enabled()
    assert (x * 2).requires_grad


def test_modes_as_decorators_hold_for_each_call():
    @mg.no_grad()
    def recursive(n):
        return mg.is_grad_enabled() if n == 0 else recursive(n - 1)

    assert recursive(3) is False
    assert mg.is_grad_enabled()


def test_set_grad_enabled_switches_at_once_and_as_a_block():
    mg.set_grad_enabled(False)
    assert not mg.is_grad_enabled()
    mg.set_grad_enabled(True)
    with mg.set_grad_enabled(False):
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


def test_no_grad_in_one_thread_does_not_reach_another():
    inside, checked = threading.Event(), threading.Event()

    def other():
        with mg.no_grad():
            inside.set()
            checked.wait(5)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(5)
    enabled = mg.is_grad_enabled()
    checked.set()
    thread.join()
    assert enabled


def test_no_grad_in_one_task_does_not_reach_another():
    async def without(log):
        with mg.no_grad():
            await asyncio.sleep(0)
            log.append(mg.is_grad_enabled())

    async def main():
        log = []
        task = asyncio.create_task(without(log))
        await asyncio.sleep(0)
        log.append(mg.is_grad_enabled())
        await task
        return log

    assert asyncio.run(main()) == [True, False]


def test_a_decorated_generator_runs_in_its_mode_and_its_caller_does_not():
    @mg.no_grad()
    def generator():
        received = yield mg.is_grad_enabled()
        yield received, mg.is_grad_enabled()

    source = generator()
    assert next(source) is False
    assert mg.is_grad_enabled()
    assert source.send("x") == ("x", False)


# Coroutines, generators, classes


def test_a_decorated_coroutine_runs_in_its_mode_and_others_do_not():
    @mg.no_grad()
    async def inside():
        first = mg.is_grad_enabled()
        await asyncio.sleep(0)
        return first, mg.is_grad_enabled()

    async def beside():
        await asyncio.sleep(0)
        return mg.is_grad_enabled()

    async def main():
        return [*await asyncio.gather(inside(), beside()), await inside(), mg.is_grad_enabled()]

    assert asyncio.run(main()) == [(False, False), True, (False, False), True]


def test_a_decorated_asynchronous_generator():
    @mg.no_grad
    async def inside():
        received = yield mg.is_grad_enabled()
        try:
            yield received, mg.is_grad_enabled()
        except ValueError:
            yield "caught", mg.is_grad_enabled()

    async def main():
        source = inside()
        found = [await source.asend(None), mg.is_grad_enabled(), await source.asend("x"), mg.is_grad_enabled()]
        found.append(await source.athrow(ValueError()))
        await source.aclose()
        return [*found, mg.is_grad_enabled(), [value async for value in inside()][:1]]

    assert asyncio.run(main()) == [False, True, ("x", False), True, ("caught", False), True, [False]]


def test_a_generator_that_is_closed_early_is_closed_in_its_mode():
    seen = []

    @mg.no_grad()
    def inside():
        try:
            yield
        finally:
            seen.append(mg.is_grad_enabled())

    source = inside()
    next(source)
    source.close()
    assert seen == [False]
    assert mg.is_grad_enabled()


def test_only_functions_can_be_decorated():
    for decorator in (mg.no_grad, mg.no_grad(), mg.inference_mode):
        with pytest.raises(TypeError, match="decorates functions"):
            decorator(3)


def test_one_manager_may_be_entered_twice():
    manager = mg.no_grad()
    with manager:
        with manager:
            pass
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()


def test_modes_of_different_kinds_leave_one_another_alone():
    with mg.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with autograd.detect_anomaly():
            assert mg.is_inference_mode_enabled() and mg.is_anomaly_enabled() and not mg.is_grad_enabled()
            mg.set_grad_enabled(True)
        assert mg.is_grad_enabled() and not mg.is_anomaly_enabled()
        assert not (leaf(1.0) * 2).requires_grad
    assert not mg.is_inference_mode_enabled()


# Inference mode


def test_inference_mode_in_one_thread_does_not_reach_another():
    results = []

    def work():
        results.append((mg.is_inference_mode_enabled(), mg.ones(1).is_inference(), (leaf(1.0) * 2).requires_grad))

    with mg.inference_mode():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert results == [(False, False, True)]


def test_an_inference_tensor_is_refused_with_a_way_out_and_unharmed():
    with mg.inference_mode():
        x = mg.ones(2, dtype=mg.float64)
    for use in (lambda: x * leaf(1.0), lambda: x.add_(1), lambda: x.requires_grad_(), lambda: x[:1].zero_()):
        with pytest.raises(RuntimeError, match=r"\.clone\(\)"):
            use()
    assert values(x) == [1.0, 1.0] and not x.requires_grad


def test_a_model_runs_in_inference_mode():
    model = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.ReLU())
    with mg.inference_mode():
        y = model(mg.ones(1, 2))
    assert y.is_inference() and not y.requires_grad
    (model(mg.ones(1, 2)) + y).sum().backward()
    assert model[0].weight.grad is not None
