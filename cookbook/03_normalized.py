"""Three ways to a score between 0 and 1. Runs without a key."""

from lc_scoring import Sample, load_evaluator

question, prediction, reference = "How many legs has a spider?", "Eight legs.", "8"
fields = {"input": question, "prediction": prediction, "reference": reference}

# LangChain's way divides the rating: on a scale from 1 to 10 it runs from 0.1 to 1.
divided = load_evaluator("labeled_score_string", llm="offline", criteria="correctness", normalize_by=10)
print("normalize_by=10:", divided.evaluate_strings(**fields)["score"])

# A scale from 0 to 1 asks the judge for such a number.
unit = load_evaluator("labeled_score_string", llm="offline", criteria="correctness", scale=(0, 1))
print("scale=(0, 1):", unit.evaluate_strings(**fields)["score"])

# A Score's value is the rating's place on its scale: lowest 0, highest 1, whatever the scale.
print("Score.value:", unit.score(Sample(**fields)).value)
