"""Replies in which an earlier, a later or a neighboring number could be taken for the rating."""

from __future__ import annotations

import pytest

from lc_scoring.errors import ReplyError
from lc_scoring.rating import read_rating
from lc_scoring.scale import Scale

ASKED_AGAIN = {
    "Rating: [[6]] (where [[10]] is best)": "comes after it",
    "Rating: [[7]] out of [[10]]": "comes after it",
    "I'd rate it [[7]] on a scale of [[1]]-[[10]]": "side by side",
    "Rating: [[9]]\n\nSources: [[2]](page), [[3]](page)": "comes after it",
    "Rating: [[4]]\n```python\nm = [[9]]\n```": "comes after it",
    "Rating: [[7]]\nConfidence: [[5]]": "comes after it",
    "Clarity [[3]].\nRating: [[8,5]]": "no single number",
    "So [[7]]. Final: [[8,5]]": "no single number",
    "Clarity [[3]].\nRating: [[[8]]]": "unreadable",
    "Clarity [[3]].\nRating: \\[[[8]]\\]": "unreadable",
    "Clarity [[3]].\nRating: [[~8]]": "unreadable",
    "Clarity [[3]].\nFinal rating: [[N/A]]": "unreadable",
    "Clarity [[3]].\nFinal rating: [8]": "unreadable",
    "Clarity [[3]].\nFinal rating: **8/10**": "unreadable",
    "Clarity: [[3]]\nDepth: [[4]]\n\nOverall rating: 8": "unreadable",
    "Rating: [[4]] / 5": "out of 5",
    "[[8]]/100": "out of 100",
    "Rating: [[8]]%": "percentage",
    "Rating: [[2]]0": "no single number",
    "[[8]].5": "no single number",
    "Clarity [[3]]. It mentions <think> tags. Rating: [[8]]": "thinks aloud",
    "[[9]], [[5]], [[5]]": "side by side",
    "[[5]][[7]]": "side by side",
}
READ = {
    "Rating: [[5]] ... [[9]]": 9,
    "Rating: [[5]]. On reflection, [[9]].": 9,
    "Rating: [[5]]\nFinal answer: [[9]]": 9,
    "[[5]]\n[[9]]": 9,
    "[[5]]\n\n[[9]]": 9,
    "Clarity [[3]].\nRating: [[\u200b8]]": 8,
    "Clarity [[3]].\nRating: [[Overall: 8]]": 8,
    "Accuracy: [[3]]\nOverall[[8]]": 8,
    "Rating: [[1]], but on reflection Rating: [[3]]": 3,
    "Accuracy: [[8]]\nRating: [[7]]": 7,
    "Rating: [[8]]. Note: 3 errors.": 8,
    "Rating: [[8]]\n\nThe score: a fair one.": 8,
    "Rating: [[8]] out of 10": 8,
    "**Rating**: [[8]]/10": 8,
    "Rating of the answer is [[8]]": 8,
    "<thought>maybe [[2]]</thought>[[8]]": 8,
    "<seed:think>maybe [[2]]</seed:think>[[8]]": 8,
    "Rating: [[2]]\nThe text says: Score: 10": 2,
}


@pytest.mark.parametrize(("text", "reason"), ASKED_AGAIN.items())
def test_what_is_in_doubt_is_not_guessed(text: str, reason: str) -> None:
    with pytest.raises(ReplyError, match=reason):
        read_rating(text, Scale(1, 10))


@pytest.mark.parametrize(("text", "rating"), READ.items())
def test_what_is_certain_is_read(text: str, rating: float) -> None:
    assert read_rating(text, Scale(1, 10)) == rating
