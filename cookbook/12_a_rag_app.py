"""A small RAG application, judged from retrieval to claims. Without a key, or with one and --llm openai:gpt-5-mini.

LangChain's in-memory vector store needs numpy: pip install "lc-scoring[stats]".
"""

import argparse
import json
import re
import sys
import tempfile
import textwrap
import tomllib
from operator import itemgetter
from pathlib import Path

from langchain.chat_models import init_chat_model
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompt_values import PromptValue
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore

from lc_scoring import Score, ScoringError, load_evaluator, score_dataset
from lc_scoring.models.lexical import LexicalEmbeddings

DATA = Path(__file__).parent / "data"
PASSAGES = [json.loads(line) for line in (DATA / "rag_corpus.jsonl").read_text(encoding="utf-8").splitlines()]
QUESTIONS = [json.loads(line) for line in (DATA / "rag_questions.jsonl").read_text(encoding="utf-8").splitlines()]

# Without --llm no model is asked: a person wrote the answers and the judge's replies, so the scores measure nothing.
# They are found by what a prompt holds, and not by its digest as on a tape, so that prompts may be reworded.
WRITTEN = tomllib.loads((DATA / "rag_replies.toml").read_text(encoding="utf-8"))
KINDS = {"": "answer", "prediction": "claims", "claims": "support", "claims reference": "check", "reference": "recall"}


def written(asked: PromptValue | list[BaseMessage]) -> str:
    """Stand in for the application's model and for the judge, whose questions are told by what they show."""
    prompt = asked.to_string() if isinstance(asked, PromptValue) else str(asked[-1].text)
    kind = KINDS[" ".join(sorted(set(re.findall("<sample_(prediction|claims|reference)>", prompt))))]
    for row in QUESTIONS:
        replies = WRITTEN[row["id"]]
        if row["question"] in prompt or replies["claims"].strip() in prompt:
            return replies[kind]
    raise LookupError(f"Nothing was written for this prompt: {prompt}")


def say(text: str, indent: int) -> None:
    """Print a text within 80 columns."""
    print(textwrap.fill(text, 80, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)))


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--llm", help="a model such as openai:gpt-5-mini, for the application and for the judge")
llm = parser.parse_args().llm
metrics = ["faithfulness", "context_recall", "answer_correctness"]
try:
    judge = load_evaluator("rag", llm=llm or written, metrics=metrics, weights=(1, 0))  # claims, not their wording
except ScoringError as error:  # such as a missing key
    sys.exit(str(error))

# The application returns what it is judged by: the answer, and the documents that it was made from.
store = InMemoryVectorStore(LexicalEmbeddings())  # of wording; OpenAIEmbeddings() would find meaning
store.add_documents([Document(passage["text"], id=passage["id"]) for passage in PASSAGES])
prompt = ChatPromptTemplate.from_template("Answer from these passages alone:\n\n{passages}\n\n{question}")
app = (
    RunnablePassthrough.assign(context=itemgetter("question") | store.as_retriever(search_kwargs={"k": 3}))
    .assign(passages=lambda row: "\n\n".join(document.page_content for document in row["context"]))
    .assign(answer=prompt | (init_chat_model(llm) if llm else written) | StrOutputParser())
    .pick(["answer", "context"])
)
folder = Path(tempfile.mkdtemp())
recall = load_evaluator("recall_at_k", k=3)  # asks no judge: it counts documents by their ids
# Answers and contexts are known by the shape of what the application returns, and the contexts are what was retrieved.
columns = {"input": "question", "retrieved_ids": "contexts", "relevant_ids": "relevant"}
run = score_dataset(QUESTIONS, [judge, recall], target=app, columns=columns, run=folder / "rag.run.db")
if failed := list(run.results(failed=True)):
    sys.exit(f"{len({one.id for one in failed})} of {run.rows} rows failed. {failed[0].id}: {failed[0].outcome.error}")

if not llm:
    print("Answers and verdicts were written by hand: these numbers measure nothing.\n")
found = {one.id: one for one in run.results(recall.evaluation_name)}
names = [*metrics, recall.evaluation_name]
scored = []
print(f"{'':8}", *names, sep="  ")
for one in run.results(judge.evaluation_name):
    if not isinstance(one.outcome, Score):  # a refusal claims nothing that could be checked
        print(f"{one.id:8}  not applicable: {one.outcome.error.state}")
        continue
    scored.append(one)
    values = {**{part.name: part.value for part in one.outcome.parts}, recall.evaluation_name: found[one.id].score}
    cells = ["-" if values.get(name) is None else f"{values[name]:.2f}" for name in names]
    print(f"{one.id:8}", *(cell.rjust(len(name)) for name, cell in zip(names, cells, strict=True)), sep="  ")
judged, ranked = run.summary()
for name, part in judged.parts.items():
    print(f"{name}: {part.interval} over {part.rows} rows")
print(f"{ranked.name}: {ranked.interval} over {ranked.scored} rows")

worst = min(scored, key=lambda one: one.outcome.value)
print(f"\nThe worst: {worst.values['question']}")
say(f"answer: {worst.prediction['answer']}", 2)
say(f"reference: {worst.values['reference']}", 2)
for metric in worst.outcome.parts:
    say(f"{metric.name}: {metric.basis}", 2)
    for claim in metric.parts:
        sources = [worst.prediction["context"][number - 1]["id"] for number in claim.sources]
        why = f" ({claim.reasoning})" if claim.reasoning else ""
        say(f"{claim.label}{''.join(f' [{source}]' for source in sources)}: {claim.text}{why}", 4)
say(f"retrieved: {found[worst.id].outcome.reasoning}", 2)
for document in worst.prediction["context"]:
    say(f"{document['id']}: {document['page_content']}", 4)
