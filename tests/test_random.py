"""microgradnp.random: torch's CPU generator, number for number.

Two oracles. Frozen numbers, recorded from torch 2.13 on x86-64 with AVX2, hold without torch. Where torch is installed
the same draws are compared with it directly, over sizes, dtypes and random sequences of calls.
"""

import copy
import importlib.util
import math
import pickle
import re
import subprocess
import sys
import threading
import zlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnp as mg
from microgradnp import random
from microgradnp.random import Generator

SIZES = [0, 1, 5, 15, 16, 17, 31, 32, 33, 100, 1000, 100003]
FLOATS = ["float16", "float32", "float64"]
SEEDS = st.integers(-(2**63), 2**64 - 1)
SEED = 20240229

# Where log, sine and cosine come in: one float16 ulp, a few float32 ulp, 1e-15, relative to 1 + |x|.
NORMAL_TOLERANCE = {"float16": 1e-3, "float32": 1e-6, "float64": 1e-15}


def seeded(seed=SEED):
    return Generator().manual_seed(seed)


def assert_close(actual, expected, tolerance):
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    np.testing.assert_array_less(np.abs(actual - expected), tolerance * (1 + np.abs(expected)) + 1e-300)


# ------------------------------------------------------------------------------------------------------- frozen numbers

P = np.array([0.1, 0.5, 0.2, 0.2])

NORMAL_FLOAT32 = np.fromstring(
    """
    -0.59122485 -0.25420055 0.3151329 0.1718173 -0.39580145 -1.5272849 1.4893241 0.8739325 0.7846632 1.3631858
    -0.4291267 1.5184405 0.038716152 -0.045374263 -0.44213384 -1.9243361 1.4304403
    """,
    sep=" ",
)
NORMAL_FLOAT64 = np.fromstring(
    """
    -0.5641169946786391 0.5955726499873573 -1.7625071218326842 2.884535431999485 -1.6056070087495395 2.272389577475285
    1.6707756341432978 2.044477217219103 -1.303843391727743 2.4031608360824053 4.552068714657422 -2.030756075279393
    -1.2577857968819754 1.1223183083881774 2.4903753710621377 2.524530273983099 0.17373310547934645
    """,
    sep=" ",
)
NORMAL_FLOAT16 = np.fromstring(
    """
    -0.5913 -0.03552 -0.2542 0.3152 0.1719 -0.3958 -1.527 1.489 0.874 -0.396 1.363 -0.4292 1.519 0.03873 -0.04538
    -0.4421 -1.925
    """,
    sep=" ",
)

