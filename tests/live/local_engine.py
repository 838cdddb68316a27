"""An OpenAI-compatible server on 127.0.0.1 that runs a real transformer with real constrained decoding.

    with LocalEngine() as engine:
        model = ChatOpenAI(model="tiny", base_url=engine.url, api_key="test-key",
                           extra_body={"structured_outputs": {"regex": r"Rating: \\[\\[(10|[1-9])\\]\\]"}})
        model.invoke("Rate it.").text, engine.requests[0]["structured_outputs"]

The model is a Llama of two layers with random weights and the tokenizer a BPE trained on a few sentences, so
nothing is downloaded. What it says means nothing; that it keeps to a regular expression or a JSON schema is the
work of llguidance's token masks, as in vLLM and SGLang. It does not stream. It needs torch, transformers,
tokenizers, llguidance and numpy.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple, Self, TypeAlias

import llguidance.numpy as masks
import numpy as np
import torch
from llguidance import LLMatcher, LLTokenizer
from loopback import Request, Response, json_response, serving
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

Body: TypeAlias = Mapping[str, Any]
Floats: TypeAlias = NDArray[np.float32]

_END = "</s>"
_MAX_TOKENS = 300
_SENTENCES = (
    "The answer is correct and clear. Rating: [[8]]",
    "The answer is wrong. Rating: [[1]]",
    "It is mostly right, but it leaves out a step. Rating: [[6]]",
    "Every claim agrees with the reference. Rating: [[10]]",
    "Scores run from 0 to 10: 0 1 2 3 4 5 6 7 8 9 10.",
    '{"reasoning": "The answer is correct.", "rating": 9}',
    '{"reasoning": "The answer is not helpful.", "rating": 2, "passed": false}',
    '{"verdict": "A", "scores": [1, 2, 3], "passed": true, "comment": null}',
    "user: How good is the answer?\nassistant: The answer is good.\n",
)
"""What the tokenizer is trained on: words, digits, brackets, quotes and braces that judges write."""


class LocalEngine:
    """A tiny inference engine for a `with` block.

    It honours what servers take beside OpenAI's own fields: vLLM's `structured_outputs` with `regex` or `json`
    and, of before 0.12, `guided_regex` and `guided_json`; SGLang's `regex`; `json_schema` as an object
    (llama.cpp) or as text (SGLang, outside its chat endpoint); and `response_format` of type json_schema. With
    none of them it speaks freely. A constraint that does not compile, or two that differ, are answered with 400.

    Requests are answered one at a time. A request's own `seed` decides what is sampled for it; without one, the
    engine's seed and the requests before it do. Logprobs are those of the masked distribution at temperature 1,
    so a temperature of 0 still shows how near the alternatives were.

    Args:
        seed: Of the weights, and of the sampling of requests that bring no seed.

    Attributes:
        url: The base URL, ending in /v1, while inside the `with` block.
        requests: The body of every request in order of arrival.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self._random = np.random.default_rng(seed)
        self._tokens = _trained_tokenizer()
        self._model = _random_model(self._tokens, seed)
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.url = self._stack.enter_context(serving(self._answer)) + "/v1"
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def _answer(self, request: Request) -> Response:
        if (request.method, request.path) != ("POST", "/v1/chat/completions"):
            return _refusal(404, f"nothing is served at {request.method} {request.path}")
        body = json.loads(request.body)
        if body.get("stream"):
            raise NotImplementedError(f"asked to stream, which this engine does not: {body}")
        with self._lock:
            self.requests.append(body)
            grammars = set(_grammars(body))
            if len(grammars) > 1:
                return _refusal(400, f"want one constraint, got {len(grammars)} that differ")
            grammar = next(iter(grammars), None)
            if grammar is not None and (fault := LLMatcher.validate_grammar(grammar, self._tokens)):
                return _refusal(400, fault)
            return json_response(self._completion(body, grammar))

    def _completion(self, body: Body, grammar: str | None) -> dict[str, Any]:
        prompt = self._tokens.tokenize_str(_prompt(body))
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or _MAX_TOKENS
        steps: list[_Step] = []
        finish_reason = "length"
        for step in self._steps(prompt, body, grammar):
            if step.token == self._tokens.eos_token:
                finish_reason = "stop"
                break
            steps.append(step)
            if len(steps) == limit:
                break
        said = self._tokens.decode_bytes([step.token for step in steps]).decode(errors="replace")
        logprobs = None
        if body.get("logprobs"):
            most = body.get("top_logprobs") or 0
            logprobs = {"content": [self._token_logprobs(step, most) for step in steps], "refusal": None}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": said, "refusal": None},
            "finish_reason": finish_reason,
            "logprobs": logprobs,
        }
        return {
            "id": f"chatcmpl-{len(self.requests)}",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [choice],
            "usage": {
                "prompt_tokens": len(prompt),
                "completion_tokens": len(steps),
                "total_tokens": len(prompt) + len(steps),
            },
        }

    def _steps(self, prompt: list[int], body: Body, grammar: str | None) -> Iterator[_Step]:
        """Tokens without end; the one that ends the text is the caller's to see."""
        seed, temperature = body.get("seed"), body.get("temperature")
        random = self._random if seed is None else np.random.default_rng(seed)
        matcher = None if grammar is None else LLMatcher(self._tokens, grammar)
        tokens, cache = prompt, None
        while True:
            with torch.inference_mode():
                output = self._model(torch.tensor([tokens]), past_key_values=cache, use_cache=True)
            logits, cache = output.logits[0, -1].numpy(), output.past_key_values
            if matcher is not None:
                _mask(logits, matcher)
            token = _sampled(logits, 1.0 if temperature is None else temperature, random)
            yield _Step(token, _log_softmax(logits))
            if matcher is not None and not matcher.consume_token(token):
                raise RuntimeError(f"llguidance refused a token it allowed: {matcher.get_error()}")
            tokens = [token]

    def _token_logprobs(self, step: _Step, most: int) -> dict[str, Any]:
        likeliest = np.argsort(-step.logprobs, kind="stable")[:most]
        # Masked tokens have a logprob of minus infinity, for which JSON has no number.
        top = [self._logprob(int(token), step) for token in likeliest if np.isfinite(step.logprobs[token])]
        return {**self._logprob(step.token, step), "top_logprobs": top}

    def _logprob(self, token: int, step: _Step) -> dict[str, Any]:
        raw = self._tokens.decode_bytes([token])
        return {
            "token": raw.decode(errors="replace"),
            "logprob": float(step.logprobs[token]),
            "bytes": list(raw),
        }


