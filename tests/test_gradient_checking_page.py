"""docs/gradient-checking.md, followed to the letter: its files written, its commands run, its output compared."""

import doctest
import re
import shlex
import sys
from pathlib import Path

from microgradnp.testing import check, components, strategies

pytest_plugins = "pytester"
LOADED = components, strategies  # before the projects below, which forget what they have loaded

PAGE = (Path(__file__).parents[1] / "docs" / "gradient-checking.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
INSTALL = 'pip install ".[test]"\n'


def agrees(expected, output):
    """Whether the lines of the page occur in the output, in this order. ``...`` is any text, ``====`` any rule."""
    left = iter(output.splitlines())
    return all(any(matches(line, other) for other in left) for line in expected.splitlines() if line != "...")


def matches(line, other):
    return re.fullmatch(re.escape(line).replace(r"\.\.\.", ".*").replace("====", "=+"), other)


def test_the_page_can_be_followed(pytester, monkeypatch):
    monkeypatch.setattr(check, "observers", [])  # those of the run that this is part of
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # files change within a second
    output, done = "", []
    for block in BLOCK.finditer(PAGE):
        before, kind, body = block["before"], block["kind"], block["body"]
        if kind == "sh" and body != INSTALL:
            command, *arguments = shlex.split(body)
            assert command == "pytest"
            result = pytester.runpytest_inprocess("-p", "no:randomly", *arguments)
            output = "\n".join(result.outlines)
        elif kind == "text":
            assert agrees(body, output), f"the page says\n{body}\nbut there is\n{output}"
        elif kind == "python" and ">>>" not in body:
            body = body.replace("max_examples=20", "max_examples=3")  # it is the page that is tested
            pytester.path.joinpath(re.findall(r"`(\w+\.py)`", before)[-1]).write_text(body, encoding="utf-8")
        done.append(kind)
    assert done.count("sh") == done.count("text") + 1 == 6
    assert done.count("python") > 8


def test_the_examples_on_the_page_run():
    parsed = doctest.DocTestParser().get_doctest(PAGE, {}, "gradient-checking.md", None, 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(parsed).failed == 0
    assert len(parsed.examples) > 8


def test_the_links_on_the_page_lead_somewhere():
    titles = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)", PAGE)}
    docs = Path(__file__).parents[1] / "docs"
    links = re.findall(r"\]\((?!http)([^)]+)\)", PAGE)
    assert [link for link in links if link[1:] not in titles and not (docs / link).exists()] == []
