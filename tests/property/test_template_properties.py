"""Templates: whatever is filled in stays what it is."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from lc_scoring.template import Template

NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=4)
TRICKY = st.sampled_from(
    ["{", "}", "%", "s", "(", ")", "a", "{a}", "{b}", "%(a)s", "%s", "%%", "{{a}}", "\\", "$a", "\n"]
)
TEXTS = st.lists(TRICKY, max_size=8).map("".join) | st.text(max_size=20)
# Literal text that makes no slot, neither by itself nor with what stands beside it.
LITERALS = st.lists(st.sampled_from(["%", "%s", "%(a)s", "%%", "{}", "{ ", "A", " }", "{A}", "\n"]), max_size=5).map(
    "".join
)
PIECES = st.lists(st.tuples(LITERALS, NAMES), max_size=6)


def joined(pieces: list[tuple[str, str]], last: str, texts: dict[str, str]) -> str:
    return "".join(literal + texts[name] for literal, name in pieces) + last


@given(PIECES, LITERALS, st.data())
def test_filling_is_putting_the_texts_between_the_literals(
    pieces: list[tuple[str, str]], last: str, data: st.DataObject
) -> None:
    template = Template.of("".join(f"{literal}{{{name}}}" for literal, name in pieces) + last)
    texts = {name: data.draw(TEXTS) for _, name in pieces}
    assert template.slots == set(texts)
    assert template.fill(**texts) == joined(pieces, last, texts)


@given(PIECES, LITERALS, st.data())
def test_filling_in_two_steps_is_filling_in_one(pieces: list[tuple[str, str]], last: str, data: st.DataObject) -> None:
    template = Template.of("".join(f"{literal}{{{name}}}" for literal, name in pieces) + last)
    texts = {name: data.draw(TEXTS) for _, name in pieces}
    early = {name: text for name, text in texts.items() if data.draw(st.booleans())}
    late = {name: text for name, text in texts.items() if name not in early}
    part = template.partial(**early)
    assert part.slots == set(late)
    assert part.fill(**late) == template.fill(**texts)


@given(TEXTS)
def test_a_text_filled_in_alone_comes_out_as_it_was(text: str) -> None:
    assert Template.of("{a}").fill(a=text) == text


@given(TEXTS)
def test_a_template_keeps_all_of_its_text(text: str) -> None:
    template = Template.of(text)
    assert template.fill(**{name: f"{{{name}}}" for name in template.slots}) == text