class _Step(NamedTuple):
    token: int
    logprobs: Floats  # of every token in the vocabulary


def _trained_tokenizer() -> LLTokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # Every byte is a token, so that any prompt can be read and any constraint be met.
    trainer = trainers.BpeTrainer(
        vocab_size=346,
        special_tokens=[_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_SENTENCES, trainer)
    return LLTokenizer(tokenizer.to_str(), eos_token=tokenizer.token_to_id(_END))


def _random_model(tokens: LLTokenizer, seed: int) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=tokens.vocab_size,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=8192,
        initializer_range=0.1,  # with the default of 0.02 all tokens are about equally likely
        bos_token_id=None,
        eos_token_id=tokens.eos_token,
    )
    with torch.random.fork_rng(devices=[]):  # other tests' random numbers stay theirs
        torch.manual_seed(seed)
        return LlamaForCausalLM(config).eval()


def _grammars(body: Body) -> Iterator[str]:
    """The constraints of a request, in llguidance's own form."""
    vllm = body.get("structured_outputs") or {}
    for regex in (vllm.get("regex"), body.get("guided_regex"), body.get("regex")):
        if regex is not None:
            yield LLMatcher.grammar_from_regex(regex)
    openai = body.get("response_format") or {}
    wanted = openai["json_schema"]["schema"] if openai.get("type") == "json_schema" else None
    for schema in (vllm.get("json"), body.get("guided_json"), body.get("json_schema"), wanted):
        if schema is not None:
            yield LLMatcher.grammar_from_json_schema(json.loads(schema) if isinstance(schema, str) else schema)


def _prompt(body: Body) -> str:
    return "".join(f"{message['role']}: {_text(message['content'])}\n" for message in body["messages"]) + "assistant:"


def _text(content: str | list[dict[str, Any]]) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _mask(logits: Floats, matcher: LLMatcher) -> None:
    mask = masks.allocate_token_bitmask(1, logits.size)
    masks.fill_next_token_bitmask(matcher, mask)
    masks.apply_token_bitmask_inplace(logits, mask)


def _sampled(logits: Floats, temperature: float, random: np.random.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    weights = np.exp(_log_softmax(logits / temperature).astype(np.float64))
    return int(random.choice(weights.size, p=weights / weights.sum()))


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def _refusal(status: int, message: str) -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return json_response({"error": error}, status=status)
