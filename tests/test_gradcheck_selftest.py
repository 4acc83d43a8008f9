"""The gradient checker is checked: it catches every wrong rule, and passes every right but hard function.

The cases, and how other checkers judge them: benchmarks/gradcheck and docs/gradient-checking-scores.md.
"""

from pathlib import Path

import pytest

from benchmarks.gradcheck.compositions import COMPOSITIONS, spoiled
from benchmarks.gradcheck.contestants import microgradnp as judge
from benchmarks.gradcheck.hard import HARD
from benchmarks.gradcheck.wrong import WRONG

SIBLINGS = [sibling for case in WRONG if (sibling := case.sibling()) is not None]


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@named(WRONG)
def test_a_wrong_rule_is_caught(case):
    verdict = judge(case)
    assert verdict.passed is False, f"passed, though it is wrong: {case.why}"
    assert verdict.reason.startswith(("fail", "refused")), f"wrong ({case.why}), but judged: {verdict.reason}"


@named(SIBLINGS)
def test_the_right_rule_for_the_same_function_passes(case):
    verdict = judge(case)
    assert verdict.passed, f"{verdict.reason}, though it is right ({case.why})"


@named(HARD)
def test_a_hard_function_passes(case):
    verdict = judge(case)
    assert verdict.passed, f"{verdict.reason}, though it is right ({case.why})"


def test_there_are_enough_cases_and_no_name_twice():
    names = [case.name for case in WRONG]
    assert len(names) == len(set(names)) >= 40
    names = [case.name for case in HARD]
    assert len(names) == len(set(names)) >= 40


def test_the_page_of_scores_shows_these_cases():
    page = (Path(__file__).parents[1] / "docs" / "gradient-checking-scores.md").read_text(encoding="utf-8")
    for case in WRONG:
        assert f"| {case.name} | {case.why}" in page, "run python -m benchmarks.gradcheck"
    for case in HARD:
        assert f"| {case.name} | {case.why}" in page, "run python -m benchmarks.gradcheck"
    assert f"| microgradnp | {len(WRONG)} of {len(WRONG)} | {len(HARD)} of {len(HARD)} |" in page


@pytest.mark.slow
def test_no_false_alarm_for_random_right_functions():
    judged = {f"{case.name} ({case.why})": judge(case) for case in COMPOSITIONS}
    assert len(judged) == 200
    assert {name: verdict.reason for name, verdict in judged.items() if not verdict.passed} == {}


@pytest.mark.slow
def test_one_wrong_element_of_random_functions_is_caught():
    cases = [case for right in COMPOSITIONS if (case := spoiled(right, 1 + 1e-4)) is not None]
    assert len(cases) > 190
    judged = {f"{case.name} ({case.why})": judge(case) for case in cases}
    assert {name: verdict for name, verdict in judged.items() if not verdict.reason.startswith("fail")} == {}
