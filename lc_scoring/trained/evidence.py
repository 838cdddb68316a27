"""Lexical evidence that an answer agrees with a short reference: texts in, counts and quotable words out.

A text becomes words: accents folded, initials joined, endings cut lightly, and every number (digits, spelled,
ordinal, Roman) turned into one key, so that "1,000", "1000" and "one thousand" are the same word. Evidence is
counted on those words, in time linear in what is read.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_MAX_COMPARED = 300  # words looked through for a near spelling: bounds the time that hostile text can take
_SHORTEST = 4  # letters; shorter words have no ending to cut and no near spelling
_GLUED = 8  # letters, with the two spaces around, from which a reference is looked for without its spaces
_NEAR = 0.75  # letter-pair overlap from which two spellings count as one word

_ASIDE = regex.compile(r"\([^()]*\)")
_ABBREVIATION = regex.compile(r"\(([A-Z]{2,6})\)")
_INITIALS = regex.compile(r"\b(?:\p{L}\.\s?){2,}|\b(?:[A-Z]\ )+[A-Z]\b")
_APOSTROPHE = regex.compile(r"(?<=\p{L})['\u2019]s\b|['\u2018\u2019\u00b4`]")
_TOKEN = regex.compile(
    r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?(?:(?:st|nd|rd|th|s)\b)?|\p{L}+"
)
_SENTENCE_END = regex.compile(r"[.!?](?:\s|$)|\n")
_REFUSAL = regex.compile(
    r"\b(?:i|we) (?:do ?n.?t|can.?t|can ?not|could ?n.?t|am (?:unable|not able|not sure))\b"
    r"|\bas an ai\b|\bsorry\b|\bapologi[sz]e\b|\b(?:unable|impossible) to\b|\bunknown\b|\bnot exist\b"
    r"|\bcannot (?:be )?(?:answer|determine|find|provide)|\bthere (?:is|are|was|were|has been) no\b"
    r"|\bnot (?:\w+ )?(?:specified|clear|known|sure|mentioned|available|enough)\b"
    r"|\bno (?:\w+ )?(?:answer|information)\b"
)
_STOP_STEMS = (
    "a an the of in on at to by for and or is was were are be been it its that this thes thos with as from "
    "but he she they his her their who which what when wher ther has have had did do doe i you we call nam"
)
_NEGATION_STEMS = (
    "no not never none neither nor without cannot cant dont doesnt didnt isnt wasnt arent werent wont hasnt "
    "havent hadnt couldnt wouldnt shouldnt nobody noth fals incorrect"
)
_NUMBER_WORDS = (
    "zero/one first/two second ii/three third iii/four fourth iv/five fifth/six sixth vi/seven seventh vii/"
    "eight eighth viii/nine ninth ix/ten tenth/eleven eleventh xi/twelve twelfth xii/thirteen thirteenth xiii"
    "/fourteen fourteenth xiv/fifteen fifteenth xv/sixteen sixteenth xvi/seventeen seventeenth xvii/"
    "eighteen eighteenth xviii/nineteen nineteenth xix/twenty twentieth xx"
)
_SHORT_FORMS = (
    "jan=january feb=february aug=august oct=october nov=november dec=december km=kilometer kg=kilogram "
    "cm=centimeter mm=millimeter mi=mile ft=feet lb=pound lbs=pound hr=hour hrs=hour sec=second"
)
_STOP = frozenset(_STOP_STEMS.split())
_NEGATIONS = frozenset(_NEGATION_STEMS.split())
_VERDICTS = {"yes": True, "true": True, "correct": True, "no": False, "fals": False, "incorrect": False}
_FOLDED = str.maketrans({"ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th"})
_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SPELLED = _TENS | {word: n for n, words in enumerate(_NUMBER_WORDS.split("/")) for word in words.split()}
_MULTIPLIERS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_LONG_FORMS = {short: long for short, _, long in (pair.partition("=") for pair in _SHORT_FORMS.split())}


class Word(NamedTuple):
    """One word of a text."""

    text: str  # as written: letters, or digits with points and commas
    stem: str  # what words are compared by; of a number "#" and its value

    @property
    def is_number(self) -> bool:
        """Whether the word is a number, in digits or spelled."""
        return self.stem.startswith("#")

    @property
    def is_name(self) -> bool:
        """Whether the word is written with a capital letter."""
        return self.text[0].isupper() and not self.is_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was counted, and the words behind the counts.

    Attributes:
        values: the features by name, each finite.
        found: words of the best alias that answer the question and are in the prediction.
        missing: those that are not.
        other_numbers: numbers of the prediction that neither the reference nor the question holds.
        other_names: capitalized words of the same kind.
    """

    values: Mapping[str, float]
    found: tuple[Word, ...]
    missing: tuple[Word, ...]
    other_numbers: tuple[Word, ...]
    other_names: tuple[Word, ...]