# method, arguments, dtype (or None), torch's numbers, tolerance, torch.randint(0, 1000, ()) right after
FROZEN = [
    ("uniform", (4,), None, [0.64903116, 0.051892996, 0.7320794, 0.07782471], 0, 158),
    ("uniform", (3,), "float64", [0.1922496632708106, 0.856635259609343, 0.3648180796423355], 0, 890),
    ("uniform", (4,), "float16", [0.649, 0.05188, 0.732, 0.0778], 0, 158),
    (
        "uniform",
        (6, -0.37, 1.9),
        None,
        [1.1033007, -0.2522029, 1.2918202, -0.19333792, 0.01726699, -0.07111073],
        0,
        890,
    ),
    (
        "uniform",
        (4, -0.37, 1.9),
        "float64",
        [0.0664067356247401, 1.5745620393132085, 0.4581370407881015, 1.1184951088908144],
        0,
        636,
    ),
    ("uniform", (4, -0.37, 1.9), "float16", [1.104, -0.2522, 1.292, -0.1934], 0, 158),
    ("normal", (5,), None, [0.6995878, 1.8426349, -0.96449524, 1.0965292, -1.551012], 1e-7, 901),
    ("normal", (3, 0.3, 1.7), "float64", [1.4892992928261204, 3.432479346744133, -1.339641895602888], 1e-15, 636),
    (
        "normal",
        (17,),
        None,
        NORMAL_FLOAT32,
        1e-6,
        131,
    ),
    (
        "normal",
        (17, 0.3, 1.7),
        "float64",
        NORMAL_FLOAT64,
        1e-15,
        167,
    ),
    (
        "normal",
        (17,),
        "float16",
        NORMAL_FLOAT16,
        1e-3,
        989,
    ),
    ("integers", (-3, 7, 10), None, [1, 3, 5, 3, 5, 3, -3, 0, 3, -3], 0, 419),
    ("integers", (0, 2**28 - 1, 3), None, [262547184, 67979496, 163277213], 0, 906),
    ("integers", (0, 2**28, 3), "int32", [67979484, 152300626, 119649556], 0, 890),
    (
        "integers",
        (-(2**63), 2**63 - 1, 3),
        None,
        [1127631537866361052, 8771720759334923346, -3230298543316945644],
        0,
        890,
    ),
    ("integers", (0, 2, 8), "bool", [False, False, False, False, False, False, False, True], 0, 636),
    ("permutation", (10,), None, [4, 0, 8, 2, 3, 6, 1, 7, 5, 9], 0, 930),
    ("bernoulli", (0.4, 8), None, [1, 0, 1, 0, 0, 0, 0, 0], 0, 382),
    ("bernoulli", (np.full(8, 0.4, np.float32),), None, [0, 1, 0, 1, 1, 1, 0, 1], 0, 636),
    ("bernoulli", (np.full(8, 0.4),), None, [1, 0, 1, 0, 0, 0, 0, 0], 0, 382),
    ("exponential", (3, 2.5), None, [0.0854009, 0.7769453, 0.18153754], 1e-7, 890),
    ("exponential", (3, 2.5), "float64", [0.08540090296183482, 0.776945305584447, 0.18153753294691366], 1e-15, 890),
    ("multinomial", (P, 4), None, [0, 2, 1, 3], 0, 636),
    ("multinomial", (P, 8, True), None, [1, 3, 1, 2, 1, 2, 1, 1], 0, 382),
    (
        "log_normal",
        (4, 0.5, 0.7),
        None,
        [2.690458059310913, 5.988520622253418, 0.8393338918685913, 3.5522117614746094],
        1e-7,
        636,
    ),
    (
        "log_normal",
        (20, 0.5, 0.7),
        "float64",
        [
            2.690458091939593,
            5.9885208010263105,
            0.8393339125999767,
            3.5522118305151738,
            0.5567113413145311,
            2.1147446259014027,
            0.6842195073821669,
            1.7911570048314138,
            1.3677876710814656,
            1.4177683756358013,
            0.7838866899202309,
            0.9034561341528892,
            4.295921318624178,
            0.717389763337029,
            3.3339443015918553,
            0.8214600282721172,
            0.9394820869203327,
            3.2209289776416123,
            6.82514355151893,
            1.3656202874435102,
        ],
        1e-15,
        189,
    ),
    (
        "cauchy",
        (4, 1.5, 2.0),
        None,
        [-1.3986303806304932, 5.636157035827637, 0.5955889225006104, 2.5647826194763184],
        1e-6,
        636,
    ),
    ("geometric", (10, 0.2), None, [8.0, 1.0, 5.0, 2.0, 4.0, 2.0, 4.0, 3.0, 3.0, 13.0], 0, 245),
    ("geometric", (10, 0.2), "int64", [8, 1, 5, 2, 4, 2, 4, 3, 3, 13], 0, 245),
    ("poisson", (np.linspace(0, 40, 9),), None, [0.0, 6.0, 10.0, 16.0, 22.0, 32.0, 31.0, 40.0, 34.0], 0, 313),
    ("bits", (5, "uint8"), None, [232, 220, 142, 82, 150], 0, 396),
    ("bits", (3, "float64"), None, [1731631023735903.0, 7715884471936133.0, 3285989135069819.0], 0, 890),
    ("bits", (3, "int64", -(2**63)), None, [-8095740498988414756, -451651277519852462, 5993073493537830164], 0, 890),
    (
        "normal_one_by_one",
        (17, 0.3, 1.7),
        "float64",
        [
            1.4892992928261204,
            3.432479346744133,
            -1.339641895602888,
            2.1640996893511755,
            -2.3367204281742833,
            0.9045541480297125,
            -1.8358714893558508,
            0.5012357574000212,
            -0.1536702669637691,
            -0.06651011825556027,
            -1.5056205075826177,
            -1.1608530370763648,
            2.625760387731833,
            -1.7209016732442621,
            2.0100933323047676,
            -1.3919177135365128,
            -1.065892993948406,
        ],
        1e-15,
        666,
    ),
]


@pytest.mark.parametrize(("method", "args", "dtype", "expected", "tolerance", "following"), FROZEN)
def test_frozen_numbers(method, args, dtype, expected, tolerance, following):
    generator = seeded()
    values = getattr(generator, method)(*args, **({} if dtype is None else {"dtype": dtype}))
    if tolerance:
        assert_close(values, expected, tolerance)
    else:
        np.testing.assert_array_equal(values, np.array(expected, values.dtype))
    assert generator.integers(0, 1000, ()) == following


@pytest.mark.parametrize(
    ("method", "args", "dtype", "checksum"),
    [
        ("uniform", (100003,), "float32", 0xB38A7670),
        ("uniform", (100003, -0.37, 1.9), "float32", 0xAC1101CC),
        ("uniform", (100003, -0.37, 1.9), "float64", 0xB99572BA),
        ("integers", (-5, 94, 100003), "int64", 0xA3E2C754),
        ("integers", (0, 2**40, 100003), "int64", 0xF5EAED5B),
        ("permutation", (100003,), "int64", 0xB2286CEF),
        ("bernoulli", (0.4, 100003), "float32", 0x24B94B98),
    ],
)
def test_frozen_checksums(method, args, dtype, checksum):
    values = getattr(seeded(), method)(*args, dtype=dtype)
    assert zlib.crc32(values.astype(values.dtype.newbyteorder("<")).tobytes()) == checksum


