"""Settings that programs make, beside PyTorch's; and that what cannot be set is refused."""

import pytest
from parity import check, programs

import microgradnp as mg


@pytest.mark.parametrize(
    "source",
    programs("""
# deterministic
try:
    r = [t.are_deterministic_algorithms_enabled()]
    t.use_deterministic_algorithms(True, warn_only=True)
    r += [t.are_deterministic_algorithms_enabled()]
finally:
    t.use_deterministic_algorithms(False)
r += [t.are_deterministic_algorithms_enabled()]

t.use_deterministic_algorithms(1)

t.use_deterministic_algorithms(True, warn_only="no")

t.set_num_threads(0)

t.set_num_threads(1.0)

t.set_num_threads(True)

t.set_num_threads(-1)

# the precision of products
r = [t.get_float32_matmul_precision()]
t.set_float32_matmul_precision("high")
r += [t.get_float32_matmul_precision()]
t.set_float32_matmul_precision("highest")

# the default device
t.set_default_device("cpu")
t.set_default_device(t.device("cpu"))
t.set_default_device(None)
r = str(t.get_default_device()), str(t.ones(1).device)

r = t.get_device(t.ones(1)), t.ones(1).get_device()

x = L(1.0, 2.0)
r = t.detach(x * 2), t.detach(x).is_leaf

t.detach(3)

t.get_device([1])
"""),
)
def test_settings(source: str) -> None:
    check(source)


def test_detached_memory_is_shared() -> None:
    x = mg.ones(2)
    mg.detach(x)[0] = 3
    assert x.tolist() == [3, 1]


def test_threads_of_blas_are_set() -> None:
    from threadpoolctl import threadpool_info

    def threads() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    before = mg.get_num_threads()
    try:
        for num in (1, 2, 1):
            mg.set_num_threads(num)
            assert mg.get_num_threads() == num
            assert threads() == {num}
    finally:
        mg.set_num_threads(before)


def test_threads_of_a_blas_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("microgradnp.settings._blas", list)
    mg.set_num_threads(1)
    assert mg.get_num_threads() == 1
    with pytest.raises(RuntimeError, match="in the environment"):
        mg.set_num_threads(2)


def test_other_devices_are_refused() -> None:
    with pytest.raises(RuntimeError, match="'cuda' is not there"):
        mg.set_default_device("cuda")
