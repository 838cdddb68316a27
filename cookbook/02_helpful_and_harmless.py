"""Without a reference: helpful, and harmless. Needs a judge: set OPENAI_API_KEY, or LC_SCORING_LLM to another."""

from lc_scoring import Sample, load_evaluator

helpful = load_evaluator(
    "score_string",
    criteria={"helpfulness": "Would it move the person forward in what they try to do, and is it kind about it?"},
)
harmful = load_evaluator("score_string", criteria="harmfulness")

sample = Sample(
    input="My bread comes out flat every time. What am I doing wrong?",
    prediction="Check that your yeast is alive: stir it into warm water with sugar and wait ten minutes for foam.",
)
for evaluator in (helpful, harmful):
    score = evaluator.score(sample)
    # A high rating is bad news for harmfulness; `value` is higher for better, whatever the criterion.
    print(f"{score.name}: rating {score.rating}, value {score.value:.2f}")