def test_frozen_sequence():
    g = seeded(7)
    assert_close(g.normal(3, dtype="float64").sum(), 1.586167810242497, 1e-14)
    assert float(g.uniform(2).sum()) == 1.2165844440460205
    assert_close(g.normal(17, dtype="float64").sum(), 3.537631446534643, 1e-14)
    # the spare sample of normal(3) comes first, and one more pair's cosine after it
    assert_close(g.normal(2, dtype="float64"), [-1.1143440212610307, -0.07732070644914896], 1e-15)
    assert float(g.uniform((), dtype="float64")) == 0.42231919633632853
    assert g.permutation(33)[:3].tolist() == [4, 28, 11]
    assert g.integers(0, 100, 3).tolist() == [5, 57, 80]
    assert_close(g.normal(1, dtype="float64"), [-0.9224173393929935], 1e-15)


@pytest.mark.parametrize(
    ("seed", "initial", "numbers"),
    [
        (0, 0, [75434668, 130329135]),
        (1, 1, [46265381, 122126571]),
        (-1, 2**64 - 1, [16673187, 76693794]),
        (2**32, 2**32, [75434668, 130329135]),
        (-(2**63), 2**63, [75434668, 130329135]),
        (2**64 - 1, 2**64 - 1, [16673187, 76693794]),
        (np.int64(1), 1, [46265381, 122126571]),
    ],
)
def test_seeds(seed, initial, numbers):
    generator = Generator()
    assert generator.manual_seed(seed) is generator
    assert generator.initial_seed() == initial
    assert generator.integers(0, 2**27, 2).tolist() == numbers


# ---------------------------------------------------------------------------------------- the arithmetic, without torch


def nearest(exact, dtype):
    """The exact fraction rounded once to float32 or float64, ties to even."""
    guess = np.array(float(exact), dtype)
    near = [np.nextafter(guess, dtype(-np.inf)), guess, np.nextafter(guess, dtype(np.inf))]
    bits = np.int32 if dtype is np.float32 else np.int64
    return min(near, key=lambda f: (abs(Fraction(float(f)) - exact), int(np.array(f).view(bits)) & 1))


BOUND = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-30)


@settings(deadline=None)
@given(seed=SEEDS, a=BOUND, b=BOUND)
def test_uniform_is_one_fused_multiply_add(seed, a, b):
    low, high = min(a, b), max(a, b)
    unit = seeded(seed).uniform(20, dtype="float64")
    once = [float(Fraction(u) * Fraction(high - low) + Fraction(low)) for u in unit.tolist()]
    drawn = seeded(seed).uniform(20, low, high, dtype="float64")
    np.testing.assert_array_equal(drawn, [low if x == high else x for x in once])

    low, high = np.float32(low), np.float32(high)
    unit = seeded(seed).uniform(20)
    span = Fraction(float(high - low))
    once = [nearest(Fraction(u) * span + Fraction(float(low)), np.float32) for u in unit.tolist()]
    drawn = seeded(seed).uniform(20, float(low), float(high))
    np.testing.assert_array_equal(drawn, np.array([low if x == high else x for x in once]))


