"""Which of two answers is better, asked in both orders, and an agent's steps. Runs without a key."""

from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import BaseMessage

from lc_scoring import load_evaluator

QUESTION = "Why do leaves turn yellow in autumn?"
FULL = "The tree takes back the green chlorophyll; the yellow pigments stay, and now they show."
THIN = "Because it gets colder."


# Two judges that run anywhere: one looks only at the place, one at what is said.
def takes_the_first(_messages: list[BaseMessage]) -> str:
    """Prefer a place."""
    return "The first one reads better. Verdict: [[A]]"


def looks_for_the_reason(messages: list[BaseMessage]) -> str:
    """Prefer what is said."""
    first = str(messages[-1].text).partition("</sample_prediction>")[0]
    return f"Only one names the pigments. Verdict: [[{'A' if 'chlorophyll' in first else 'B'}]]"


for judge in (takes_the_first, looks_for_the_reason):
    evaluator = load_evaluator("pairwise_string", llm=judge, criteria="depth")
    result = evaluator.evaluate_string_pairs(input=QUESTION, prediction=FULL, prediction_b=THIN)
    print(f"{judge.__name__}: {result['value']}, swayed by position: {result['swayed_by_position']}")

# An agent's steps, rated from 1 to 5 and shown in [0, 1].
steps = [({"tool": "search", "tool_input": "why leaves turn yellow"}, "chlorophyll is broken down; carotenoids stay")]
rater = load_evaluator("trajectory", llm=FakeListChatModel(responses=["One search, well used. Rating: [[5]]"]))
print(rater.evaluate_agent_trajectory(input=QUESTION, agent_trajectory=steps, prediction=FULL))
