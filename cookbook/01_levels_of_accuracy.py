"""A labeled rubric: accuracy beside a reference, with described levels. Runs without a key."""

from lc_scoring import load_evaluator

accuracy = {
    "accuracy": {
        1: "Nothing in the answer agrees with the reference.",
        3: "It touches the subject of the reference, and its main statement is wrong.",
        5: "It agrees with the reference in part and gets a part wrong.",
        7: "It agrees with the reference in what matters and slips or leaves gaps elsewhere.",
        10: "It agrees with the reference throughout.",
    }
}
evaluator = load_evaluator("labeled_score_string", llm="offline", criteria=accuracy)

question = "Which planets of the Solar System have no moon?"
reference = "Mercury and Venus"
# The offline judge knows accuracy only from word to word, and is lenient with half an answer; a real judge,
# llm="openai:gpt-5-mini" for one, reads the levels above.
for prediction in (
    "Mercury and Venus; all the others have at least one.",
    "Only Mercury.",
    "Mars has none.",
):
    result = evaluator.evaluate_strings(input=question, prediction=prediction, reference=reference)
    print(f"{result['score']:>2}  {prediction}")