@pytest.mark.parametrize("mean", [1, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_close_to_a_tie_are_rounded_once(dtype, mean):
    # std such that z * std is half an ulp of the mean, and a little more or less, so that an intermediate rounding
    # would make a tie of it, and round that to the mean
    half_ulp = np.finfo(dtype).eps / 2
    samples = seeded().normal(400, dtype=dtype)
    above = 0
    for i in np.flatnonzero(mean * samples > 0.01).tolist():
        std = float(dtype(half_ulp) / abs(samples[i]))
        once = nearest(Fraction(float(samples[i])) * Fraction(std) + mean, dtype)
        assert seeded().normal(400, mean, std, dtype)[i] == once
        above += abs(once) > 1
    assert above > 50


def test_float64_becomes_float16_by_way_of_float32():
    mean = 1 + 2**-11 + 2**-30  # above the tie between 1 and the next float16, but not in float32
    assert (seeded().normal(3, mean, 0.0, "float16") == 1).all()


def test_uniform_spans_the_whole_range_of_float64():
    values = seeded().uniform(1000, -8e307, 8e307, dtype="float64")
    assert np.isfinite(values).all() and values.min() < -7e307 and values.max() > 7e307


def test_uniform_never_returns_its_upper_bound():
    half = seeded().uniform(200000, dtype="float16")  # one in 4096 rounds up to 1, which torch turns into 0
    assert half.max() < 1 and (half == 0).sum() > 20
    above = np.nextafter(np.float32(1), np.float32(2))
    assert (seeded().uniform(1000, 1.0, float(above)) == 1).all()
    assert (seeded().uniform(5, 5.0, 5.0) == 5).all()


@settings(deadline=None)
@given(seed=SEEDS, n=st.integers(0, 200))
def test_permutation_is_fisher_and_yates_shuffle(seed, n):
    stepwise, expected = seeded(seed), list(range(n))
    for i in range(n - 1):
        j = i + int(stepwise.integers(0, n - i, ()))
        expected[i], expected[j] = expected[j], expected[i]
    generator = seeded(seed)
    assert generator.permutation(n).tolist() == expected
    assert generator.get_state().equal(stepwise.get_state())


def test_permutation_of_many_is_one():
    assert np.array_equal(np.sort(seeded().permutation(300000)), np.arange(300000))


@pytest.mark.parametrize("method", ["uniform", "normal", "exponential"])
@pytest.mark.parametrize("shape", [(), 3, (2, 3), [4, 1, 5], (0,), (2, 0)])
def test_shapes_and_dtypes(method, shape):
    for dtype in FLOATS:
        values = getattr(seeded(), method)(shape, dtype=dtype)
        assert values.shape == np.empty(shape).shape and values.dtype == dtype and values.flags.c_contiguous
        flat = getattr(seeded(), method)(values.size, dtype=dtype)
        np.testing.assert_array_equal(values.ravel(), flat)


def test_empty_draws_leave_the_stream_alone():
    generator = seeded()
    generator.normal(1)
    before = generator.get_state()
    generator.uniform(0), generator.normal((0, 3)), generator.integers(0, 5, 0), generator.permutation(1)
    generator.bernoulli(np.empty(0)), generator.exponential(0)
    assert generator.get_state().equal(before)


def test_bernoulli_takes_numbers_and_arrays():
    assert seeded().bernoulli(0.5).shape == ()
    assert seeded().bernoulli(1, (2, 3)).tolist() == [[1.0] * 3] * 2
    assert seeded().bernoulli(np.array([[0.0], [1.0]]), (2, 4), dtype=bool).tolist() == [[False] * 4, [True] * 4]
    assert seeded().bernoulli(np.ones(3, np.float16)).dtype == np.float16
    assert seeded().bernoulli(0.5, 3).dtype == np.float32


def test_multinomial_respects_zero_probabilities():
    p = np.array([[0.0, 2.0, 0.0, 1.0], [0.0, 0.0, 5.0, 0.0]])
    rows = seeded().multinomial(p, 50, replacement=True)
    assert rows.shape == (2, 50) and set(rows[0].tolist()) == {1, 3} and set(rows[1].tolist()) == {2}
    assert seeded().multinomial(p, 1)[1].tolist() == [2]
    assert seeded().multinomial(p[:0], 3, replacement=True).shape == (0, 3)


# ----------------------------------------------------------------------------------------------- state, copies, threads


def next_numbers(generator):
    return generator.normal(3).tolist() + generator.uniform(5).tolist()


@settings(deadline=None)
@given(seed=SEEDS, words=st.integers(0, 1300), normals=st.integers(0, 3))
def test_state_returns_to_the_same_place(seed, words, normals):
    generator = seeded(seed)
    generator.uniform(words), generator.normal(normals)
    state = generator.get_state()
    assert state.dtype == np.uint8 and state.ndim == 1
    numbers = next_numbers(generator)
    for other in (generator, Generator()):
        other.set_state(state)
        assert other.initial_seed() == seed % 2**64
        assert other.get_state().equal(state)
        assert next_numbers(other) == numbers


def test_state_is_a_copy():
    generator = seeded()
    state = generator.get_state()
    kept = state.clone()
    generator.set_state(state)
    generator.uniform(1000)
    assert np.array_equal(state, kept)


@pytest.mark.parametrize(
    "duplicate",
    [Generator.clone_state, copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))],
    ids=["clone_state", "copy", "deepcopy", "pickle"],
)
def test_copies_go_on_by_themselves(duplicate):
    original = seeded()
    original.normal(1)
    twin = duplicate(original)
    assert twin is not original and twin.initial_seed() == SEED
    numbers = next_numbers(twin)
    next_numbers(twin)
    assert next_numbers(original) == numbers


@pytest.mark.parametrize("drawn", [0, 3], ids=["before the first draw", "after draws"])
def test_seeding_starts_the_same_stream(drawn):
    generator = Generator()
    for _ in range(drawn):
        generator.normal(1)
    assert generator.manual_seed(SEED).get_state().equal(seeded().get_state())
    assert next_numbers(generator.manual_seed(SEED)) == next_numbers(seeded())


def test_reseeding_drops_the_spare_sample():
    generator = seeded()
    generator.normal(1)
    assert next_numbers(generator.manual_seed(SEED)) == next_numbers(seeded())


