"""The panel as a flow, driven by hand: samples and juries made one score, and what becomes of those that fail."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from lc_scoring.errors import ModelError, NotApplicable, ReplyError, ScoringError
from lc_scoring.flow import Answers, Ask, Asked, Flow, Message, Reply
from lc_scoring.judges.choice import ChoiceJudge
from lc_scoring.judges.pairwise import PAIR_VALUES, PAIR_WORDS, SPLIT, PairJudge
from lc_scoring.judges.panel import Panel, Seat, total_usage_of
from lc_scoring.judges.score import ScoreJudge
from lc_scoring.records import Score, Usage
from lc_scoring.scale import Scale
from lc_scoring.template import Template

T = TypeVar("T")

TEXTS = {"prediction": "It is Paris.", "input": "What is the capital of France?"}
DEAD = "No answer comes."


def question(**texts: str) -> tuple[Message, ...]:
    return (Message("user", f"{texts['input']}\n{texts['prediction']}"),)


def rater(**options: Any) -> ScoreJudge:
    given: dict[str, Any] = {"name": "score_string:depth", "scale": Scale(1, 10), "render": question, "repairs": 0}
    return ScoreJudge(repair_question=Template.of("{reason}"), **given | options)


def chooser(**options: Any) -> ChoiceJudge:
    given: dict[str, Any] = {"words": {"Y": "Y", "N": "N"}, "values": {"Y": 1.0, "N": 0.0}, "repairs": 0}
    return ChoiceJudge(name="depth", render=question, repair_question=Template.of("{reason}"), **given | options)


def pairs(**options: Any) -> ChoiceJudge:
    return chooser(words=PAIR_WORDS, values=PAIR_VALUES, **options)


def samples(count: int, judge: Any = None, **options: Any) -> Panel:
    given: dict[str, Any] = {"aggregate": "mean", "quorum": (count + 1) // 2, "scale": Scale(1, 10), "signature": "s"}
    seats = tuple(Seat(f"sample {number}", judge or rater()) for number in range(1, count + 1))
    return Panel(seats=seats, what="samples", **given | options)


def jury(*judges: Any, offsets: tuple[float, ...] = (), **options: Any) -> Panel:
    seats = [Seat("abc"[at], one, at, offsets[at] if offsets else 0.0) for at, one in enumerate(judges)]
    given: dict[str, Any] = {"aggregate": "mean", "quorum": len(seats) // 2 + 1, "scale": Scale(1, 10)}
    return Panel(seats=tuple(seats), what="members", **given | options)


def voters(count: int, **options: Any) -> Panel:
    return samples(count, chooser(), **{"scale": None, "aggregate": "majority"} | options)


def replies(*said: object) -> tuple[Reply | ModelError, ...]:
    """Make an answer of each rating, verdict, text or error; what it costs is a power of two of its own."""
    return tuple(reply(one, Usage(calls=1, input_tokens=2**at)) for at, one in enumerate(said))


def reply(said: object, usage: Usage) -> Reply | ModelError:
    if said is DEAD or isinstance(said, ModelError):
        return said if isinstance(said, ModelError) else ModelError("No answer came.")
    return Reply(text=said if isinstance(said, str) and len(said) > 3 else f"So: [[{said}]]", usage=usage)


def drive(flow: Flow[T], *rounds: Answers) -> tuple[T, list[Asked]]:
    asked, outcome = [next(flow)], None
    for answers in rounds:
        assert outcome is None, "The flow has ended."
        try:
            asked.append(flow.send(answers))
        except StopIteration as done:
            outcome = done
    assert outcome is not None, f"The flow asks more than {len(rounds)} rounds of questions."
    return outcome.value, asked


def judged(panel: Panel, *said: object) -> Score:
    score, _ = drive(panel.judge(TEXTS), replies(*said))
    return score


def refused(kind: type[ScoringError], panel: Panel, *said: object) -> Any:
    flow = panel.judge(TEXTS)
    next(flow)
    with pytest.raises(kind) as caught:
        flow.send(replies(*said))
    assert type(caught.value) is kind
    return caught.value


def test_ratings_are_averaged_and_the_score_says_how() -> None:
    score = judged(samples(3), 4, 6, 8)
    assert (score.name, score.rating, score.value, score.spread) == ("score_string:depth", 6, 5 / 9, 2)
    assert (score.basis, score.signature, score.failures) == ("mean of 3 samples", "s", ())
    assert [(part.name, part.rating) for part in score.parts] == [
        ("score_string:depth, sample 1", 4),
        ("score_string:depth, sample 2", 6),
        ("score_string:depth, sample 3", 8),
    ]
    assert score.reasoning == (
        "Mean of 3 samples: 4, 6, 8; standard deviation 2.00."
        "\n\nsample 1:\nSo: [[4]]\n\nsample 2:\nSo: [[6]]\n\nsample 3:\nSo: [[8]]"
    )


@pytest.mark.parametrize(
    ("aggregate", "ratings", "rating"),
    [
        ("mean", (1, 2, 9), 4),
        ("mean", (7, 7, 8), 7.333333),
        ("median", (9, 1, 2), 2),
        ("median", (9, 1, 2, 5), 3.5),
        ("median", (5, 5, 1, 9), 5),
        ("median", (4,), 4),
    ],
)
def test_a_median_of_an_even_number_lies_between_the_two_in_the_middle(
    aggregate: str, ratings: tuple[int, ...], rating: float
) -> None:
    score = judged(samples(len(ratings), aggregate=aggregate), *ratings)
    assert (score.rating, score.value) == (rating, pytest.approx((rating - 1) / 9))
    assert score.basis == f"{aggregate} of {len(ratings)} samples"
    assert (score.spread is None) is (len(ratings) == 1), "one alone cannot disagree"


def test_all_seats_are_asked_in_one_round_and_those_not_understood_once_more_in_the_next() -> None:
    panel = jury(*[rater(repairs=1)] * 3)
    score, (first, second, *more) = drive(
        panel.judge(TEXTS), replies(3, "Unclear.", "Very good."), replies("So [[5]].", "So [[10]].")
    )
    assert not more
    assert [(ask.purpose, ask.juror) for ask in first if isinstance(ask, Ask)] == [("rate", at) for at in range(3)]
    assert [(ask.purpose, ask.juror) for ask in second if isinstance(ask, Ask)] == [("repair", 1), ("repair", 2)]
    assert (score.rating, score.usage.calls) == (6, 5)


def test_a_seat_without_a_juror_asks_the_one_its_judge_names() -> None:
    (_, asked) = drive(samples(2, jury(rater(), rater())).judge(TEXTS), replies(1, 2, 3, 4))
    assert [ask.juror for ask in asked[0] if isinstance(ask, Ask)] == [0, 1, 0, 1]


# Some fail.


def test_half_of_the_samples_are_enough() -> None:
    score = judged(samples(4), 4, "Unclear.", DEAD, 8)
    assert (score.rating, score.basis) == (6, "mean of 2 of 4 samples")
    assert [failure.name for failure in score.failures] == ["sample 2", "sample 3"]
    assert [type(failure.error) for failure in score.failures] == [ReplyError, ModelError]
    assert "\n\nsample 2:\nNo score: The reply holds no rating" in score.reasoning
    assert score.reasoning.endswith("\n\nsample 3:\nNo score: No answer came.")


def test_fewer_than_half_of_the_samples_are_not() -> None:
    error = refused(ReplyError, samples(4), 4, "Unclear.", DEAD, "So what?")
    assert error.reason.startswith("Only 1 of 4 samples gave a score, and 2 must. sample 2: The reply holds no rating")
    assert "sample 3: No answer came.; sample 4: " in error.reason
    assert error.reply == "Unclear."
    assert error.usage == Usage(calls=3, input_tokens=1 + 2 + 8)


def test_where_no_sample_can_be_read_the_first_text_is_kept() -> None:
    error = refused(ReplyError, samples(3), "First.", "Second.", "Third.")
    assert (error.reply, error.usage) == ("First.", Usage(calls=3, input_tokens=7))
    assert error.reason.startswith("Only 0 of 3 samples gave a score, and 2 must.")


def test_a_jury_does_without_a_dead_member_and_names_it() -> None:
    score = judged(jury(rater(), rater(), rater()), 5, DEAD, 8)
    assert (score.rating, score.basis) == (6.5, "mean of 2 of 3 members")
    assert [(failure.name, str(failure.error)) for failure in score.failures] == [("b", "No answer came.")]
    assert [part.name for part in score.parts] == ["score_string:depth, a", "score_string:depth, c"]
    assert score.usage == Usage(calls=2, input_tokens=1 + 4)


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ((True, True, True), True),
        ((False, False, False), False),
        ((None, None, None), None),
        ((True, False, True), None),
        ((True, None, True), None),
    ],
)
def test_where_all_are_dead_it_may_be_tried_again_only_if_all_say_so(said: tuple[Any, ...], whole: bool | None) -> None:
    error = refused(ModelError, jury(*[rater()] * 3), *(ModelError("Gone.", retryable=one) for one in said))
    assert error.retryable is whole
    assert str(error) == "Only 0 of 3 members gave a score, and 2 must. a: Gone.; b: Gone.; c: Gone."
    assert error.usage == Usage()


def test_where_some_are_dead_and_some_unread_a_text_is_kept() -> None:
    error = refused(ReplyError, jury(*[rater()] * 3), DEAD, "Hard to say.", DEAD)
    assert (error.reply, error.usage.calls) == ("Hard to say.", 1)


def test_what_led_to_a_failure_is_counted_once_like_what_led_to_a_rating() -> None:
    score, _ = drive(
        samples(4, rater(repairs=1)).judge(TEXTS),
        replies(5, "Unclear.", "Very good.", 7),
        (*replies(DEAD), Reply(text="Still.", usage=Usage(calls=1, input_tokens=100))),
    )
    assert score.usage == Usage(calls=5, input_tokens=1 + 2 + 4 + 8 + 100)
    assert [part.usage.calls for part in score.parts] == [1, 1], "what a part cost stands on it too"
    assert total_usage_of([failure.error for failure in score.failures]) == Usage(calls=3, input_tokens=2 + 4 + 100)


def test_a_jury_of_sampled_judges_asks_all_at_once_and_counts_each_reply_once() -> None:
    panel = jury(*[samples(2)] * 3)
    score, (asked,) = drive(panel.judge(TEXTS), replies(2, 4, 6, "Unclear.", DEAD, "Unclear."))
    assert [ask.juror for ask in asked if isinstance(ask, Ask)] == [0, 0, 1, 1, 2, 2]
    assert (score.rating, score.basis) == (4.5, "mean of 2 of 3 members")
    assert [(part.rating, part.basis) for part in score.parts] == [
        (3, "mean of 2 samples"),
        (6, "mean of 1 of 2 samples"),
    ]
    assert score.usage == Usage(calls=5, input_tokens=1 + 2 + 4 + 8 + 32)
    assert [failure.name for failure in score.failures] == ["c"]


def test_a_jury_of_sampled_judges_that_all_fail_counts_each_reply_once() -> None:
    error = refused(ReplyError, jury(*[samples(2)] * 2), "First.", DEAD, DEAD, "Last.")
    assert (error.reply, error.usage) == ("First.", Usage(calls=2, input_tokens=1 + 8))


def test_what_the_read_order_of_a_failed_comparison_cost_is_counted() -> None:
    panel = samples(1, PairJudge(choice=pairs()), scale=None, split=SPLIT)
    flow = panel.judge({**TEXTS, "prediction_b": "Rome."})
    next(flow)
    with pytest.raises(ModelError) as caught:
        flow.send(replies("A", DEAD))
    assert caught.value.usage == Usage(calls=1, input_tokens=1)


# What is made of the ratings.


def test_what_members_lie_above_the_others_is_taken_off_and_parts_keep_their_own() -> None:
    score = judged(jury(rater(), rater(), offsets=(2, -0.5)), 8, 5)
    assert (score.rating, score.value) == (5.75, pytest.approx(4.75 / 9))
    assert [part.rating for part in score.parts] == [8, 5]
    assert "Mean of 2 members: 8, 5;" in score.reasoning


@pytest.mark.parametrize(("offset", "ratings", "rating"), [(2, (1, 2), 1), (-3, (10, 9), 10)])
def test_a_mean_is_held_on_the_scale(offset: float, ratings: tuple[int, int], rating: float) -> None:
    score = judged(jury(rater(), rater(), offsets=(offset, offset)), *ratings)
    assert (score.rating, score.value) == (rating, float(rating == 10))
    assert tuple(part.rating for part in score.parts) == ratings


def test_where_lower_is_better_the_value_is_turned_once() -> None:
    judge = rater(lower_is_better=True)
    score = judged(jury(samples(2, judge, lower_is_better=(True,)), lower_is_better=(True,)), 1, 4)
    assert (score.rating, score.value) == (2.5, pytest.approx(1 - 1.5 / 9))
    assert score.parts[0].value == score.value


def test_distributions_and_what_was_parsed_are_brought_together() -> None:
    panel = samples(2)
    one, other = Score(name="a", value=0, rating=1), Score(name="a", value=1, rating=10, parsed={"k": 1})
    score = panel.combine([one, other])
    assert (score.distribution, score.parsed) == ({}, [None, {"k": 1}])
    parts = [
        Score(name="a", value=0, rating=1, distribution=spread) for spread in ({1: 0.5, 2: 0.5}, {2: 0.25, 9: 0.75})
    ]
    mean = panel.combine(parts)
    assert (dict(mean.distribution), mean.parsed) == ({1: 0.25, 2: 0.375, 9: 0.375}, None)
    assert list(mean.distribution) == [1, 2, 9]
    assert panel.combine([parts[0], one]).distribution == {}


# Verdicts.


@pytest.mark.parametrize(
    ("votes", "label", "value"), [("YNY", "Y", 1.0), ("NNY", "N", 0.0), ("YYY", "Y", 1.0), ("NYYYN", "Y", 1.0)]
)
def test_verdicts_are_put_to_the_vote(votes: str, label: str, value: float) -> None:
    score = judged(voters(len(votes)), *votes)
    assert (score.label, score.value, score.rating) == (label, value, None)
    head = f"Majority of {len(votes)} samples: {', '.join(votes)}.\n\nsample 1:\nSo: [[{votes[0]}]]\n\n"
    assert score.reasoning.startswith(head)


def test_a_vote_that_nobody_won_is_an_error_that_says_what_to_do() -> None:
    error = refused(ReplyError, voters(2), "Y", "N")
    assert error.reason == "The samples are split (Y: 1, N: 1): take an odd number of them, or aggregate='mean'."
    assert (error.reply, error.usage) == ("So: [[Y]]\n\nSo: [[N]]", Usage(calls=2, input_tokens=3))


@pytest.mark.parametrize("votes", ["AB", "ABC", "AACB"])
def test_a_vote_that_nobody_won_is_a_tie_where_there_are_ties(votes: str) -> None:
    score = judged(samples(len(votes), pairs(), scale=None, aggregate="majority", split=SPLIT), *votes)
    assert (score.label, score.value) == ("C", 0.5)
    assert [part.label for part in score.parts] == list(votes)


@pytest.mark.parametrize(("votes", "label", "value"), [("YYN", "Y", 2 / 3), ("YN", None, 0.5), ("NNNN", "N", 0.0)])
def test_the_mean_of_verdicts_is_the_share_of_votes(votes: str, label: str | None, value: float) -> None:
    score = judged(voters(len(votes), aggregate="mean"), *votes)
    assert (score.label, score.value) == (label, pytest.approx(value))
    assert score.spread == pytest.approx({"YYN": 0.57735, "YN": 0.70711, "NNNN": 0}[votes], abs=1e-5)


def test_members_without_a_verdict_of_their_own_do_not_vote_for_one() -> None:
    members = [voters(2, aggregate="mean")] * 3
    score = judged(jury(*members, scale=None), "Y", "N", "N", "Y", "Y", "Y")
    assert (score.label, score.value) == (None, pytest.approx(2 / 3))


# Not applicable.


@pytest.mark.parametrize("said", [("N/A", "N/A", 7), ("N/A", "N/A", "N/A"), ("N/A", 7, "N/A"), ("N/A", "N/A", DEAD)])
def test_where_most_say_that_it_does_not_apply_so_it_is(said: tuple[object, ...]) -> None:
    state = refused(NotApplicable, samples(3, rater(not_applicable=True)), *said)
    assert state.reasoning == "\n\n".join(["So: [[N/A]]"] * said.count("N/A"))
    assert state.usage.calls == 3 - said.count(DEAD)


@pytest.mark.parametrize(("said", "basis"), [(("N/A", 4, 8), "2 of 3"), (("N/A", 4, 8, "N/A"), "2 of 4")])
def test_where_no_more_than_half_say_so_the_others_rate(said: tuple[object, ...], basis: str) -> None:
    score = judged(samples(len(said), rater(not_applicable=True)), *said)
    assert (score.rating, score.basis, score.usage.calls) == (6, f"mean of {basis} samples", len(said))
    assert isinstance(score.failures[0].error, NotApplicable)


def test_one_member_of_a_dead_jury_cannot_say_that_it_does_not_apply() -> None:
    error = refused(ReplyError, jury(*[rater(not_applicable=True)] * 3), "N/A", DEAD, DEAD)
    assert error.reason.startswith("Only 0 of 3 members gave a score, and 2 must. a: ")
    assert (error.reply, error.usage) == ("So: [[N/A]]", Usage(calls=1, input_tokens=1))


def test_a_quorum_counts_ratings() -> None:
    error = refused(ReplyError, samples(4, rater(not_applicable=True), quorum=3), "N/A", "N/A", 4, 8)
    assert error.reason.startswith("Only 2 of 4 samples gave a score, and 3 must. ")
    assert error.usage.calls == 4
