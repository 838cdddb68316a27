"""Numbers as a report writes them."""

from __future__ import annotations

import math
from datetime import datetime

from lc_scoring.records import Usage
from lc_scoring.scale import number_text
from lc_scoring.stats.intervals import Interval

NONE = "—"
"""What stands where there is no number."""

NOTICED = 0.01
"""Seconds from which it is worth telling how long a row took."""

_THOUSAND, _MILLION = 1_000, 1_000_000
_CENTS = 0.1  # dollars from which whole cents are enough
_MINUTE, _HOUR = 60, 3_600


def number(value: float | None, digits: int = 2) -> str:
    """Write a number with as many decimals as its neighbors.

    Examples:
        >>> number(0.625), number(-0.001), number(None), number(12345.6)
        ('0.62', '0.00', '—', '12,345.60')
    """
    if value is None or not math.isfinite(value):
        return NONE
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def short_number(value: float) -> str:
    """Write the end of a scale.

    Examples:
        >>> short_number(10.0), short_number(0.25)
        ('10', '0.25')
    """
    return number_text(round(value, 3))


def span(interval: Interval | None) -> str:
    """Write the ends of an interval.

    Examples:
        >>> span(Interval(0.5, 0.25, 0.75, 9))
        '0.25 to 0.75'
    """
    return NONE if interval is None else f"{number(interval.low)} to {number(interval.high)}"


def share(part: int, whole: int) -> str:
    """Write a share in percent.

    Examples:
        >>> share(1, 8), share(1, 3_000), share(0, 0)
        ('12 %', '< 0.1 %', '—')
    """
    if not whole:
        return NONE
    percent = 100 * part / whole
    if 0 < percent < 0.1:  # noqa: PLR2004 - would be written as 0
        return "< 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 10 or 99 < percent < 100 else f"{percent:.0f} %"  # noqa: PLR2004


def big(count: int) -> str:
    """Write a count in few characters.

    Examples:
        >>> big(999), big(12_345), big(1_234_567)
        ('999', '12.3 k', '1.23 M')
    """
    if count < 10 * _THOUSAND:
        return f"{count:,}"
    if count < _MILLION:
        return f"{count / _THOUSAND:.{1 if count < 100 * _THOUSAND else 0}f} k"
    return f"{count / _MILLION:,.2f} M"


def dollars(usage: Usage) -> str:
    """Write what something cost; without calls it cost nothing, and without a price nobody knows.

    Examples:
        >>> dollars(Usage(calls=1, cost=0.00141)), dollars(Usage(calls=1)), dollars(Usage())
        ('$0.0014', 'not known', '$0')
    """
    if not usage.calls:
        return "$0"
    if usage.cost is None:
        return "not known"
    return f"${usage.cost:,.2f}" if usage.cost >= _CENTS or not usage.cost else f"${usage.cost:.4f}"


def duration(seconds: float | None) -> str:
    """Write how long something took.

    Examples:
        >>> duration(0.0123), duration(2.5), duration(75), duration(7_300), duration(None)
        ('12 ms', '2.5 s', '1 min 15 s', '2 h 1 min', '—')
    """
    if seconds is None:
        return NONE
    if seconds < 1:
        return f"{seconds * 1_000:.0f} ms" if seconds >= 0.001 or not seconds else "< 1 ms"  # noqa: PLR2004
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"
    return f"{seconds // _HOUR:,.0f} h {seconds % _HOUR // _MINUTE:.0f} min"


def when(moment: float | None) -> str:
    """Write a moment, given in seconds since 1970, in the time of this place.

    Examples:
        >>> when(None)
        '—'
    """
    return NONE if moment is None else datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M %Z")


def plural(count: int, word: str) -> str:
    """Write a count and its word.

    Examples:
        >>> plural(1, "row"), plural(1_200, "row")
        ('1 row', '1,200 rows')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"
