"""HTML in small pieces: whatever is not already HTML is escaped on its way in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lc_scoring.runs.report.safe_text import escaped

_VOID = frozenset({"br", "input", "meta"})


class Html(str):
    """A text that is HTML; every other text is escaped before it enters a page."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | None) -> Html:
    """Return an element.

    Args:
        name: its tag.
        content: what stands in it; a text that is no Html is escaped.
        attributes: by name, `aria_label` for `aria-label` and `class_` for `class`; those that are None are left out.

    Examples:
        >>> element("p", "1 < 2 ", element("b", "so"), class_="plain")
        '<p class="plain">1 &lt; 2 <b>so</b></p>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{together(content)}</{name}>")


def together(parts: Iterable[str]) -> Html:
    """Return parts one after the other; a text that is no Html is escaped.

    Examples:
        >>> together(["a < b", element("br")])
        'a &lt; b<br>'
    """
    return Html("".join(part if isinstance(part, Html) else escaped(part) for part in parts))


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, label: str, words: Sequence[int] = (), foot: str = ""
) -> Html:
    """Return a table that can be scrolled sideways where the window is narrow.

    Args:
        head: the columns' names; the first column names each row.
        rows: cells, as many as there are names.
        label: what the table shows, for those who cannot see it.
        words: the numbers of columns, from 1, that hold words and not numbers, and so begin at the left.
        foot: a sentence below it.
    """
    left = {0, *words}
    sides = ["words" if number in left else "number" for number in range(len(head))]
    names = [element("th", name, scope="col", class_=side) for name, side in zip(head, sides, strict=True)]
    body = [
        element(
            "tr",
            element("th", first, scope="row", class_="words"),
            *(element("td", cell, class_=side) for cell, side in zip(others, sides[1:], strict=True)),
        )
        for first, *others in rows
    ]
    made = element("table", element("thead", element("tr", *names)), element("tbody", *body))
    box = element("div", made, class_="scroll", role="region", aria_label=label, tabindex="0")
    return together([box, element("p", foot, class_="note")]) if foot else box


def folded(summary: str, *content: str, class_: str | None = None, open_: bool = False) -> Html:
    """Return what opens when its summary is chosen."""
    return element("details", element("summary", summary), *content, class_=class_, open="" if open_ else None)
