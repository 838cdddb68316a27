"""Exact facts are tested, and only the text that is left is judged, as in a test with pytest. Runs without a key."""

from datetime import date
from typing import Literal

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from lc_scoring import load_evaluator
from lc_scoring.integrations.pytest_assertions import assert_score
from lc_scoring.integrations.pytest_matches import Within, assert_matches


class Reply(BaseModel):
    """What the application is to make of a customer's message."""

    order: str
    refund: float
    paid_by: date
    faults: list[Literal["late", "broken", "wrong item"]]
    text: str = ""


MESSAGE = "Order H-2041 came two weeks late, and the cup for 18.40 is broken."
EXPECTED = Reply(order="H-2041", refund=18.4, paid_by=date(2026, 3, 6), faults=["late", "broken"])
COMPARE = {"refund": Within(0.005), "faults": "unordered", "text": "ignore"}

# What three versions of the application wrote; in place of calls to yours.
ANSWERS = {
    "first": """```json
        {"order": "H-2041", "refund": 18.4, "paid_by": "2026-03-06", "faults": ["broken", "late"],
         "text": "I am sorry that the cup came late and in pieces. You have your money back by 6 March."}
        ```""",
    "second": """{"order": "H-2041", "refund": 18, "paid_by": "2026-06-03", "faults": ["late"],
        "text": "I am so sorry for all the trouble! You have your money back soon."}""",
    "third": """{"order": "H-2041", "refund": 18.4, "paid_by": "2026-03-06", "faults": ["late", "broken"],
        "text": "Refund granted. Case closed."}""",
}
asked = []


# A judge that runs anywhere and knows one word; llm="openai:gpt-5-mini" is a real one.
def judge(messages: list[BaseMessage]) -> str:
    """Look for an apology."""
    asked.append(messages)
    reply = messages[-1].text.rpartition("<sample_prediction>")[2]
    return "It says sorry. Rating: [[9]]" if "sorry" in reply else "No word about the trouble. Rating: [[2]]"


kind = load_evaluator("score_string", llm=judge, criteria={"kindness": "Does it take the trouble seriously?"})
for version, answer in ANSWERS.items():
    try:
        match = assert_matches(EXPECTED, answer, compare=COMPARE)
        score = assert_score(kind, prediction=match.got.text, input=MESSAGE, at_least=7)
        print(f"{version}: passed, kindness {score.rating:g}")
    except AssertionError as error:
        print(f"{version}: failed\n{error}")
print(f"The judge was asked about {len(asked)} of {len(ANSWERS)} answers.")
