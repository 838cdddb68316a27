"""The page of a report: one HTML document that holds all it needs and may fetch nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files

from lc_scoring.runs.report.markup import Html, element, folded

LIBRARIES = ("vega", "vega-lite", "vega-embed")
"""What draws the charts, in the order in which each needs the one before."""

_ASSETS = files("lc_scoring.runs.report") / "assets"


def page(title: str, head: Html, sections: Sequence[tuple[str, str, Html]], *, charts: str, rows: str) -> Iterator[str]:
    """Yield a page in pieces: first all that can be read, then the data, then the scripts.

    Args:
        title: of the document.
        head: what stands above the sections.
        sections: the id, the name in the list of contents, and the content of each.
        charts: the charts, as JSON fit for a script element.
        rows: the table's rows, as JSON fit for a script element.
    """
    scripts = [asset(f"{name}.min.js") for name in LIBRARIES] if '"id"' in charts else []
    scripts.append(asset("report.js"))
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_source, scripts))}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield element("meta", http_equiv="Content-Security-Policy", content=policy)
    yield element("meta", name="viewport", content="width=device-width, initial-scale=1")
    yield element("meta", name="color-scheme", content="light dark")
    yield element("meta", name="referrer", content="no-referrer")
    yield f"\n{element('title', title)}\n<style>\n{asset('report.css')}</style>\n</head>\n<body>\n"
    yield element("a", "Skip to the content", href="#content", class_="skip")
    yield _contents(sections)
    yield '\n<main id="content">\n'
    yield head
    for _, _, content in sections:
        yield f"\n{content}"
    yield _foot()
    yield "\n</main>\n"
    yield f'<script type="application/json" id="chart-data">{charts}</script>\n'
    yield f'<script type="application/json" id="row-data">{rows}</script>\n'
    for script in scripts:
        yield f"<script>{script}</script>\n"
    yield "</body>\n</html>\n"


def asset(name: str) -> str:
    """Return a text file of the package's, with line ends as a browser reads them, for the policy's digests to fit."""
    return (_ASSETS / name).read_bytes().decode().replace("\r\n", "\n")


def _source(script: str) -> str:
    """Return how a policy names a script that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _contents(sections: Sequence[tuple[str, str, Html]]) -> Html:
    links = [element("li", element("a", name, href=f"#{place}")) for place, name, _ in sections]
    return element("nav", element("ul", *links), aria_label="Contents")


def _foot() -> Html:
    licences = [element("pre", asset(f"{name}.LICENSE")) for name in LIBRARIES]
    return element(
        "footer",
        element("p", "Made with lc_scoring. This page is complete: it fetches nothing."),
        folded("Charts by Vega, Vega-Lite and Vega-Embed: licences", *licences),
    )
