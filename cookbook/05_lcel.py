"""An app chain and its score in one pipeline, over a batch. Runs without a key."""

from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough

from lc_scoring import load_evaluator

# Your application; this one's model reads from a list so that the script runs anywhere.
model = FakeListChatModel(responses=["The Pacific Ocean.", "It is Africa.", "Mount Everest, in the Himalayas."])
app = ChatPromptTemplate.from_template("Answer briefly: {input}") | model | StrOutputParser()

evaluator = load_evaluator("labeled_score_string", llm="offline", criteria="correctness")
scored = RunnablePassthrough.assign(prediction=app) | RunnablePassthrough.assign(evaluation=evaluator)

rows = [
    {"input": "Which ocean is the largest?", "reference": "the Pacific"},
    {"input": "Which continent is the largest?", "reference": "Asia"},
    {"input": "Which mountain is the highest above the sea?", "reference": "Mount Everest"},
]
for row in scored.batch(rows, config={"max_concurrency": 1}):
    print(f"{row['evaluation']['score']:>2}  {row['input']}  {row['prediction']}")
