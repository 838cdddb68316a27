"""Cases in which langchain_classic and this package give the same, for each of the twenty names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from compatibility import JUDGED, STEPS, Case
from langchain_core.agents import AgentAction
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.tools import Tool

from lc_scoring import Criteria, EmbeddingDistance, StringDistance

ONE_ORDER = {"both_orders": False}  # LangChain's drop it
QA = ("qa", "cot_qa", "context_qa")
CRITERIA = ("criteria", "labeled_criteria")
SCORE = ("score_string", "labeled_score_string")
PAIRWISE = ("pairwise_string", "labeled_pairwise_string")

REPLIES = {
    QA: [
        "CORRECT",
        "INCORRECT",
        "Correct",
        "incorrect",
        "CORRECT.",
        "  CORRECT\n",
        "GRADE: CORRECT",
        "GRADE: INCORRECT",
        "grade: correct",
        "Grade: Incorrect",
        "GRADE:CORRECT",
        "Both name the same city.\nGRADE: CORRECT",
        "QUESTION: Which?\nSTUDENT ANSWER: Paris\nTRUE ANSWER: Paris\nGRADE: CORRECT",
        "1. It asks for a city.\n2. It names another one.\n\nGRADE: INCORRECT",
        "CORRECT\nBoth name the same city.",
        "**CORRECT**",
        "GRADE: CORRECT\n\nBoth name the same city.",
    ],
    CRITERIA: [
        "Y",
        "N",
        " Y \n",
        "It is short.\nY",
        "It is long.\n\nN",
        "It is short. Y",
        "It is long. N",
        "1. It is short.\n2. It is kind.\n\nY",
        "It is short.\n\nY\n\n",
        "Y\nIt is short.",
        "N\n\nIt is long.",
    ],
    SCORE: [
        *(f"Good. Rating: [[{n}]]" for n in range(1, 11)),
        "[[5]]",
        "[[5]]\n\nIt is fair.",
        "Long.\n\nIts parts hold.\nRating: [[8]]",
        "**Rating: [[8]]**",
    ],
    PAIRWISE: [
        "[[A]]",
        "[[B]]",
        "[[C]]",
        "A names the capital.\n[[A]]",
        "**Verdict: [[B]]**",
        "Both will do. [[C]]\n",
        "[[C]]\n\nBoth will do.",
        '"[[A]]"',
    ],
    ("trajectory",): [
        *(f"Score: {n}" for n in range(1, 6)),
        "One call, well used.\nScore: 5",
        "It took a detour.\n\nScore: 2\n",
        "i. It helped.\nii. It was short.\n\nScore: 4",
        "Score: 4/5",
        "Score: [[4]]",
        "Score: 4.",
    ],
}
PROMPTS = {
    "qa": "{query} {answer} {result}",
    "cot_qa": "{query} {context} {result}",
    "context_qa": "{query} {context} {result}",
    "score_string": "{prediction} {input} {criteria}",
    "labeled_score_string": "{prediction} {input} {criteria} {reference}",
    "criteria": "{input} {output} {criteria}",
    "labeled_criteria": "{input} {output} {criteria} {reference}",
    "pairwise_string": "{prediction} {prediction_b} {input} {criteria}",
    "labeled_pairwise_string": "{prediction} {prediction_b} {input} {criteria} {reference}",
}
READ = {name: replies[0] for names, replies in REPLIES.items() for name in names}
"""A reply that can be read, by name."""


def reply_cases() -> Iterator[Case]:
    """Each reading form that both accept."""
    for names, replies in REPLIES.items():
        for name, reply in product(names, replies):
            yield Case(name, ONE_ORDER if name in PAIRWISE else {}, (reply,))


def made_cases() -> Iterator[Case]:
    """Each constructor argument that both take."""
    run_arguments = {"tags": ["a"], "metadata": {"a": 1}, "callbacks": [], "verbose": False, "name": "mine"}
    for name in JUDGED:
        base, reply = (ONE_ORDER if name in PAIRWISE else {}), (READ[name],)
        yield Case(name, {**base, **run_arguments}, reply)
        if name in PROMPTS:
            yield Case(name, {**base, "prompt": PromptTemplate.from_template(PROMPTS[name])}, reply)
            yield Case(name, {**base, "prompt": ChatPromptTemplate.from_template(PROMPTS[name])}, reply)
        if name in (*SCORE, *CRITERIA, *PAIRWISE):
            yield from (Case(name, {**base, "criteria": criteria}, reply) for criteria in _criteria_forms(name))
            yield Case(name, {**base, "output_parser": StrOutputParser()}, ("as it is",))
            yield Case(name, {**base, "output_parser": JsonOutputParser()}, ('{"score": 3, "why": "so"}',))
    for name, divisor in product(SCORE, (10, 2.5, 1)):
        yield Case(name, {"normalize_by": divisor}, ("[[7]]",))
    yield Case("score_string", {"normalize_by": 10, "output_parser": JsonOutputParser()}, ('{"score": 3}',))
    tool = Tool(name="atlas", func=str, description="finds capitals")
    for made in ({"agent_tools": [tool]}, {"return_reasoning": True}, {"return_reasoning": False}):
        yield Case("trajectory", made, ("Score: 4",))


def _criteria_forms(name: str) -> list[Any]:
    forms: list[Any] = [None, "depth", Criteria.DETAIL, {"wit": "Is it witty?"}, {"wit": "Is it witty?", "depth": ""}]
    forms += [{Criteria.DEPTH: "Is it deep?"}, {"wit": "Is it {witty}?"}]
    if name not in CRITERIA:
        forms += ["wit", "", [], ["depth", "detail"], ("depth", {"wit": "Is it witty?"}), [["depth"], "depth"], [None]]
    return forms if name == "criteria" else [*forms, "correctness"]


def field_cases() -> Iterator[Case]:
    """Each kind of text that both take."""
    for name, usual in JUDGED.items():
        base, reply = (ONE_ORDER if name in PAIRWISE else {}), (READ[name],)
        for given in (key for key in usual if key != "agent_trajectory"):
            for value in ("", "{x} %s {{y}}", "line\nline", 4, 4.5, True, ["a"], {"k": "v"}):
                yield Case(name, base, reply, {given: value})
        yield Case(name, base, reply, {"callbacks": None, "tags": ["x"], "metadata": {"row": 1}})
    two_steps = [*STEPS, (AgentAction(tool="clock", tool_input={"zone": "CET"}, log=""), 12)]
    for steps in (two_steps, "Step 1: looked it up."):
        yield Case("trajectory", {}, ("Score: 4",), {"agent_trajectory": steps})
    for name in ("score_string", "criteria", "pairwise_string"):
        base = ONE_ORDER if name in PAIRWISE else {}
        yield Case(name, base, (READ[name],), {"reference": "Timbuktu"})


def matching_cases() -> Iterator[Case]:
    """exact_match and regex_match."""
    texts = [("Paris", "Paris"), ("Paris!", "paris"), ("a1", "a2"), ("", ""), ("straße", "STRASSE"), ("²", "2")]
    for (prediction, reference), made in product(texts, _exact_match_arguments()):
        yield Case("exact_match", made, fields={"prediction": prediction, "reference": reference})
    patterns = [
        ("Mindy is the CTO", "^Mike.*CEO$|^Mindy.*CTO$"),
        ("mindy is the cto", "^Mindy"),
        ("2024-01-05", r"\d{4}-\d\d-\d\d"),
        ("xy", "y"),
        ("a\nb", "a.b"),
        ("aa", r"(?P<n>a)(?P=n)$"),
        ("é", r"\w"),
        ("", ""),
        ("a b", "a b"),
    ]
    flags_of_both = (0, 2, re.IGNORECASE, re.DOTALL | re.MULTILINE, re.VERBOSE, re.ASCII)
    for (prediction, reference), flags in product(patterns, flags_of_both):
        yield Case("regex_match", {"flags": flags}, fields={"prediction": prediction, "reference": reference})
    for name in ("exact_match", "regex_match"):
        yield Case(name, fields={"prediction": "a", "reference": "a", "input": "ignored"})


def _exact_match_arguments() -> list[dict[str, bool]]:
    names = ("ignore_case", "ignore_punctuation", "ignore_numbers")
    return [dict(zip(names, choice, strict=True)) for choice in product((False, True), repeat=3)]


def json_cases() -> Iterator[Case]:
    """The four that look at JSON."""
    for text in ('{"a": 1}', '{"a": 1,}', '{"a": 1', "", "null", '"x"', "abc", '```json\n{"a":1}\n```', "[1,2", "01"):
        yield Case("json_validity", fields={"prediction": text})
    yield Case("json_validity", fields={"prediction": "{}", "reference": "{}"})
    pairs = [
        ('{"b": 2, "a": 1}', '{"a": 1, "b": 2}'),
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": 1}', '{"a": 1.0}'),
        ("[1, 2]", "[2, 1]"),
        ("[[1, 2]]", "[[2, 1]]"),
        ('{"a": [1, 2]}', '{"a": [2, 1]}'),
        ('[{"a": 1}, {"b": 2}]', '[{"b": 2}, {"a": 1}]'),
        ("[1]", "[1, 1]"),
        ("[1, 2]", '{"a": 1}'),
        ("null", "null"),
        ('"x"', '"y"'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('Sure:\n```json\n{"a": 1}\n```\nHere.', '{"a": 1}'),
        ({"a": 1}, '{"a": 1}'),
        ([1, 2], [2, 1]),
        ('{"a": "é"}', '{"a": "\\u00e9"}'),
        ('{"a": 1, "a": 2}', '{"a": 2}'),
    ]
    for name, (prediction, reference) in product(("json_equality", "json_edit_distance"), pairs):
        yield Case(name, fields={"prediction": prediction, "reference": reference})
    for prediction, reference in pairs[:6]:
        fields = {"prediction": prediction, "reference": reference}
        yield Case("json_equality", {"operator": lambda one, other: len(one) <= len(other)}, fields=fields)
        yield Case("json_edit_distance", {"string_distance": lambda a, b: abs(len(a) - len(b))}, fields=fields)
        yield Case("json_edit_distance", {"canonicalize": str}, fields=fields)
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    for prediction in ('{"a": 1}', '{"a": 1.0, "b": null}', {"a": 1}, '```json\n{"a": 1}\n```'):
        for reference in (schema, json.dumps(schema), True, {}):
            yield Case("json_schema_validation", fields={"prediction": prediction, "reference": reference})
    for name in ("json_equality", "json_edit_distance", "json_schema_validation"):
        yield Case(name, fields={"prediction": "{}", "reference": "{}", "input": "ignored"})


def distance_cases() -> Iterator[Case]:
    """The four distances."""
    texts = [("abc", "abc"), ("", "a"), ("", ""), ("ab", "ba"), ("Mindy is the CTO", "Mindy is the CEO"), ("é", "e")]
    for (one, other), distance, normalized in product(texts, StringDistance, (True, False)):
        made = {"distance": distance, "normalize_score": normalized}
        yield Case("string_distance", made, fields={"prediction": one, "reference": other})
        yield Case("pairwise_string_distance", made, fields={"prediction": one, "prediction_b": other})
    vectors = [("[1, 0]", "[1, 0]"), ("[1, 0]", "[0, 1]"), ("[1, 0]", "[-1, 0]"), ("[1, 2, 2]", "[4, 6, 14]")]
    for (one, other), metric in product(vectors, EmbeddingDistance):
        made = {"distance_metric": metric}
        yield Case("embedding_distance", made, fields={"prediction": one, "reference": other})
        yield Case("pairwise_embedding_distance", made, fields={"prediction": one, "prediction_b": other})
    for name, other in product(("string_distance", "embedding_distance"), ("reference", "prediction_b")):
        full = name if other == "reference" else f"pairwise_{name}"
        yield Case(full, fields={"prediction": "[1]", other: "[1]", "input": "ignored"})
        yield Case(full, fields={"prediction": "[1]", other: "[1]", "callbacks": None, "tags": ["x"]})
        if other != "reference":
            yield Case(full, fields={"prediction": "[1]", other: "[1]", "reference": "ignored"})


SHARED = [
    case
    for cases in (reply_cases, made_cases, field_cases, matching_cases, json_cases, distance_cases)
    for case in cases()
]


def missing_cases() -> Iterator[Case]:
    """A field is missing, and both say so in the same words."""
    for name, usual in JUDGED.items():
        for given in ("input", "reference"):
            if given in usual:
                yield Case(name, replies=(READ[name],), fields={given: None})
    for name in ("exact_match", "regex_match", "json_equality", "json_edit_distance", "json_schema_validation"):
        yield Case(name, fields={"prediction": "{}"})
    for name in ("string_distance", "embedding_distance"):
        yield Case(name, fields={"prediction": "[1]"})


def refused_cases() -> Iterator[Case]:
    """What both refuse, each in its own words."""
    for name, variables in PROMPTS.items():
        for template in (f"{variables} {{tone}}", "{input}"):
            yield Case(name, {"prompt": PromptTemplate.from_template(template)}, (READ[name],))
    for name, criteria in product((*SCORE, *CRITERIA, *PAIRWISE), ({}, 0, False)):
        yield Case(name, {"criteria": criteria}, (READ[name],))
    for name, criteria in product(CRITERIA, ("wit", "Depth", "", [])):
        yield Case(name, {"criteria": criteria}, (READ[name],))
    yield Case("criteria", {"criteria": "correctness"}, ("Y",))
    yield Case("criteria", {"criteria": Criteria.CORRECTNESS}, ("Y",))
    for name, reply in product(SCORE, ("", "It is good.", "Rating: 8", "[[excellent]]", "[[0]]", "[[11]]")):
        yield Case(name, {}, (reply,))
    for name, reply in product(PAIRWISE, ("", "Both will do.", "[[D]]")):
        yield Case(name, ONE_ORDER, (reply,))
    for reply in ("", "Good.", "Score: five", "Score: 0", "Score: 6"):
        yield Case("trajectory", {}, (reply,))
    yield Case("embedding_distance", {"distance_metric": "nope"}, fields={"prediction": "[1]", "reference": "[1]"})
    yield Case("pairwise_string_distance", {"distance": "nope"}, fields={"prediction": "a", "prediction_b": "a"})
