"""What LangSmith keeps, and the routes that read and change it.

A route is a function `(store, exchange, ident) -> (status, value)`; `ROUTES` at the end lists them all.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from loopback.langsmith_api import Part

TENANT = "00000000-0000-4000-8000-000000000001"
DEFAULT_SESSION = "00000000-0000-4000-8000-000000000002"

Row = dict[str, Any]
Answer = tuple[int, Any]


class Store(TypedDict):
    """All that a workspace holds; the dictionaries are keyed by id."""

    datasets: dict[str, Row]
    examples: dict[str, Row]
    sessions: dict[str, Row]
    runs: dict[str, Row]
    feedback: list[Row]
    comparative: dict[str, Row]


class Asked(Protocol):
    """What a route reads of a request."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    json: Any
    parts: list[Part]


def new_store() -> Store:
    """An empty workspace with its "default" project.

    The SDK reads that project once to learn the tenant id, and asks again on every call while there is none.
    """
    store = Store(datasets={}, examples={}, sessions={}, runs={}, feedback=[], comparative={})
    store["sessions"][DEFAULT_SESSION] = _session({"id": DEFAULT_SESSION, "name": "default"})
    return store


def route(store: Store, asked: Asked) -> Answer | None:
    """Answer a request from the store; None where no route fits."""
    for method, pattern, answer in ROUTES:
        if method == asked.method and (found := re.fullmatch(pattern, asked.path)):
            return answer(store, asked, *found.groups())
    return None


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()


def _found(row: Row | None) -> Answer:
    return (404, {"detail": "not found"}) if row is None else (200, row)


def _page(asked: Asked, rows: Iterable[Row]) -> Answer:
    offset = int(asked.query.get("offset", ["0"])[0])
    limit = int(asked.query.get("limit", ["100"])[0])
    return 200, list(rows)[offset : offset + limit]


def _one_of(asked: Asked, key: str, value: object) -> bool:
    """Whether a query filter lets a value pass; a filter that was not given lets all pass."""
    return key not in asked.query or str(value) in asked.query[key]


def _settings(_store: Store, _asked: Asked) -> Answer:
    return 200, {"id": TENANT, "display_name": "loopback", "created_at": _now(), "tenant_handle": "loopback"}


def _dataset_view(store: Store, dataset: Row) -> Row:
    count = sum(example["dataset_id"] == dataset["id"] for example in store["examples"].values())
    return {**dataset, "example_count": count}


def _create_dataset(store: Store, asked: Asked) -> Answer:
    sent = asked.json
    if any(sent["name"] == dataset["name"] for dataset in store["datasets"].values()):
        return 409, {"detail": "Dataset with this name already exists."}
    dataset = {
        "id": sent.get("id") or str(uuid.uuid4()),
        "name": sent["name"],
        "description": sent.get("description"),
        "data_type": sent.get("data_type", "kv"),
        "created_at": _now(),
        "modified_at": _now(),
        "tenant_id": TENANT,
        "session_count": 0,
        "metadata": (sent.get("extra") or {}).get("metadata"),
    }
    store["datasets"][dataset["id"]] = dataset
    return 200, _dataset_view(store, dataset)


def _list_datasets(store: Store, asked: Asked) -> Answer:
    return _page(
        asked,
        (
            _dataset_view(store, dataset)
            for dataset in store["datasets"].values()
            if _one_of(asked, "name", dataset["name"]) and _one_of(asked, "id", dataset["id"])
        ),
    )


def _read_dataset(store: Store, _asked: Asked, ident: str) -> Answer:
    dataset = store["datasets"].get(ident)
    return _found(dataset and _dataset_view(store, dataset))


def _delete_dataset(store: Store, _asked: Asked, ident: str) -> Answer:
    store["datasets"].pop(ident, None)
    return 204, None


