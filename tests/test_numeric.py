"""Numeric derivatives: they are right, they say how exact they are, and they see what is no derivative."""

import math

import numpy as np
import pytest

from microgradnp.testing.numeric import (
    CERTAIN,
    JUMP,
    KINK,
    SMOOTH,
    STEEP,
    UNKNOWN,
    Goal,
    Line,
    complex_step,
    grains,
    measure,
    noise,
    refine,
)

EPS = float(np.finfo(float).eps)


def slope(
    f, x, expected=math.nan, scale=None, domain=(-math.inf, math.inf), step=None, counted=None, eps=EPS, rtol=1e-5
):
    """What is found out about the slope of ``f`` at ``x``, in the way of a gradient check."""

    def at(t):
        if counted is not None:
            counted.append(x + t)
        try:
            return np.array([f(x + t)], float), (x + t) - x
        except (ValueError, OverflowError, ZeroDivisionError):
            return np.array([np.nan]), (x + t) - x

    line = Line(at, scale or abs(x) or 1.0, abs(x), domain[0] - x, domain[1] - x)
    goal = Goal(np.array([[expected]]), rtol, np.array([[1e-10 / line.scale]]))
    f0 = np.array([f(x)], float)
    with np.errstate(all="ignore"):
        slopes = measure([line], f0, eps, goal, step)
        if slopes.state[0, 0] != SMOOTH or not goal.met(slopes.value, slopes.error, slopes.size).all():
            refine(line, f0, eps, goal.row(0), slopes, 0, step)
    return slopes


SMOOTH_ONES = [
    # name, f, x, its derivative, the scale if it is not |x|
    ("sin", math.sin, 1.3, math.cos(1.3), None),
    ("exp", math.exp, 3.0, math.exp(3.0), None),
    ("exp, tiny", math.exp, -700.0, math.exp(-700.0), None),
    ("exp, huge", math.exp, 700.0, math.exp(700.0), None),
    ("square of 1e12", lambda x: x * x, 1e12, 2e12, None),
    ("power of 1e-8", lambda x: x**4, 1e-8, 4e-24, None),
    ("root beside larger numbers", math.sqrt, 1e-8, 5e3, 1.0),
    ("logarithm beside larger numbers", math.log, 1e-3, 1e3, 1.0),
    ("reciprocal beside larger numbers", lambda x: 1 / x, 1e-3, -1e6, 1.0),
    ("x log x", lambda x: x * math.log(x), 1e-7, math.log(1e-7) + 1, 1.0),
    ("close to a kink", lambda x: max(x, 0.0), 1e-5, 1.0, 1.0),
    ("very close to a kink", lambda x: max(x, 0.0), 1e-14, 1.0, 1.0),
    ("close to a jump", lambda x: math.atan2(x, -1.0), 1e-9, -1.0, 1.0),
    ("close to the edge", math.acos, 0.999999, -1 / math.sqrt(1 - 0.999999**2), None),
    ("many oscillations", math.sin, 1e6, math.cos(1e6), None),
    ("steps longer than its period", math.sin, 1e9, math.cos(1e9), None),
    ("a narrow bump", lambda x: math.exp(-(((x - 1) * 1e4) ** 2)), 1.0, 0.0, None),
    ("a cubic at 0", lambda x: x**3, 0.0, 0.0, 1.0),
    ("cos - 1 at 0", lambda x: math.cos(x) - 1, 0.0, 0.0, 1.0),
    ("|x| ** 1.5 at 0", lambda x: abs(x) ** 1.5, 0.0, 0.0, 1.0),
    ("saturated", math.tanh, 20.0, 0.0, None),
    ("constant", lambda x: 2.0, 1.3, 0.0, None),
    ("between two steps", math.floor, 2.5, 0.0, None),
    ("nothing but rounding", lambda x: (x * 1.1 - x) * 10 - x, 1.3, 0.0, None),
    ("what is left of large numbers", lambda x: (1e6 + math.sin(x)) - 1e6, 1.3, math.cos(1.3), None),
]


@pytest.mark.parametrize(
    ("f", "x", "true", "scale"), [case[1:] for case in SMOOTH_ONES], ids=[c[0] for c in SMOOTH_ONES]
)
def test_the_slope_is_right_within_the_estimated_error(f, x, true, scale):
    for expected in (true, math.nan, 1.001 * true + 1e-3):  # it does not lean on what is expected
        found = slope(f, x, expected, scale)
        assert found.state[0, 0] == SMOOTH
        allowed = 1e-6 * abs(true) + 1e-8 * found.size[0, 0] / (scale or abs(x) or 1.0)
        assert abs(found.value[0, 0] - true) <= CERTAIN * found.error[0, 0] + allowed


