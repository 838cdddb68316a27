"""The alternative annotator test: beside a straightforward one with scipy's t-test, and what it tells nothing of."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.stats

from lc_scoring.stats.alternative_annotator import (
    FEWEST_ITEMS,
    AlternativeAnnotator,
    alternative_annotator_test,
)

N = math.nan


def known(found: AlternativeAnnotator | None) -> AlternativeAnnotator:
    assert found is not None
    return found


def simulated(items: int, people: int, noise: float, *, missing: float = 0.0, seed: int = 0) -> tuple[Any, Any]:
    """Return a judge's and people's ratings of the same truth, the judge's with noise of its own size."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(3, 1, items)
    given = np.clip(np.round(truth[:, None] + 0.7 * draw.standard_normal((items, people))), 1, 5)
    judge = np.clip(np.round(truth + noise * draw.standard_normal(items)), 1, 5)
    given[draw.random(given.shape) < missing] = N
    judge[draw.random(items) < missing / 4] = N
    return judge, given


def straightforward(judge: Any, people: Any, *, nominal: bool, epsilon: float) -> tuple[float, float, int] | None:
    """Return winning rate, advantage and people of the test as the paper tells it: item by item, person by person."""

    def near(rating: float, others: list[float]) -> float:
        if nominal:
            return sum(rating == other for other in others) / len(others)
        return -math.sqrt(sum((rating - other) ** 2 for other in others) / len(others))

    probabilities, advantages = [], []
    for person in range(people.shape[1]):
        differences, wins = [], []
        for rating, row in zip(judge.tolist(), people.tolist(), strict=True):
            others = [one for place, one in enumerate(row) if place != person and not math.isnan(one)]
            if others and not math.isnan(row[person]) and not math.isnan(rating):
                of_judge, of_person = near(rating, others), near(row[person], others)
                alike = math.isclose(of_judge, of_person, abs_tol=1e-12)
                wins.append(of_judge > of_person or alike)
                differences.append(int(of_person > of_judge or alike) - int(wins[-1]))
        if len(differences) >= 30:
            advantages.append(sum(wins) / len(wins))
            if len(set(differences)) == 1:
                probabilities.append(float(differences[0] >= epsilon))
            else:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    probabilities.append(scipy.stats.ttest_1samp(differences, epsilon, alternative="less").pvalue)
    if len(probabilities) < 2:
        return None
    rejected = scipy.stats.false_discovery_control(probabilities, method="by") < 0.05
    return float(np.mean(rejected)), float(np.mean(advantages)), len(probabilities)


@pytest.mark.parametrize("nominal", [False, True])
@pytest.mark.parametrize("epsilon", [0, 0.1, 0.2])
@pytest.mark.parametrize(("items", "people", "missing"), [(40, 3, 0), (120, 5, 0.3), (60, 4, 0.4), (300, 2, 0.1)])
@pytest.mark.parametrize("noise", [0, 0.7, 1.2])
def test_it_is_what_the_straightforward_test_says(
    items: int, people: int, missing: float, noise: float, nominal: bool, epsilon: float
) -> None:
    judge, given = simulated(items, people, noise, missing=missing, seed=items)
    found = alternative_annotator_test(judge, given, nominal=nominal, epsilon=epsilon)
    expected = straightforward(judge, given, nominal=nominal, epsilon=epsilon)
    if expected is None:
        assert found is None
    else:
        assert (known(found).winning_rate, known(found).advantage, known(found).people) == pytest.approx(expected)
        assert known(found).epsilon == epsilon
        usual = np.nanmedian(given) if not nominal else usual_label(given)
        constant = np.where(np.isnan(judge), N, usual)
        of_constant = straightforward(constant, given, nominal=nominal, epsilon=epsilon)
        assert of_constant is not None
        assert known(found).constant_advantage == pytest.approx(of_constant[1])


def usual_label(given: Any) -> float:
    labels = sorted(given[~np.isnan(given)].tolist())
    return max(dict.fromkeys(labels), key=labels.count)


def test_a_good_judge_passes_and_a_bad_one_does_not() -> None:
    judge, people = simulated(200, 4, 0.3)
    good = known(alternative_annotator_test(judge, people))
    assert good.passed
    assert good.winning_rate == 1
    assert good.advantage > good.constant_advantage
    bad = known(alternative_annotator_test(6 - judge, people))
    assert not bad.passed
    assert bad.winning_rate == 0
    assert bad.advantage < bad.constant_advantage


def test_half_of_the_people_are_enough() -> None:
    assert AlternativeAnnotator(0.5, 0.7, 0.5, 4, 0.2).passed
    assert not AlternativeAnnotator(0.49, 0.7, 0.5, 4, 0.2).passed