def _create_comparative(store: Store, asked: Asked) -> Answer:
    sent = asked.json
    experiments = [store["sessions"][ident] for ident in sent.get("experiment_ids", [])]
    first = experiments[0]["reference_dataset_id"] if experiments else None
    row = {
        **sent,
        "created_at": _now(),
        "modified_at": _now(),
        "tenant_id": TENANT,
        "reference_dataset_id": sent.get("reference_dataset_id") or first,
        "experiments_info": None,
        "feedback_stats": None,
    }
    store["comparative"][sent["id"]] = row
    return 200, row


def _put_example(store: Store, dataset_id: str, sent: Row) -> Row:
    split = sent.get("split") or ["base"]
    example: Row = {
        "id": sent.get("id") or str(uuid.uuid4()),
        "dataset_id": dataset_id,
        "inputs": sent.get("inputs") or {},
        "outputs": sent.get("outputs"),
        "metadata": {
            **(sent.get("metadata") or {}),
            "dataset_split": split if isinstance(split, list) else [split],
        },
        "created_at": sent.get("created_at") or _now(),
        "modified_at": _now(),
        "source_run_id": sent.get("source_run_id"),
        "name": "#loopback",
    }
    store["examples"][example["id"]] = example
    return example


def _create_examples_multipart(store: Store, asked: Asked, ident: str) -> Answer:
    # Parts: `<id>` (created_at, metadata, split), `<id>.inputs`, `<id>.outputs`, `<id>.attachment.<name>`.
    rows: dict[str, Row] = {}
    for part in asked.parts:
        example, _, rest = part.name.partition(".")
        row = rows.setdefault(example, {"id": example})
        if not rest:
            row.update(part.value)
        elif rest in {"inputs", "outputs"}:
            row[rest] = part.value
    made = [_put_example(store, ident, row) for row in rows.values()]
    return 200, {"example_ids": [example["id"] for example in made], "count": len(made), "as_of": _now()}


def _create_examples_bulk(store: Store, asked: Asked) -> Answer:
    return 200, [_put_example(store, sent["dataset_id"], sent) for sent in asked.json]


def _list_examples(store: Store, asked: Asked) -> Answer:
    return _page(
        asked,
        (
            example
            for example in store["examples"].values()
            if _one_of(asked, "dataset", example["dataset_id"]) and _one_of(asked, "id", example["id"])
        ),
    )


def _session(sent: Row) -> Row:
    return {
        "id": sent.get("id") or str(uuid.uuid4()),
        "name": sent["name"],
        "extra": sent.get("extra") or {},
        "description": sent.get("description"),
        "tenant_id": TENANT,
        "start_time": _now(),
        "end_time": None,
        "reference_dataset_id": sent.get("reference_dataset_id"),
    }


def _create_session(store: Store, asked: Asked) -> Answer:
    for session in store["sessions"].values():
        if session["name"] == asked.json["name"]:
            upsert = asked.query.get("upsert")
            return (200, session) if upsert else (409, {"detail": "Session already exists"})
    session = _session(asked.json)
    store["sessions"][session["id"]] = session
    return 200, session


def _list_sessions(store: Store, asked: Asked) -> Answer:
    rows = store["sessions"].values()
    return _page(asked, (row for row in rows if _one_of(asked, "name", row["name"])))


def _update_session(store: Store, asked: Asked, ident: str) -> Answer:
    session = store["sessions"].get(ident)
    if session is not None:
        session.update({name: value for name, value in asked.json.items() if value is not None})
    return _found(session)


def _merge_run(store: Store, sent: Row) -> None:
    run = store["runs"].setdefault(sent["id"], {"id": sent["id"]})
    run.update({name: value for name, value in sent.items() if value is not None})


def _ingest_multipart(store: Store, asked: Asked) -> Answer:
    # Parts: `post.<run>` or `patch.<run>` (a run without its large fields), `post.<run>.inputs` and so on,
    # `feedback.<id>`, `attachment.<run>.<name>`.
    for part in asked.parts:
        kind, _, rest = part.name.partition(".")
        ident, _, name = rest.partition(".")
        if kind in {"post", "patch"}:
            _merge_run(store, {"id": ident, name: part.value} if name else {**part.value, "id": ident})
        elif kind == "feedback":
            store["feedback"].append(part.value)
    return 202, {}


