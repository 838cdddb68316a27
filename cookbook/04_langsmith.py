"""An evaluator in a LangSmith experiment. Needs LANGSMITH_API_KEY; the judge is the offline one."""

from langsmith import Client

from lc_scoring import load_evaluator

client = Client()
name = "lc-scoring cookbook: capitals"
if not client.has_dataset(dataset_name=name):
    dataset = client.create_dataset(name)
    client.create_examples(
        dataset_id=dataset.id,
        examples=[
            {"inputs": {"question": "Capital of France?"}, "reference_outputs": {"answer": "Paris"}},
            {"inputs": {"question": "Capital of Japan?"}, "reference_outputs": {"answer": "Tokyo"}},
        ],
    )

evaluator = load_evaluator(
    "labeled_score_string",
    llm="offline",
    criteria="correctness",
    normalize_by=10,
    prediction_key="answer.text",  # where the target's outputs hold the text; a function would do as well
)


def app(inputs: dict) -> dict:
    """Answer: the application that is being evaluated."""
    capital = {"Capital of France?": "Paris, on the Seine."}.get(inputs["question"], "I do not know.")
    return {"answer": {"text": capital, "sources": []}, "seconds": 0.1}


results = client.evaluate(app, data=name, evaluators=[evaluator], experiment_prefix="capitals")
for row in results:
    (feedback,) = row["evaluation_results"]["results"]
    print(row["example"].inputs["question"], feedback.key, feedback.score)
