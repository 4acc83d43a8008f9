"""What a picture says of shapes, numbers and names, and how such text is written into DOT."""

from __future__ import annotations

from functools import lru_cache
from html import escape as escape_html
from typing import Any

import numpy as np

LONGEST = 60  # characters of a label; a longer text is cut in the middle


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as Python prints it, so that it reads like the one in an error message.

    >>> shape_text((4, 2)), shape_text((4,)), shape_text(())
    ('(4, 2)', '(4,)', 'scalar')
    """
    return str(tuple(shape)) if shape else "scalar"


def number_text(number: Any) -> str:
    """A Python number in at most four significant digits; integers whole.

    >>> number_text(0.253412), number_text(12345), number_text(float("nan"))
    ('0.2534', '12345', 'nan')
    """
    return f"{number:.4g}" if isinstance(number, float) else str(number)


def argument_text(value: Any) -> str:
    """A static argument of an operation, such as an index, in a few characters.

    >>> argument_text((slice(1, 3), ..., 0)), argument_text((1, ...)), argument_text(np.array([0, 2]))
    ('(1:3, ..., 0)', '(1,)', 'int64 (2,)')
    """
    if isinstance(value, slice):
        parts = ["" if part is None else str(part) for part in (value.start, value.stop, value.step)]
        return ":".join(parts if parts[2] else parts[:2])
    if isinstance(value, (tuple, list)):
        items = [argument_text(item) for item in value]
        if len(items) > 1 and items[-1] == "...":
            items.pop()  # an index that ends so is one that the indexing operation has completed
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {shape_text(value.shape)}"
    if value is Ellipsis:
        return "..."
    if value is None or isinstance(value, (bool, int, float, str, np.generic, np.dtype)):
        return number_text(value)
    return type(value).__name__


@lru_cache(4096)  # a graph repeats few texts often
def printable(text: str) -> str:
    """One line that can be seen: what cannot be (newlines, control characters) as Python writes it, the rest unchanged.

    >>> print(printable("two\\nlines"), printable("naïve <é>"))
    two\\nlines naïve <é>
    """
    seen = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    half = LONGEST // 2
    return seen if len(seen) <= LONGEST else f"{seen[:half]}…{seen[-half + 1 :]}"


@lru_cache(4096)
def plain(text: str) -> str:
    """Text for a quoted DOT string, where backslashes and ``&entities;`` mean something.

    >>> print(plain('a\\\\b & "c"'))
    a\\\\b &amp; "c"
    """
    import graphviz

    return graphviz.escape(printable(text).replace("&", "&amp;"))


@lru_cache(4096)
def rich(text: str, *, size: int | None = None, color: str = "", bold: bool = False) -> str:
    r"""Text for an HTML-like DOT label, in a size and colour. Graphviz reads escapes such as ``\N`` there too.

    >>> print(rich("a < \\N", bold=True))
    <b>a &lt; \\N</b>
    """
    html = escape_html(printable(text)).replace("\\", "\\\\")
    if bold:
        html = f"<b>{html}</b>"
    attributes = (f' point-size="{size}"' if size else "") + (f' color="{color}"' if color else "")
    return f"<font{attributes}>{html}</font>" if attributes else html