def _ingest_batch(store: Store, asked: Asked) -> Answer:
    for sent in [*(asked.json.get("post") or []), *(asked.json.get("patch") or [])]:
        _merge_run(store, sent)
    return 202, {}


def _ingest_run(store: Store, asked: Asked, ident: str | None = None) -> Answer:
    _merge_run(store, {**asked.json, "id": ident or asked.json["id"]})
    return 202, {}


def _run_view(store: Store, run: Row) -> Row:
    named = (row["id"] for row in store["sessions"].values() if row["name"] == run.get("session_name"))
    defaults = {
        "trace_id": run["id"],
        "dotted_order": "",
        "run_type": "chain",
        "inputs": {},
        "outputs": None,
        "parent_run_id": None,
        "parent_run_ids": [],
        "child_run_ids": [],
        "tags": [],
        "status": "success",
        "app_path": f"/o/{TENANT}/r/{run['id']}",
    }
    return {**defaults, **run, "session_id": run.get("session_id") or next(named, None)}


def _query_runs(store: Store, asked: Asked) -> Answer:
    wanted = asked.json or {}
    rows = [_run_view(store, run) for run in store["runs"].values()]
    if wanted.get("session"):
        rows = [row for row in rows if str(row["session_id"]) in map(str, wanted["session"])]
    if wanted.get("is_root"):
        rows = [row for row in rows if not row["parent_run_id"]]
    if wanted.get("id"):
        rows = [row for row in rows if row["id"] in wanted["id"]]
    return 200, {"runs": rows, "cursors": {"next": None}}


def _read_run(store: Store, _asked: Asked, ident: str) -> Answer:
    run = store["runs"].get(ident)
    return _found(run and _run_view(store, run))


def _create_feedback(store: Store, asked: Asked) -> Answer:
    store["feedback"].append(asked.json)
    return 200, asked.json


def _list_feedback(store: Store, asked: Asked) -> Answer:
    return _page(
        asked,
        (
            {"trace_id": row["run_id"], "created_at": _now(), "modified_at": _now(), **row}
            for row in store["feedback"]
            if _one_of(asked, "run", row["run_id"]) and _one_of(asked, "key", row["key"])
        ),
    )


_ID = "([0-9a-f-]{36})"
ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", "/settings", _settings),
    ("POST", "/datasets", _create_dataset),
    ("GET", "/datasets", _list_datasets),
    ("GET", f"/datasets/{_ID}", _read_dataset),
    ("DELETE", f"/datasets/{_ID}", _delete_dataset),
    ("POST", "/datasets/comparative", _create_comparative),
    ("POST", f"/v1/platform/datasets/{_ID}/examples", _create_examples_multipart),
    (
        "POST",
        "/examples",
        lambda store, asked: (200, _put_example(store, asked.json["dataset_id"], asked.json)),
    ),
    ("POST", "/examples/bulk", _create_examples_bulk),
    ("GET", "/examples", _list_examples),
    ("GET", f"/examples/{_ID}", lambda store, _asked, ident: _found(store["examples"].get(ident))),
    ("POST", "/sessions", _create_session),
    ("GET", "/sessions", _list_sessions),
    ("GET", f"/sessions/{_ID}", lambda store, _asked, ident: _found(store["sessions"].get(ident))),
    ("PATCH", f"/sessions/{_ID}", _update_session),
    ("POST", "/runs/multipart", _ingest_multipart),
    ("POST", "/runs/batch", _ingest_batch),
    ("POST", "/runs", _ingest_run),
    ("PATCH", f"/runs/{_ID}", _ingest_run),
    ("POST", "/runs/query", _query_runs),
    ("GET", f"/runs/{_ID}", _read_run),
    ("POST", "/feedback", _create_feedback),
    ("GET", "/feedback", _list_feedback),
    ("GET", "/feedback-configs", lambda _store, asked: (200, asked.json or [])),
    ("POST", "/feedback-configs", lambda _store, asked: (200, asked.json or [])),
)
