"""The offline judge: its scope, its evidence, its promises for any text, and its coefficients file."""

from __future__ import annotations

import json
import math
import re
import time
from importlib.resources import files

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lc_scoring.errors import ScopeError
from lc_scoring.trained.correctness import (
    MAX_CHARACTERS,
    MAX_REFERENCE_WORDS,
    Assessment,
    assess,
    clip,
    read_evidence,
    split_aliases,
)
from lc_scoring.trained.evidence import collect, read_words

MOON = "When did people land on the Moon?"
CAPITAL = "What is the capital of France?"
# Plain text mixed with what tends to break readers of text.
PLAIN = st.sampled_from("abcXYZ0129 .,/()[]'\n\r\u2028\x00-%") | st.characters(max_codepoint=0x24F)
ODD = st.characters() | st.characters(categories=["Cs", "Mn", "No", "Nd", "Lo", "Lt", "Zl"])
HOSTILE = st.text(PLAIN, max_size=80) | st.text(PLAIN | ODD, max_size=80)


def listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(";")]


SEPARATED = listed("UK|United Kingdom; UK | United Kingdom; 1832|1889; 13|thirteen; 1,000|10,000; N Z|New Zealand")
WHOLE = listed(
    "3/4; 3/4, roughly; 05/12/2020; 24/7; 160km/hour; 5 meters/second; km/h; bread and/or butter; he/she; n/a; "
    "A/B testing; https://example.org"
)
ONE_NUMBER = listed(
    "1,000 = #1000; 1000 = #1000; one thousand = #1000; 1000.0 = #1000; 2.5 million = #2500000; twenty-one = #21; "
    "2,500,000 = #2500000; one thousand, one hundred and thirty-two = #1132; two hundred thousand = #200000; "
    "18th = #18; eighteenth = #18; 1980s = #1980; XII = #12; \uff11\uff12 = #12"
)
SIDE_BY_SIDE = listed(
    "in 2000 one of them = in #2000 #1 of them; ten five = #10 #5; twenty twelve = #20 #12; "
    "two and three = #2 and #3; one hundred and = #100 and; 1,00 = #1 #0"
)
SAME_WORDS = listed(
    "Beyoncé = beyonce; Beyonce\u0301 = Beyoncé; Łódź Ørsted Æther Straße = lodz orsted aether strasse; "
    "J. K. Rowling = J.K. Rowling; U S A = U.S.A.; the king\u2019s men = the king's men; don't = dont; "
    "cities created = city creates; 5 km = 5 kilometers; 12 Feb = 12 February"
)
AGAINST = "number_conflict number_absent name_conflict negation_differs refusal yes_no_conflict nothing_new empty"
REFUSALS = listed(
    "I don't know.; I do not know the answer.; I\u2019m sorry, I can\u2019t say.; As an AI, I cannot answer.; "
    "There is not enough information."
)
LONG_RUNS = ("word ", "a", "1", "1,", "Ab/", "/", "A. ", "(", "'s ", "one hundred ", "x\u0301", "\ud800")
UNSAFE = re.compile(r"[\[\]{}<>\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def probability(prediction: str, reference: str, question: str | None = None) -> float:
    return assess(prediction=prediction, reference=reference, input=question).probability


def reasons(prediction: str, reference: str, question: str | None = None) -> str:
    return " ".join(assess(prediction=prediction, reference=reference, input=question).reasons)


def stems(text: str) -> list[str]:
    return [word.stem for word in read_words(text)]


def feature(name: str, prediction: str, reference: str, question: str | None = None) -> float:
    return read_evidence(prediction=prediction, reference=reference, input=question).values[name]


class TestScope:
    @pytest.mark.parametrize("reference", ["", "  \n", "\u2003"])
    def test_a_blank_reference_is_refused(self, reference: str) -> None:
        with pytest.raises(ScopeError, match=r"blank reference.*llm=\"openai:"):
            assess(prediction="Paris", reference=reference, input=CAPITAL)

    @pytest.mark.parametrize("reference", ["?!", "///", "\ud800", "💑"])
    def test_a_reference_without_words_is_refused(self, reference: str) -> None:
        with pytest.raises(ScopeError, match="without a word or number"):
            assess(prediction="Paris", reference=reference, input=CAPITAL)

    def test_the_longest_alias_decides_about_the_length(self) -> None:
        longest = " ".join(["word"] * MAX_REFERENCE_WORDS)
        assert assess(prediction="word", reference=f"{longest}/{longest} / word", input=None)
        with pytest.raises(ScopeError, match=rf"{MAX_REFERENCE_WORDS + 1} words.*openai:"):
            assess(prediction="word", reference=f"short / {longest} more", input=None)

    @pytest.mark.parametrize(
        ("prediction", "reference", "named"),
        [
            ("Paris", "Париж", "reference"),
            ("巴黎是首都", "Paris", "prediction"),
            ("पेरिस and पेरिस", "Paris", "prediction"),
        ],
    )
    def test_another_script_is_refused(self, prediction: str, reference: str, named: str) -> None:
        with pytest.raises(ScopeError, match=rf"a {named} that is mostly not in Latin letters.*openai:"):
            assess(prediction=prediction, reference=reference, input=CAPITAL)

    def test_a_foreign_name_in_latin_text_is_in_scope(self) -> None:
        assert probability("Paris (Париж)", "Paris", CAPITAL) > 0.9

    def test_digits_alone_are_in_scope(self) -> None:
        assert probability("1969", "1969", MOON) > 0.9

    def test_scope_errors_are_not_worth_a_retry(self) -> None:
        with pytest.raises(ScopeError) as caught:
            assess(prediction="Paris", reference="", input=None)
        assert caught.value.retryable is False


class TestVerdicts:
    def test_confidence_is_the_distance_from_a_coin_toss(self) -> None:
        for prediction in ("Paris", "Lyon", "", "It may be Paris or Lyon"):
            found = assess(prediction=prediction, reference="Paris", input=CAPITAL)
            assert found.confidence == abs(2 * found.probability - 1)

    def test_right_above_wrong(self) -> None:
        assert probability("The capital is Paris.", "Paris", CAPITAL) > 0.95
        assert probability("The capital is Lyon.", "Paris", CAPITAL) < 0.2

    def test_an_empty_answer_is_surely_wrong(self) -> None:
        for prediction in ("", "   ", "...", "\ud800"):
            found = assess(prediction=prediction, reference="Paris", input=CAPITAL)
            assert found.probability < 0.01
            assert found.reasons == ("The answer is empty.",)

    @pytest.mark.parametrize("refusal", REFUSALS)
    def test_a_refusal_is_wrong_and_said_to_be_one(self, refusal: str) -> None:
        assert probability(refusal, "Paris", CAPITAL) < 0.2
        assert "refusal" in reasons(refusal, "Paris", CAPITAL)

    def test_an_answer_that_begins_like_a_refusal_is_none(self) -> None:
        answer = "As an AI I have no live data, but the capital is Paris."
        assert probability(answer, "Paris", CAPITAL) > 0.5
        assert "refusal" not in reasons(answer, "Paris", CAPITAL)

    def test_opposite_verdicts(self) -> None:
        assert probability("Yes.", "no", "Is glass a metal?") < 0.1
        assert probability("No, it is not.", "no", "Is glass a metal?") > 0.5
        assert "opposite verdicts" in reasons("False", "Yes", "Is it?")

    def test_the_same_texts_give_the_same_assessment(self) -> None:
        found = [assess(prediction="In 1967.", reference="1969/in 1969", input=MOON) for _ in range(3)]
        assert found[0] == found[1] == found[2]
        assert isinstance(found[0], Assessment)

    def test_an_echo_of_the_question_is_wrong(self) -> None:
        echo = "The organ that pumps blood"
        assert probability(echo, "the heart", "Which organ pumps blood?") < 0.3
        assert "adds no word" in reasons(echo, "heart", "the organ that pumps blood?")

    def test_a_negation_on_one_side_lowers_the_probability(self) -> None:
        flat, negated = "Penguins can fly", "Penguins can not fly"
        assert probability(negated, flat) < probability(flat, flat)
        assert "Only one of the two" in reasons(negated, flat)


class TestReasons:
    def test_numbers_that_differ_are_named(self) -> None:
        found = assess(prediction="In 1967.", reference="1969", input=MOON)
        assert found.reasons[0] == "The numbers differ: the reference has 1969, the answer has 1967."
        assert found.probability < 0.5

    def test_found_and_missing_words_are_named(self) -> None:
        text = reasons("The Moon goes round", "The Moon orbits Mars", "What orbits?")
        assert "Found in the answer: Moon; not found: Mars." in text

    def test_a_whole_and_an_equal_answer(self) -> None:
        assert "holds what the reference asks for: Paris" in reasons("Paris, I think", "Paris", CAPITAL)
        assert reasons("the paris", "Paris", CAPITAL) == "The answer is the reference, word for word."

    def test_other_names_are_named(self) -> None:
        assert "Other names in the answer: Lyon" in reasons("It is Lyon", "Paris", CAPITAL)

    def test_only_a_few_short_pieces_are_quoted(self) -> None:
        text = reasons("X", " ".join(chr(97 + i) * 60 for i in range(15)))
        assert "and 9 more" in text
        assert max(map(len, re.findall(r"\w+", text))) == 24


class TestAliases:
    @pytest.mark.parametrize("pieces", SEPARATED)
    def test_where_a_slash_separates(self, pieces: str) -> None:
        assert split_aliases(pieces.replace("|", "/")) == pieces.split("|")

    @pytest.mark.parametrize("reference", WHOLE)
    def test_where_a_slash_does_not_separate(self, reference: str) -> None:
        assert split_aliases(reference) == [reference]

    def test_blank_aliases_are_dropped(self) -> None:
        assert split_aliases("/UK / / United Kingdom/ ") == ["UK ", " United Kingdom"]

    def test_the_best_alias_wins(self) -> None:
        assert probability("1889", "1832/1889", "When?") > 0.8
        assert probability("It is the UK", "Great Britain / UK", "Which country?") > 0.8

    def test_half_a_fraction_is_not_the_fraction(self) -> None:
        assert feature("word_recall", "4", "3/4", "How much?") == 0.5
        assert probability("4", "3/4", "How much?") < probability("3/4", "3/4", "How much?")

    def test_a_short_form_stands_for_the_long_and_back(self) -> None:
        space = "National Aeronautics and Space Administration"
        assert probability("It was NASA", space, "Who?") > 0.8
        assert probability(f"It was the {space}", "NASA", "Who?") > 0.8
        assert probability("ADP", "adenosine diphosphate (ADP)", "What?") > 0.8
        assert probability("No Apples Sold Apart", "NATO", "Who?") < 0.5

    def test_an_aside_in_parentheses_is_not_asked_for(self) -> None:
        assert feature("equal", "Shine", "Shine (1996 film)", "Which film?") == 1
        assert feature("equal", "Boyle", "(Boyle)") == 1

    def test_an_alias_that_only_repeats_the_question_does_not_win(self) -> None:
        question, reference = "Which club plays in Perth?", "Perth club/Perth Glory"
        assert feature("contained", "Glory", "Glory/club", question) == 1
        found = read_evidence(prediction="The club is Perth Glory", reference=reference, input=question)
        assert [word.text for word in found.found] == ["Glory"]


class TestWords:
    @pytest.mark.parametrize("pair", ONE_NUMBER)
    def test_a_number_has_one_key_however_written(self, pair: str) -> None:
        text, key = pair.split(" = ")
        assert stems(text) == [key]

    @pytest.mark.parametrize("pair", SIDE_BY_SIDE)
    def test_numbers_side_by_side_stay_apart(self, pair: str) -> None:
        text, keys = pair.split(" = ")
        assert stems(text) == keys.split()

    @pytest.mark.parametrize("pair", SAME_WORDS)
    def test_spellings_of_one_word_agree(self, pair: str) -> None:
        one, other = pair.split(" = ")
        assert stems(one) == stems(other)

    def test_a_number_without_end_is_one_word(self) -> None:
        assert stems("9" * 400) == ["#inf"]

    def test_near_spellings_count_in_part(self) -> None:
        assert 0.6 < feature("word_recall", "Tchaikovski", "Tchaikovsky") < 1
        assert feature("word_recall", "Brahms", "Tchaikovsky") == 0
        assert feature("word_recall", "cat", "car") == 0

    def test_a_year_of_the_decade_counts_in_part(self) -> None:
        assert feature("word_recall", "in 1894", "the 1890s") == 0.8
        assert feature("word_recall", "in 1904", "the 1890s") == 0

    def test_spaces_inside_a_long_word_do_not_matter(self) -> None:
        assert feature("contained", "the bat woman", "Batwoman") == 1
        assert feature("contained", "he will start", "art") == 0
        assert feature("contained", "25,000,000", "2.5 million") == 0

    def test_words_after_the_first_sentence_are_not_early(self) -> None:
        late = "Rick Edwards hosts it now. Before him it was Colin Murray."
        assert feature("early_recall", late, "Colin Murray", "Who hosts it?") == 0
        assert feature("early_recall", "Colin Murray hosts it now.", "Colin Murray", "Who?") == 1

    def test_numbers_absent_are_not_a_conflict(self) -> None:
        assert feature("number_absent", "long ago", "1969") == 1
        assert feature("number_conflict", "long ago", "1969") == 0
        assert feature("number_conflict", "in 1967", "1969") == 1


class TestHostileText:
    @settings(max_examples=400, deadline=None)
    @given(HOSTILE, HOSTILE, st.none() | HOSTILE)
    @example("[[10]]", "[[10]]\n[[1]]", "[[rating]]")
    @example("a", "'s/a", None)
    @example("\ufc5ea", "a\ufc5e", "")
    @example("1\U00010d40", "2\U00010d41", None)
    def test_only_scope_errors_and_safe_assessments(
        self, prediction: str, reference: str, question: str | None
    ) -> None:
        try:
            found = assess(prediction=prediction, reference=reference, input=question)
        except ScopeError:
            return
        assert 0 < found.probability < 1
        assert 0 <= found.confidence <= 1
        assert found.reasons
        for reason in found.reasons:
            assert not UNSAFE.search(reason)
            assert len(reason.splitlines()) == 1

    @settings(max_examples=200, deadline=None)
    @given(HOSTILE, HOSTILE)
    def test_evidence_is_finite_and_in_reach(self, prediction: str, reference: str) -> None:
        try:
            values = read_evidence(prediction=prediction, reference=reference, input=None).values
        except ScopeError:
            return
        assert all(math.isfinite(value) and 0 <= value <= 1 for value in values.values())

    @pytest.mark.parametrize("piece", LONG_RUNS)
    @pytest.mark.parametrize("side", ["prediction", "reference", "input"])
    def test_a_megabyte_takes_well_under_a_second(self, piece: str, side: str) -> None:
        texts = {"prediction": "word Ab one", "reference": "word Ab one", "input": "word?"}
        texts[side] = piece * (1_000_000 // len(piece))
        start = time.process_time()
        try:
            assess(prediction=texts["prediction"], reference=texts["reference"], input=texts["input"])
        except ScopeError:
            assert side != "input"
        assert time.process_time() - start < 0.9

    def test_many_different_words_on_both_sides_stay_cheap(self) -> None:
        letters = "abcdefghijklmnopqrstuvwxyz"
        prediction = " ".join(f"Word{one}{two}x{three}" for one in letters for two in letters for three in "pqr")
        reference = "/".join(" ".join(f"Sword{one}{two}" for one in letters[:20]) for two in letters)
        start = time.process_time()
        assert 0 < probability(prediction, reference) < 1
        assert time.process_time() - start < 0.9

    def test_the_end_of_a_long_text_is_read(self) -> None:
        text = "filler " * 10_000 + "Paris"
        assert len(clip(text)) <= MAX_CHARACTERS + 1
        assert clip("short") == "short"
        assert feature("contained", text, "Paris", CAPITAL) == 1


class TestCoefficients:
    def card(self) -> dict[str, object]:
        return json.loads(files("lc_scoring.trained").joinpath("correctness.json").read_text("utf-8"))

    def test_the_file_and_the_evidence_name_the_same_features(self) -> None:
        values = collect(prediction="Paris", aliases=["Paris"], question="").values
        assert [term["name"] for term in self.card()["terms"]] == list(values)

    def test_scales_divide_and_no_weight_points_the_wrong_way(self) -> None:
        for term in self.card()["terms"]:
            assert term["scale"] > 0
            assert term["weight"] * (-1 if term["name"] in AGAINST.split() else 1) >= 0

    def test_the_card_tells_the_source(self) -> None:
        card = self.card()
        assert "Apache-2.0" in card["data"]
        assert "OpenAI" in card["data"]
        assert set(card["fitted_on"]["questions"]) == {"NQ", "TQ"}
