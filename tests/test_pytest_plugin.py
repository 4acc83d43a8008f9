"""The pytest plugin, in small projects of its own: options, marker, summary, workers, and what it does not import."""

import re
import subprocess
import sys

import pytest

from microgradnp.testing import check

pytest_plugins = "pytester"

RIGHT = """
    import numpy as np, pytest
    import microgradnp as mg

    X = mg.tensor([0.5, -1.0, 2.0], dtype=mg.float64, requires_grad=True)

    class Cube(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            return g * FACTOR * ctx.saved_tensors[0] ** 2

    def step(x):  # jumps at 0.5: no derivative can be found there
        return (x >= 0.5) * 1.0 + x
""".replace("FACTOR", "3")


@pytest.fixture(autouse=True)
def apart(monkeypatch):
    """These projects run in this process: what they check is not for the summary of the run that they are part of."""
    monkeypatch.setattr(check, "observers", [])


@pytest.fixture
def project(pytester):
    """Writes a test file after the definitions above; returns how to run it."""

    def write(tests, head=RIGHT):
        pytester.makepyfile(test_it=_dedented(head) + _dedented(tests))
        return lambda *options, run=pytester.runpytest_inprocess: run("-p", "microgradnp_pytest", *options)

    return write


def _dedented(text):
    return re.sub(r"(?m)^    ", "", text)


# The fixture and its options


def test_the_fixture_checks_and_returns_the_report(project):
    run = project("""
    def test_cube(gradcheck):
        report = gradcheck(Cube.apply, X)
        assert report.ok and report.compared == 9
    """)
    result = run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*gradient checks (full)*",
            "1 check of 9 derivatives: 1 passed",
            "worst error/tolerance*test_it.py::test_cube (*",
        ]
    )


def test_a_wrong_derivative_fails_the_test(project):
    run = project(
        "def test_cube(gradcheck):\n        gradcheck(Cube.apply, X)", RIGHT.replace("3 * ctx", "2.999 * ctx")
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*GradcheckError*", "1 check of * 0 passed, 1 failed"])
    result.stdout.no_fnmatch_line("worst error/tolerance*")


def test_a_failure_that_a_test_expects_is_told_apart(project):
    run = project("""
    def test_cube(gradcheck):
        assert not gradcheck(lambda x: (x * x.detach()), X, raise_exception=False).ok
    """)
    run().stdout.fnmatch_lines(["1 check of * derivatives: 0 passed, 1 failed as expected"])


def test_what_could_not_be_decided_is_named(project):
    run = project("""
    @pytest.mark.parametrize("i", range(7))
    def test_step(gradcheck, i):
        assert gradcheck(step, X, raise_exception=False).verdict == "inconclusive"
    """)
    result = run()
    result.assert_outcomes(passed=7)
    result.stdout.fnmatch_lines(["7 checks * 0 passed, 7 inconclusive", "inconclusive: *test_step?0?, *, and 2 more"])


def test_options_come_from_the_call_then_the_nearest_marker_then_the_command_line(project, monkeypatch):
    given = []
    monkeypatch.setattr("microgradnp.testing.gradcheck", lambda fn, inputs, **options: given.append(options))
    run = project("""
    pytestmark = pytest.mark.gradcheck(rtol=1e-3, atol=1e-3)

    @pytest.mark.gradcheck(rtol=1e-4, order=2)
    class TestIt:
        @pytest.mark.gradcheck(rtol=1e-5, kinks="skip")
        def test_near(self, gradcheck):
            gradcheck(step, X)
            gradcheck(step, X, kinks="error")

        def test_class(self, gradcheck):
            gradcheck(step, X)

    def test_module(gradcheck):
        gradcheck(step, X)
    """)
    run("-p", "no:randomly").assert_outcomes(passed=3)
    assert given == [
        {"rtol": 1e-5, "atol": 1e-3, "order": 2, "kinks": "skip"},
        {"rtol": 1e-5, "atol": 1e-3, "order": 2, "kinks": "error"},
        {"rtol": 1e-4, "atol": 1e-3, "order": 2},
        {"rtol": 1e-3, "atol": 1e-3},
    ]


def test_the_command_line_sets_the_mode_of_all_checks_and_only_for_the_run(project):
    before = check.default_mode()
    run = project("""
    from microgradnp.testing import check
    def test_mode():
        assert check.default_mode() == "fast"
        check.gradcheck(Cube.apply, X)
    """)
    result = run("--gradcheck=fast")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*gradient checks (fast)*", "1 check of *"])
    assert check.default_mode() == before
    assert check.observers == []


def test_a_marker_takes_only_options_that_exist(project):
    for wrong, complaint in (
        ("rtoll=1e-3", "*test_it.py::test_it: marker gradcheck: unknown option 'rtoll' (it takes order, mode, *)"),
        ("'fast'", "*test_it.py::test_it: marker gradcheck: options have names, 'fast' has none (it takes *"),
    ):
        run = project(f"@pytest.mark.gradcheck({wrong})\n    def test_it(gradcheck): pass")
        result = run()
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([complaint])


def test_the_command_line_takes_only_modes_that_exist(project):
    assert project("def test_it(): pass")("--gradcheck=slow").ret == pytest.ExitCode.USAGE_ERROR


def test_the_marker_is_registered_and_shown(project):
    run = project("@pytest.mark.gradcheck\n    def test_it(): pass")
    result = run("--strict-markers", "-W", "error", "-m", "gradcheck")
    result.assert_outcomes(passed=1)
    run("--markers").stdout.fnmatch_lines(["@pytest.mark.gradcheck(order=..., mode=...*"])


# The summary


def test_without_checks_there_is_no_summary(project):
    project("def test_it(): pass")().stdout.no_fnmatch_line("*gradient checks*")


def test_checks_in_fixtures_and_without_the_fixture_are_counted(project):
    run = project("""
    from microgradnp.testing import gradcheck as check

    @pytest.fixture
    def checked():
        check(Cube.apply, X)
        yield
        check(Cube.apply, X)

    def test_it(checked, gradcheck):
        check(Cube.apply, X)
        gradcheck(Cube.apply, X)
    """)
    run().stdout.fnmatch_lines(["4 checks of 36 derivatives: 4 passed"])


@pytest.mark.slow
def test_workers_of_xdist_report_to_the_one_summary(project):
    pytest.importorskip("xdist")
    run = project("""
    @pytest.mark.parametrize("i", range(6))
    def test_cube(gradcheck, i):
        gradcheck(Cube.apply, X)

    def test_step(gradcheck):
        assert gradcheck(step, X, raise_exception=False).verdict == "inconclusive"
    """)
    result = run("-n", "2", "-W", "error")
    result.assert_outcomes(passed=7)
    lines = [
        "*gradient checks (full)*",
        "7 checks of *: 6 passed, 1 inconclusive",
        "worst *test_cube*",
        "inconclusive: *test_step",
    ]
    result.stdout.fnmatch_lines(lines)


# What it costs those who do not use it


def test_a_project_that_checks_no_gradients_imports_nothing(project, pytester):
    pytester.makeconftest("""
        import sys
        def pytest_unconfigure():
            print("imported:", sorted({"numpy", "microgradnp", "hypothesis"} & set(sys.modules)))
    """)
    run = project("def test_it(): pass", "")
    result = run("-s", "-p", "no:hypothesispytest", run=pytester.runpytest_subprocess)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["imported: []"])


def test_the_plugin_brings_nothing_along():
    code = "import sys, pytest; before = set(sys.modules); import microgradnp_pytest; print(set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'microgradnp_pytest'}"