def test_threads_do_not_tear_draws_apart():
    # normal(17) draws twice and normal(1) may keep a sample: torn apart they would give numbers not in the serial run
    def draw(generator):
        return [generator.normal(17).tobytes() for _ in range(200)]

    serial, shared = seeded(), seeded()
    expected = draw(serial) + draw(serial) + draw(serial) + draw(serial)
    found = []
    threads = [threading.Thread(target=lambda: found.extend(draw(shared))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(expected)
    assert shared.get_state().equal(serial.get_state())


def test_device_and_repr():
    assert str(Generator("cpu").device) == "cpu"
    assert re.fullmatch(r"<microgradnp\.random\.generator\.Generator object at 0x[0-9a-fA-F]+>", repr(Generator()))
    assert Generator().initial_seed() == 67280421310721


# ------------------------------------------------------------------------------------------------- tensors, and rng=

DRAWS = {
    "rand": lambda **k: mg.rand(20, **k),
    "randn": lambda **k: mg.randn(20, **k),
    "randint": lambda **k: mg.randint(100, (20,), **k),
    "randperm": lambda **k: mg.randperm(20, **k),
    "rand_like": lambda **k: mg.rand_like(mg.ones(20), **k),
    "randn_like": lambda **k: mg.randn_like(mg.ones(20), **k),
    "randint_like": lambda **k: mg.randint_like(mg.ones(20), 100, **k),
    "normal of numbers": lambda **k: mg.normal(1.0, 2.0, (20,), **k),
    "normal of tensors": lambda **k: mg.normal(mg.zeros(20), mg.ones(20), **k),
    "bernoulli": lambda **k: mg.bernoulli(mg.full((40,), 0.5), **k),
    "multinomial": lambda **k: mg.multinomial(mg.ones(20), 15, **k),
    "poisson": lambda **k: mg.poisson(mg.full((20,), 30.0), **k),
    **{
        f"{name}_": lambda name=name, args=args, **k: getattr(mg.zeros(20), f"{name}_")(*args, **k)
        for name, args in {
            "uniform": (), "normal": (), "log_normal": (), "cauchy": (), "exponential": (), "geometric": (0.1,),
            "random": (), "bernoulli": (0.5,),
        }.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_every_random_function_takes_a_generator_or_a_numpy_one(draw):
    before = random.get_rng_state().tolist(), np.random.get_state()[1].tolist()
    one, other = (draw(generator=seeded()).tolist() for _ in range(2))
    assert one == other
    by_seed, again = draw(rng=5).tolist(), draw(rng=5).tolist()
    assert by_seed == again == draw(rng=np.random.default_rng(5)).tolist() != one
    numpy_generator = np.random.default_rng(5)
    assert draw(rng=numpy_generator).tolist() != draw(rng=numpy_generator).tolist()  # which has moved on
    assert (random.get_rng_state().tolist(), np.random.get_state()[1].tolist()) == before
    with pytest.raises(TypeError, match="not both"):
        draw(rng=5, generator=seeded())
    with pytest.raises(TypeError, match="numpy"):
        draw(rng="5")
    with pytest.raises(TypeError, match="rng="):
        draw(generator=np.random.default_rng(5))


def test_draws_from_a_numpy_generator_have_the_right_distribution():
    rng = np.random.default_rng(0)
    assert abs(mg.rand(20000, rng=rng).mean().item() - 0.5) < 0.01
    normal = mg.randn(20000, rng=rng)
    assert abs(normal.mean().item()) < 0.03
    assert abs((normal * normal).mean().item() - 1) < 0.05
    assert abs(mg.poisson(mg.full((5000,), 20.0), rng=rng).mean().item() - 20) < 0.3


def test_tensors_are_filled_in_the_order_of_their_memory():
    plain, transposed = mg.zeros(3, 4), mg.zeros(4, 3).T
    plain.uniform_(generator=seeded())
    transposed.uniform_(generator=seeded())
    assert transposed.T.reshape(-1).tolist() == plain.reshape(-1).tolist()
    assert mg.rand_like(mg.zeros(4, 3).T, generator=seeded()).stride() == (1, 3)


def test_refused_writes_draw_nothing_that_shows():
    leaf = mg.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        leaf.uniform_()
    assert leaf.tolist() == [1.0, 1.0, 1.0]


# ----------------------------------------------------------------------------------------------------- module functions


@pytest.fixture
def default():
    """The default generator, as it was, after the test."""
    with random.fork_rng():
        yield random.default_generator


def test_the_module_speaks_for_the_default_generator(default):
    assert random.manual_seed(SEED) is default
    assert random.initial_seed() == SEED
    state = random.get_rng_state()
    numbers = next_numbers(default)
    random.set_rng_state(state)
    assert next_numbers(default) == numbers == next_numbers(seeded())
    assert random.manual_seed(1.0).initial_seed() == 1  # torch.manual_seed takes the int() of it


def test_seed_is_another_each_time(default):
    seeds = {random.seed() for _ in range(5)}
    assert len(seeds) == 5 and random.initial_seed() in seeds


def test_default_generator_starts_from_a_random_seed():
    def new_module():
        module = importlib.util.module_from_spec(random.__spec__)
        random.__spec__.loader.exec_module(module)
        return module

    assert new_module().initial_seed() != new_module().initial_seed()


def test_numpy_random_is_imported_by_the_first_draw():
    code = """
import sys
import microgradnp as mg
from microgradnp import random
random.manual_seed(1)
random.Generator().seed()
assert "numpy.random" not in sys.modules
random.default_generator.uniform(1)
assert "numpy.random" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_fork_rng_restores_the_state_even_after_an_error(default):
    random.manual_seed(SEED)
    with pytest.raises(KeyError), random.fork_rng(devices=[]):
        random.manual_seed(1)
        raise KeyError
    assert random.initial_seed() == SEED
    with random.fork_rng(enabled=False):
        default.uniform(3)
    assert not default.get_state().equal(seeded().get_state())
    with pytest.raises(RuntimeError, match="devices must be empty"), random.fork_rng(devices=["cuda:0"]):
        pass


# --------------------------------------------------------------------------------------------------------------- errors

STATE = Generator().get_state().numpy()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g: Generator("cuda"), RuntimeError, "the only device is 'cpu'"),
        (lambda g: g.manual_seed(2**64), ValueError, "seed must lie in"),
        (lambda g: g.manual_seed(-(2**63) - 1), ValueError, "seed must lie in"),
        (lambda g: g.manual_seed(1.5), TypeError, "seed must be an int"),
        (lambda g: g.manual_seed(True), TypeError, "seed must be an int"),
        (lambda g: g.uniform(3, 2.0, 1.0), RuntimeError, "low must be <= high"),
        (lambda g: g.uniform(3, 0.0, math.inf), RuntimeError, "range of 3.40282e"),
        (lambda g: g.uniform(3, math.nan, 1.0), RuntimeError, "range of"),
        (lambda g: g.uniform(3, -3e38, 3e38), RuntimeError, "range of"),
        (lambda g: g.uniform(3, dtype="int64"), NotImplementedError, "dtype must be one of float16"),
        (lambda g: g.uniform((2, -1)), RuntimeError, "no negative dimension"),
        (lambda g: g.uniform(2.5), TypeError, "shape must be an int"),
        (lambda g: g.normal(3, std=-1.0), RuntimeError, "std must be >= 0"),
        (lambda g: g.normal(3, std=math.nan), RuntimeError, "std must be >= 0"),
        (lambda g: g.integers(3, 3, 2), RuntimeError, "low must be < high"),
        (lambda g: g.integers(0, 257, 2, dtype="uint8"), RuntimeError, r"within \[0, 255\]"),
        (lambda g: g.integers(-1, 5, 2, dtype="uint8"), RuntimeError, r"within \[0, 255\]"),
        (lambda g: g.integers(0, 3, 2, dtype="bool"), RuntimeError, r"within \[0, 1\]"),
        (lambda g: g.integers(0, 2**63, 2), RuntimeError, "below 2"),
        (lambda g: g.integers(0, 2**12, 2, dtype="float16"), RuntimeError, r"within \[-2048, 2048\]"),
        (lambda g: g.integers(0.5, 3, 2), TypeError, "low must be an int"),
        (lambda g: g.integers(0, 3, 2, dtype="complex64"), NotImplementedError, "dtype must be one of"),
        (lambda g: g.permutation(-1), RuntimeError, "n must be >= 0"),
        (lambda g: g.permutation(257, dtype="uint8"), RuntimeError, "n must be <= 256"),
        (lambda g: g.permutation(2050, dtype="float16"), RuntimeError, "n must be <= 2049"),
        (lambda g: g.permutation(214748364), NotImplementedError, "n must be <= 214748363"),
        (lambda g: g.permutation(3, dtype="bool"), NotImplementedError, "dtype must be one of"),
        (lambda g: g.bernoulli(1.5), RuntimeError, r"p must lie in \[0, 1\], got 1.5"),
        (lambda g: g.bernoulli(np.array([0.5, math.nan])), RuntimeError, r"p must lie in \[0, 1\], got nan"),
        (lambda g: g.bernoulli(np.array([1, 0])), NotImplementedError, "dtype must be one of float16"),
        (lambda g: g.bernoulli(np.array([0.5, 0.5]), 3), RuntimeError, "does not broadcast"),
        (lambda g: g.exponential(3, 0.0), RuntimeError, "rate must be > 0"),
        (lambda g: g.multinomial(P, 5), RuntimeError, "num_samples must be at least 1"),
        (lambda g: g.multinomial(P, 0, True), RuntimeError, "num_samples must be at least 1"),
        (lambda g: g.multinomial(-P, 1), RuntimeError, "probabilities must be finite"),
        (lambda g: g.multinomial(0 * P, 2, True), RuntimeError, "probabilities must be finite"),
        (lambda g: g.multinomial(P.reshape(1, 2, 2), 1), RuntimeError, "1 or 2 dimensions"),
        (lambda g: g.set_state([1, 2]), TypeError, "uint8 tensor, got list"),
        (lambda g: g.set_state(STATE.astype(float)), TypeError, "uint8 tensor, got float64"),
        (lambda g: g.set_state(STATE[:-1]), RuntimeError, "must have shape"),
        (lambda g: g.set_state(STATE.reshape(2, -1)), RuntimeError, "must have shape"),
        (lambda g: g.set_state(np.zeros_like(STATE)), RuntimeError, "bytes of an MT19937 state"),
        (lambda g: g.set_state(np.where(np.arange(STATE.size) < 24, STATE, 255)), RuntimeError, "bytes of an MT"),
    ],
)
def test_errors_say_what_is_wrong_and_leave_the_stream_alone(call, error, message):
    generator = seeded()
    with pytest.raises(error, match=message):
        call(generator)
    assert generator.get_state().equal(seeded().get_state())


# ---------------------------------------------------------------------------------------------------- parity with torch


@pytest.fixture(scope="module")
def torch():
    torch = pytest.importorskip("torch")
    if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        pytest.skip("this torch has no kernels with a fused multiply-add, whose last bits we reproduce")
    return torch


class Pair:
    """A generator of ours and torch's, which draw the same and compare."""

    def __init__(self, torch, seed):
        self.torch, self.seed = torch, seed
        self.ours, self.theirs = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
        assert self.ours.initial_seed() == self.theirs.initial_seed()

    def filled(self, shape, dtype, method, *args):
        tensor = self.torch.empty(shape, dtype=getattr(self.torch, dtype))
        return getattr(tensor, method)(*args, generator=self.theirs).numpy()

    def uniform(self, shape, dtype, low=0.0, high=1.0):
        actual = self.ours.uniform(shape, low, high, dtype=dtype)
        np.testing.assert_array_equal(actual, self.filled(shape, dtype, "uniform_", low, high), strict=True)

    def normal(self, shape, dtype, mean=0.0, std=1.0):
        actual, expected = self.ours.normal(shape, mean, std, dtype), self.filled(shape, dtype, "normal_", mean, std)
        assert actual.dtype == expected.dtype and actual.shape == expected.shape
        assert_close(actual, expected, NORMAL_TOLERANCE[dtype] * (abs(mean) + std + 1))

    def exponential(self, shape, dtype, rate=1.0):
        actual, expected = self.ours.exponential(shape, rate, dtype), self.filled(shape, dtype, "exponential_", rate)
        np.testing.assert_allclose(actual, expected, rtol=2 * np.finfo(dtype).eps, strict=True)

    def bernoulli(self, shape, dtype, p):
        actual = self.ours.bernoulli(p, shape, dtype)
        np.testing.assert_array_equal(actual, self.filled(shape, dtype, "bernoulli_", p), strict=True)

    def bernoulli_array(self, p):
        expected = self.torch.bernoulli(self.torch.from_numpy(p), generator=self.theirs).numpy()
        np.testing.assert_array_equal(self.ours.bernoulli(p), expected, strict=True)

    def integers(self, low, high, shape, dtype):
        shape = (shape,) if isinstance(shape, int) else shape
        expected = self.torch.randint(low, high, shape, dtype=getattr(self.torch, dtype), generator=self.theirs).numpy()
        np.testing.assert_array_equal(self.ours.integers(low, high, shape, dtype), expected, strict=True)

    def permutation(self, n, dtype="int64"):
        expected = self.torch.randperm(n, dtype=getattr(self.torch, dtype), generator=self.theirs).numpy()
        np.testing.assert_array_equal(self.ours.permutation(n, dtype), expected, strict=True)

    def log_normal(self, shape, dtype, mean, std):
        actual, expected = (
            self.ours.log_normal(shape, mean, std, dtype),
            self.filled(shape, dtype, "log_normal_", mean, std),
        )
        np.testing.assert_allclose(actual, expected, rtol=2 * np.finfo(dtype).eps, strict=True)

    def cauchy(self, shape, dtype, median, sigma):
        actual, expected = (
            self.ours.cauchy(shape, median, sigma, dtype),
            self.filled(shape, dtype, "cauchy_", median, sigma),
        )
        np.testing.assert_allclose(
            actual, expected, rtol=1e-12 if dtype == "float64" else 2 * np.finfo(dtype).eps, strict=True
        )

    def geometric(self, shape, dtype, p):
        actual = self.ours.geometric(shape, p, dtype)
        np.testing.assert_array_equal(actual, self.filled(shape, dtype, "geometric_", p), strict=True)

    def poisson(self, rates):
        expected = self.torch.poisson(self.torch.from_numpy(rates), generator=self.theirs).numpy()
        np.testing.assert_array_equal(self.ours.poisson(rates), expected, strict=True)

    def bits(self, shape, dtype):
        np.testing.assert_array_equal(self.ours.bits(shape, dtype), self.filled(shape, dtype, "random_"), strict=True)

    def multinomial(self, p, n, replacement):
        expected = self.torch.multinomial(self.torch.from_numpy(p), n, replacement, generator=self.theirs).numpy()
        np.testing.assert_array_equal(self.ours.multinomial(p, n, replacement), expected, strict=True)

    def in_step(self):
        self.integers(-(2**63), 2**63 - 1, 3, "int64")
        self.normal(1, "float64")


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", SIZES)
def test_torch_floats(torch, dtype, size):
    pair = Pair(torch, 1000 + size)
    for low, high in [(0.0, 1.0), (-0.37, 1.9), (1.0, 1.0), (-3e4, 3e4)]:
        pair.uniform(size, dtype, low, high)
        pair.in_step()
    for mean, std in [(0.0, 1.0), (0.3, 1.7), (-2.0, 1.0), (5.0, 0.0)]:
        pair.normal(size, dtype, mean, std)
        pair.in_step()
    for rate in [1.0, 0.3, 1e4, math.inf]:
        pair.exponential(size, dtype, rate)
        pair.in_step()
    pair.normal(5, "float16", 1 + 2**-11 + 2**-30, 0.0)
    for p in [0.0, 0.3, 1.0]:
        pair.bernoulli(size, dtype, p)
        pair.in_step()
    pair.bernoulli_array(np.linspace(0, 1, size).astype(dtype))
    pair.in_step()


@pytest.mark.parametrize("size", SIZES)
def test_torch_integers(torch, size):
    pair = Pair(torch, 2000 + size)
    for low, high, dtype in [
        (0, 10, "int64"),
        (-7, 2**28 - 8, "int64"),
        (-7, 2**28 - 7, "int64"),
        (0, 2**32, "int64"),
        (-(2**63), 2**63 - 1, "int64"),
        (-(2**31), 2**31, "int32"),
        (-128, 128, "int8"),
        (0, 256, "uint8"),
        (0, 2**16, "uint16"),
        (0, 2**32, "uint32"),
        (0, 2**63 - 1, "uint64"),
        (0, 2, "bool"),
        (-2048, 2049, "float16"),
        (-(2**24), 2**24 + 1, "float32"),
        (0, 2**53 + 1, "float64"),
    ]:
        pair.integers(low, high, size, dtype)
        pair.in_step()
    pair.permutation(size)
    pair.in_step()


def test_torch_permutation_dtypes(torch):
    pair = Pair(torch, 3)
    for n, dtype in [(256, "uint8"), (128, "int8"), (1000, "int16"), (2049, "float16"), (3000, "float32")]:
        pair.permutation(n, dtype)
        pair.in_step()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1,), (5,), (7, 300), (3, 1)])
def test_torch_multinomial(torch, dtype, shape):
    p = seeded().uniform(shape, 0.1, 3.0, dtype)
    pair = Pair(torch, 4)
    for n, replacement in [(1, False), (1, True), (shape[-1], False), (max(1, shape[-1] // 2), False), (100, True)]:
        pair.multinomial(p, n, replacement)
        pair.in_step()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch_linear_weights_bit_for_bit(torch, dtype):
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        layer = torch.nn.Linear(784, 100, dtype=getattr(torch, dtype))
        conv = torch.nn.Conv2d(3, 8, 5, dtype=getattr(torch, dtype))
    generator = seeded()
    for module, fan_in in [(layer, 784), (conv, 75)]:
        kaiming = math.sqrt(3.0) * (math.sqrt(2.0 / (1 + 5)) / math.sqrt(fan_in))  # kaiming_uniform_(a=sqrt(5))
        for parameter, bound in [(module.weight, kaiming), (module.bias, 1 / math.sqrt(fan_in))]:
            values = generator.uniform(tuple(parameter.shape), -bound, bound, dtype)
            np.testing.assert_array_equal(values, parameter.detach().numpy(), strict=True)


SHAPES = st.one_of(st.integers(0, 70), st.sampled_from([(), (3, 5), (2, 8), (17, 1), (4, 4, 4), 1000]))
FLOAT = st.sampled_from(FLOATS)
SCALE = st.sampled_from([0.0, 1e-3, 0.02, 1.0, 1.7, 30.0])
LOW = st.integers(-(2**62), 2**62 - 1)
CALLS = st.one_of(
    st.tuples(st.just("uniform"), SHAPES, FLOAT),
    st.tuples(st.just("uniform"), SHAPES, FLOAT, st.floats(-100, 0, width=16), st.floats(0, 100, width=16)),
    st.tuples(st.just("normal"), SHAPES, FLOAT),
    st.tuples(st.just("normal"), SHAPES, FLOAT, st.floats(-10, 10, width=16), SCALE),
    st.tuples(st.just("exponential"), SHAPES, FLOAT, st.floats(0.1, 10)),
    st.tuples(st.just("bernoulli"), SHAPES, st.sampled_from([*FLOATS, "int64", "bool"]), st.floats(0, 1)),
    LOW.flatmap(
        lambda low: st.tuples(
            st.just("integers"), st.just(low), st.integers(low + 1, low + 2**62), SHAPES, st.just("int64")
        )
    ),
    st.tuples(st.just("integers"), st.integers(-9, 0), st.integers(1, 9), SHAPES, st.just("int64")),
    st.tuples(st.just("permutation"), st.integers(0, 70)),
    st.tuples(st.just("log_normal"), SHAPES, FLOAT, st.floats(-3, 3), st.floats(0.01, 2)),
    st.tuples(st.just("cauchy"), SHAPES, FLOAT, st.floats(-3, 3), st.floats(0.01, 2)),
    st.tuples(st.just("geometric"), SHAPES, st.sampled_from([*FLOATS, "int64"]), st.floats(0.01, 0.99)),
    st.tuples(st.just("poisson"), st.lists(st.floats(0, 200), max_size=30).map(np.array)),
    st.tuples(st.just("bits"), SHAPES, st.sampled_from([*FLOATS, "int64", "int32", "uint8", "bool"])),
)


@settings(deadline=None)
@given(seed=SEEDS, calls=st.lists(CALLS, min_size=1, max_size=12))
def test_torch_stays_in_step_over_any_sequence(torch, seed, calls):
    pair = Pair(torch, seed)
    for method, *args in calls:
        getattr(pair, method)(*args)
    pair.in_step()