def test_it_says_so_in_a_line() -> None:
    assert str(AlternativeAnnotator(0.75, 0.8, 0.31, 4, 0.2)).startswith(
        "may stand in for a person: wins against 75% of 4 people"
    )
    line = str(AlternativeAnnotator(0.25, 0.8, 0.31, 4, 0.2))
    assert line.startswith("may not stand in for a person: wins against 25% of 4 people")
    assert "80%" in line
    assert "31%" in line


def test_one_who_is_always_as_near_wins_for_any_epsilon_but_none() -> None:
    """No scatter at all, so no t: what is the same throughout differs by less than epsilon, or does not."""
    same = np.arange(40) % 5 + 1.0
    people = np.stack([same] * 3, axis=1)
    found = known(alternative_annotator_test(same, people))
    assert (found.winning_rate, found.advantage) == (1, 1)
    assert known(alternative_annotator_test(same, people, epsilon=0)).winning_rate == 0
    never = known(alternative_annotator_test(same + 1, people, epsilon=0.99))
    assert (never.winning_rate, never.advantage) == (0, 0)
    assert known(alternative_annotator_test(same + 1, people, epsilon=1)).winning_rate == 0


def test_of_labels_only_equality_counts() -> None:
    truth = np.arange(60) % 3 + 1.0
    people = np.stack([truth] * 3, axis=1)
    people[:10, 0] = 9
    judge = np.where(np.arange(60) < 20, truth + 1, truth)
    found = known(alternative_annotator_test(judge, people, nominal=True))
    names = {1.0: -4.0, 2.0: 77.0, 3.0: 0.5, 4.0: 8.0, 9.0: 1e6}
    renamed = np.vectorize(names.__getitem__)
    other = known(alternative_annotator_test(renamed(judge), renamed(people), nominal=True))
    assert (other.winning_rate, other.advantage) == (found.winning_rate, found.advantage)


def test_neither_the_place_nor_the_unit_of_the_scale_plays_a_part() -> None:
    judge, people = simulated(80, 4, 0.7, missing=0.2)
    found = alternative_annotator_test(judge, people)
    for offset, unit in ((1e6, 1), (5, 2**-20), (-3, 0.5)):
        assert alternative_annotator_test(offset + unit * judge, offset + unit * people) == found


def test_whom_fewer_than_thirty_items_tell_nothing_of_is_left_out() -> None:
    judge, people = simulated(60, 4, 0.3)
    people[FEWEST_ITEMS:, 3] = N
    assert FEWEST_ITEMS == 30
    assert known(alternative_annotator_test(judge, people)).people == 4
    people[0, 3] = N
    assert known(alternative_annotator_test(judge, people)).people == 3


@pytest.mark.parametrize(
    ("judge", "people"),
    [
        pytest.param([], np.empty((0, 3)), id="no items"),
        pytest.param(np.ones(40), np.empty((40, 0)), id="no people"),
        pytest.param(np.ones(40), np.ones((40, 1)), id="one person"),
        pytest.param(np.ones(29), np.ones((29, 3)), id="few items"),
        pytest.param(np.full(40, N), np.ones((40, 3)), id="no ratings of the judge"),
        pytest.param(np.ones(40), np.full((40, 3), N), id="no ratings of people"),
        pytest.param(np.ones(60), np.where(np.arange(60)[:, None] % 2 == [0, 1], 1, N), id="no item twice"),
        pytest.param(np.ones(40), np.stack([np.ones(40), *[np.full(40, N)] * 2], axis=1), id="one who rated"),
    ],
)
@pytest.mark.parametrize("nominal", [False, True])
def test_what_tells_nothing_is_none(judge: Any, people: Any, nominal: bool) -> None:
    assert alternative_annotator_test(judge, people, nominal=nominal) is None


@pytest.mark.parametrize(
    ("judge", "people", "epsilon"),
    [
        (np.ones((40, 1)), np.ones((40, 3)), 0.2),
        (np.ones(40), np.ones(40), 0.2),
        (np.ones(40), np.ones((39, 3)), 0.2),
        (np.ones(40), np.ones((40, 3)), -0.1),
        (np.ones(40), np.ones((40, 3)), 1.1),
        (np.ones(40), np.ones((40, 3)), N),
    ],
)
def test_what_does_not_fit_is_refused(judge: Any, people: Any, epsilon: float) -> None:
    with pytest.raises(ValueError, match=r"shape \(items,\) and \(items, people\) and an epsilon in \[0, 1\], got"):
        alternative_annotator_test(judge, people, epsilon=epsilon)


def test_ratings_are_finite_or_missing() -> None:
    judge, people = simulated(60, 3, 0.3)
    judge[0] = math.inf
    with pytest.raises(ValueError, match="finite"):
        alternative_annotator_test(judge, people)