def collect(*, prediction: str, aliases: Sequence[str], question: str) -> Evidence:
    """Weigh a prediction against the alias of the reference that it fits best.

    Args:
        prediction: the answer; may be empty.
        aliases: the accepted answers; at least one must hold a word (`read_words`).
        question: what was asked, "" where unknown.

    Examples:
        >>> found = collect(prediction="It was 1000.", aliases=["1,000", "none"], question="How many?")
        >>> found.values["contained"], found.missing
        (1.0, ())
    """
    answer, asked = _Text(prediction), _Text(question)
    options = _options(aliases, answer)
    best, shares = _best_option(options, answer, asked)
    accepted = {stem for option in options for stem in option.stems}
    new = _new(best, asked)
    credit = {w.stem: _credit(w, answer) for w in best.content}
    own = [w for w in answer.content if w.stem not in asked.stems]
    extra = [w for w in own if w.stem not in accepted]
    numbers = [w for w in extra if w.is_number]
    names = [w for w in extra[:_MAX_COMPARED] if w.is_name and not best.spells(w.stem)]
    values = {
        **_agreement(best, new, credit, answer),
        **_conflicts(new, credit, numbers=bool(numbers), names=bool(names)),
        **_manner(best, answer, asked, found=any(credit[w.stem] for w in new)),
        "other_aliases": _mean(shares),
        "new_precision": 1 - len(extra) / max(1, len(own)) if own else 0.0,
    }
    return Evidence(
        values=values,
        found=tuple(w for w in new if credit[w.stem] > 0),
        missing=tuple(w for w in new if credit[w.stem] == 0),
        other_numbers=tuple(numbers),
        other_names=tuple(names),
    )


def read_words(text: str) -> list[Word]:
    """The words of a text in order.

    Examples:
        >>> [w.stem for w in read_words("Thirty-two of the J. R. Ewings")]
        ['#32', 'of', 'the', 'jr', 'ewing']
    """
    text = unicodedata.normalize("NFKC", text)
    text = _INITIALS.sub(lambda m: m.group().replace(".", "").replace(" ", "") + " ", text)
    tokens = _TOKEN.findall(_APOSTROPHE.sub("", text))
    folded = [token.lower() if token.isascii() else _fold(token) for token in tokens]
    words, at = list[Word](), 0
    while at < len(tokens):
        end = at + 1
        if folded[at][0].isdigit() or folded[at] in _SPELLED:
            value, end = _read_number(folded, at)
            stem = f"#{value:.12g}"
        else:
            stem = _stem(folded[at])
        words.append(Word(" ".join(tokens[at:end]), stem))
        at = end
    return words


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold().translate(_FOLDED))
    return "".join(c for c in decomposed if not unicodedata.combining(c)) or word


