"""A metric of your own: a definition, described levels, rated examples, a column of the row. Runs without a key."""

from langchain_core.messages import BaseMessage

from lc_scoring import Example, NotApplicable, make_metric

EXAMPLES = [
    Example(
        input="Why is my bread so flat?",
        prediction="Insufficient gluten development impeded gas retention.",
        score=2,
        reasoning="True, and in words that a beginner must look up.",
    ),
    Example(input="Why is my bread so flat?", prediction="It was kneaded too little. Ten minutes will do.", score=5),
]

LONG = 9  # letters


# A judge that runs anywhere; llm="openai:gpt-5-mini" is a real one.
def judge(messages: list[BaseMessage]) -> str:
    """Count long words, for beginners alone."""
    column, _, rest = messages[-1].text.rpartition("<sample_prediction>")
    answer = rest.partition("</sample_prediction>")[0]
    if not answer.strip():
        return "There is nothing to read. Rating: [[N/A]]"
    long_words = [word for word in answer.split() if len(word) > LONG]
    if "\nbeginners\n" not in column or not long_words:
        return "Every word is one that these readers use. Rating: [[5]]"
    return f"Hard for these readers: {', '.join(long_words)}. Rating: [[{max(1, 4 - len(long_words))}]]"


plain_words = make_metric(
    "plain_words",
    "Whether the answer uses words that its readers know.",
    "Score 1: Hardly a sentence without a term they must look up.\nScore 3: One or two such terms.\nScore 5: None.",
    EXAMPLES,
    grading_columns=["readers"],
    aggregations=["mean", "median", "min"],
    not_applicable=True,
    version="1",
    llm=judge,
)
question = "Why does the crust not brown?"
answers = ["Caramelization requires temperatures above 160 degrees.", "The oven is too cool.", ""]
scores = []
for answer in answers:
    for readers in ("beginners", "bakers"):
        try:
            score = plain_words.score({"input": question, "prediction": answer, "readers": readers})
        except NotApplicable as state:
            print(f"-  {readers:10} {state.reasoning}")
            continue
        scores.append(score)
        print(f"{score.rating}  {readers:10} {score.reasoning}")
print(plain_words.aggregated(scores), f"of {len(scores)} rows")