@pytest.mark.parametrize(
    ("f", "x", "state", "low", "high"),
    [
        (lambda x: max(x, 0.0), 0.0, KINK, 0.0, 1.0),
        (abs, 0.0, KINK, -1.0, 1.0),
        (lambda x: max(x, 1.3), 1.3, KINK, 0.0, 1.0),
        (lambda x: math.sqrt(abs(x)), 0.0, KINK, -math.inf, math.inf),
        (lambda x: math.sqrt(max(x, 0.0)), 0.0, KINK, 0.0, math.inf),
        (math.sqrt, 0.0, STEEP, math.inf, math.inf),
        (math.cbrt if hasattr(math, "cbrt") else np.cbrt, 0.0, STEEP, math.inf, math.inf),
        (lambda x: x * math.log(x) if x else 0.0, 0.0, STEEP, -math.inf, -math.inf),
        (math.asin, 1.0, STEEP, math.inf, math.inf),
    ],
    ids=["relu", "abs", "maximum", "root of abs", "root of relu", "root", "cube root", "x log x", "arcsin"],
)
def test_kinks_and_slopes_without_bound_are_seen(f, x, state, low, high):
    found = slope(f, x)
    assert found.state[0, 0] == state
    assert found.low[0, 0] == pytest.approx(low, abs=1e-6)
    assert found.high[0, 0] == pytest.approx(high, abs=1e-6)


@pytest.mark.parametrize("f", [math.floor, lambda x: (x > 2) - (x < 2), lambda x: x + (x >= 2)])
def test_a_jump_is_no_slope(f):
    assert slope(f, 2.0).state[0, 0] == JUMP


def test_what_cannot_be_told_stays_unknown():
    rng = np.random.default_rng(0)
    found = slope(lambda x: math.sin(x) + 1e-4 * rng.uniform(), 1.3)
    assert found.state[0, 0] == UNKNOWN and not found.error[0, 0] < 1e-3
    assert slope(lambda x: math.nan, 1.0).state[0, 0] == UNKNOWN
    hidden = slope(lambda x: 1e9 + x * math.sqrt(x), 1e-6, 1.5e-3, 1e6, (0.0, math.inf))  # a part of the last bit
    assert hidden.state[0, 0] == UNKNOWN


def test_a_function_in_single_precision_takes_larger_steps():
    found = slope(
        lambda x: float(np.sin(np.float32(x))), 1.3, math.cos(1.3), eps=float(np.finfo(np.float32).eps), rtol=1e-3
    )
    assert abs(found.value[0, 0] - math.cos(1.3)) <= CERTAIN * found.error[0, 0] < 1e-3


def test_a_domain_is_not_left():
    points = []
    found = slope(math.exp, 1.0, domain=(1.0, 1.5), counted=points)
    assert found.state[0, 0] == SMOOTH and found.value[0, 0] == pytest.approx(math.e, rel=1e-7)
    assert min(points) >= 1.0 and max(points) <= 1.5
    points.clear()
    assert slope(abs, 0.0, domain=(-1e-9, 0.0), counted=points).value[0, 0] == pytest.approx(-1)
    assert min(points) >= -1e-9 and max(points) <= 0.0


def test_a_given_step_is_the_largest():
    points = []
    found = slope(lambda x: abs(x - 1e-2), 0.0, scale=1.0, step=1e-3, counted=points)
    assert found.state[0, 0] == SMOOTH and found.value[0, 0] == pytest.approx(-1)
    assert max(map(abs, points)) <= 1e-3


def test_a_good_first_value_costs_four_evaluations():
    points = []
    slope(math.sin, 1.3, math.cos(1.3), counted=points)
    assert len(points) == 4


def test_many_outputs_are_judged_each_on_its_own():
    def at(t):
        return np.array([math.sin(1 + t), abs(t), math.floor(2 + t), t**3]), t

    line = Line(at, 1.0)
    f0 = at(0.0)[0]
    goal = Goal(np.full((1, 4), np.nan), 1e-5, np.full((1, 1), 1e-10))
    with np.errstate(all="ignore"):
        slopes = measure([line], f0, EPS, goal)
        refine(line, f0, EPS, goal.row(0), slopes, 0)
    assert slopes.state[0].tolist() == [SMOOTH, KINK, JUMP, SMOOTH]
    np.testing.assert_allclose(slopes.value[0, [0, 3]], [math.cos(1), 0], atol=1e-9)


def test_noise_is_what_does_not_depend_on_the_step():
    f0 = np.zeros(1)
    rng = np.random.default_rng(1)
    loud = noise(Line(lambda t: (np.array([math.sin(t) + 1e-6 * rng.uniform()]), t), 1.0), f0)
    assert 1e-7 < loud[0] < 1e-5
    for smooth in (math.sin, lambda t: abs(t) ** 0.5, abs):
        assert noise(Line(lambda t, f=smooth: (np.array([f(t)]), t), 1.0), f0)[0] < 1e-13


def test_the_grain_of_what_is_left_of_larger_numbers():
    values = np.sin(np.linspace(1, 2, 4)).reshape(1, 4, 1)
    assert grains(values, EPS) == 0
    assert grains((values + 1e6) - 1e6, EPS) == pytest.approx(2.0**-33)
    assert grains(np.full((1, 4, 1), 3.0), EPS) == 0  # constant


def test_the_complex_step_takes_no_difference():
    def at(t):
        return np.array([np.exp(3 + t), (3 + t) ** 2]), t

    slopes = complex_step([Line(at, 3.0)], at(0.0)[0], EPS)
    np.testing.assert_allclose(slopes.value[0], [math.exp(3), 6], rtol=4e-16)
    assert (slopes.error < 1e-12).all() and (slopes.state == SMOOTH).all()