def _stem(word: str) -> str:
    if len(word) < _SHORTEST:
        return _LONG_FORMS.get(word, word)
    if word.endswith("s") and word[-2] not in "sui":
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    for ending in ("ing", "ed", "ly", "e"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            return word[: -len(ending)]
    return word


def _read_number(folded: Sequence[str], at: int) -> tuple[float, int]:
    """The value of the number that begins at a position, and where it ends."""
    spelled = folded[at] in _SPELLED
    part = float(_SPELLED[folded[at]]) if spelled else float(folded[at].rstrip("stndrh").replace(",", ""))
    total, end = 0.0, at + 1
    while end < len(folded):
        word = folded[end]
        if word == "hundred":
            part *= 100
        elif word in _MULTIPLIERS:
            total, part = total + part * _MULTIPLIERS[word], 0.0
        elif spelled and _continues(total, part, word):
            part += _SPELLED[word]
        elif not (spelled and word == "and" and _continues(total, part, "".join(folded[end + 1 : end + 2]))):
            break
        end += 1
    return total + part, end


def _continues(total: float, part: float, word: str) -> bool:
    """Whether a word goes on with a spelled number: after a multiplier, or a digit after a ten."""
    tens, ones = divmod(part % 100, 10)
    after_multiplier = total + part > 0 and tens == 0
    return word in _SPELLED and ones == 0 and (after_multiplier or (tens > 1 and _SPELLED[word] in range(1, 10)))


@dataclass(frozen=True)
class _Text:
    """A text with the views that evidence asks for, each made on first use."""

    text: str

    @cached_property
    def words(self) -> list[Word]:
        return read_words(self.text)

    @cached_property
    def stems(self) -> set[str]:
        return {w.stem for w in self.words}

    @cached_property
    def content(self) -> list[Word]:
        return [w for w in self.words if w.stem not in _STOP] or self.words

    @cached_property
    def joined(self) -> str:
        return f" {' '.join(w.stem for w in self.content)} "

    @cached_property
    def trigrams(self) -> set[str]:
        return {gram for stem in self.stems for gram in _grams(f" {stem} ", 3)}

    @cached_property
    def pairs(self) -> list[set[str]]:
        return [_grams(w.stem, 2) for w in self.content[:_MAX_COMPARED] if len(w.stem) >= _SHORTEST]

    @cached_property
    def initials(self) -> str:
        """First letters of the content words, a space for one without a capital."""
        return "".join(w.text[0] if w.is_name else " " for w in self.content)

    def spells(self, stem: str) -> float:
        """Dice overlap of letter pairs with the most similar word, 0 below a near spelling."""
        if stem in self.stems or len(stem) < _SHORTEST or stem[0] == "#":
            return float(stem in self.stems)
        pairs = _grams(stem, 2)
        best = max((2 * len(pairs & other) / (len(pairs) + len(other)) for other in self.pairs), default=0.0)
        return best if best > _NEAR else 0.0


def _grams(text: str, size: int) -> set[str]:
    return {text[i : i + size] for i in range(len(text) - size + 1)}


def _options(aliases: Iterable[str], answer: _Text) -> list[_Text]:
    """The accepted answers without asides in parentheses, and short or long forms that the answer uses."""
    options: dict[str, _Text] = {}
    for alias in aliases:
        bare = _ASIDE.sub(" ", alias)
        for variant in (bare if read_words(bare) else alias, *_ABBREVIATION.findall(alias)):
            option = _Text(variant)
            for form in (option, *_other_forms(option, answer)):
                options.setdefault(form.joined, form)
    return [option for option in options.values() if option.words]


def _other_forms(alias: _Text, answer: _Text) -> Iterable[_Text]:
    if len(alias.initials) > 1 and any(w.text == alias.initials for w in answer.words):
        yield _Text(alias.initials)
    short = alias.text.strip()
    if len(short) >= _SHORTEST - 1 and short.isupper() and short in answer.initials:
        start = answer.initials.index(short)
        yield _Text(" ".join(w.text for w in answer.content[start : start + len(short)]))


def _new(alias: _Text, asked: _Text) -> list[Word]:
    """The words that answer: not in the question, or all where the question holds them all."""
    return [w for w in alias.content if w.stem not in asked.stems] or alias.content


def _best_option(options: Sequence[_Text], answer: _Text, asked: _Text) -> tuple[_Text, list[float]]:
    """The option with most of its new words in the answer, and that share for every option."""
    shares = [_mean(w.stem in answer.stems for w in _new(option, asked)) for option in options]

    def rank(at: int) -> tuple[float, int]:
        option = options[at]
        trust = 0.7 if option.stems <= asked.stems else 1.0  # every echo of the question holds such a one
        likeness = len(option.trigrams & answer.trigrams) / len(option.trigrams)
        return trust * shares[at] + 0.5 * likeness, len(option.words)

    return options[max(range(len(options)), key=rank)], shares


def _credit(word: Word, answer: _Text) -> float:
    """How well the answer holds one word of the reference, in [0, 1]."""
    if word.text.endswith("0s") and any(w.stem[:-1] == word.stem[:-1] for w in answer.words):
        return 0.8  # a year of the decade
    return answer.spells(word.stem)


def _agreement(best: _Text, new: list[Word], credit: dict[str, float], answer: _Text) -> dict[str, float]:
    end = _SENTENCE_END.search(answer.text, 12)
    early = {w.stem for w in read_words(answer.text[: end.end()])} if end else answer.stems
    # Without spaces "bat man" holds "batman"; a short text or a number would be found there by chance.
    joinable = len(best.joined) > _GLUED and "#" not in best.joined
    glued = joinable and best.joined.replace(" ", "") in answer.joined.replace(" ", "")
    return {
        # A number is found whole or not: 1989 and 1980 are not three quarters alike.
        "letter_recall": _mean(
            w.stem in answer.stems if w.is_number else gram in answer.trigrams
            for w in new
            for gram in _grams(f" {w.stem} ", 3)
        ),
        "word_recall": _mean(credit[w.stem] for w in best.content),
        "early_recall": _mean(w.stem in early for w in new),
        "last_word": credit[new[-1].stem],
        "contained": float(glued or best.joined in answer.joined),
        "equal": float(best.joined == answer.joined),
    }


def _conflicts(new: list[Word], credit: dict[str, float], *, numbers: bool, names: bool) -> dict[str, float]:
    wanted = 1 - _mean((credit[w.stem] for w in new if w.is_number), default=1)
    called = 1 - _mean((credit[w.stem] for w in new if w.is_name), default=1)
    return {
        "number_conflict": wanted if numbers else 0.0,
        "number_absent": 0.0 if numbers else wanted,
        "name_conflict": called if names else 0.0,
    }


def _manner(best: _Text, answer: _Text, asked: _Text, *, found: bool) -> dict[str, float]:
    verdict, given = (_VERDICTS.get(t.words[0].stem) if t.words else None for t in (best, answer))
    return {
        "negation_differs": float(best.stems.isdisjoint(_NEGATIONS) != answer.stems.isdisjoint(_NEGATIONS)),
        "refusal": float(not found and bool(_REFUSAL.search(answer.text.lower()))),
        "yes_no_conflict": float(verdict is not None and given is not None and verdict != given),
        "nothing_new": float(answer.stems <= asked.stems),
        "empty": float(not answer.words),
    }


def _mean(numbers: Iterable[float], *, default: float = 0.0) -> float:
    values = list(numbers)
    return sum(values) / len(values) if values else default
