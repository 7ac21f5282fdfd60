"""What the vendors' APIs answer, as their references describe it."""

import base64
import json
import math
from typing import Any

import numpy as np

from lethe.adapters.embedding.counting import Cl100kTokenizer
from lethe.adapters.embedding.free import spelling
from tests.servers.embedding_provider.behaviour import Kind

INPUTS = {"embed": "texts", "rerank": "documents"}
"""Where Cohere's calls carry their texts."""
OPENAI_INPUTS = 2_048
COHERE_INPUTS = 96

_tokenizer = Cl100kTokenizer(8_191)


def vectors(texts: list[str], dims: int) -> list[list[float]]:
    """Near if spelt alike; of length 2, which nobody promised to be 1."""
    rows = np.zeros((len(texts), dims))
    for row, text in enumerate(texts):
        counts = spelling(text)[:dims]
        rows[row, : len(counts)] = counts
        rows[row] *= 2 / (np.linalg.norm(rows[row]) or 1)
    return rows.astype(np.float32).tolist()


def spoilt(rows: list[list[float]], kind: Kind) -> list[list[float]]:
    if kind is Kind.CHANGED:
        return [[*row[7:], *row[:7]] for row in rows]
    if kind is Kind.WRONG_DIMS:
        return [row[:-1] for row in rows]
    if kind is Kind.NOT_A_NUMBER:
        return [[math.nan, *row[1:]] for row in rows]
    if kind is Kind.ZERO:
        return [[0.0] * len(row) if place == 0 else row for place, row in enumerate(rows)]
    return rows[:-1] if kind is Kind.SHORT else rows


def openai_answer(body: dict[str, Any], rows: list[list[float]], kind: Kind) -> bytes:
    items = [
        {"object": "embedding", "index": place, "embedding": _encoded(row, body.get("encoding_format", "float"))}
        for place, row in enumerate(rows)
    ]
    if kind is Kind.REORDERED:
        items.reverse()
    if kind is Kind.REPEATED:
        items = [item | {"index": 0} for item in items]
    tokens = sum(count(text) for text in body["input"])
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json.dumps({"object": "list", "data": items, "model": body["model"], "usage": usage}).encode()


def cohere_answer(body: dict[str, Any], rows: list[list[float]]) -> bytes:
    tokens = sum(count(text) for text in body["texts"])
    return json.dumps(
        {
            "id": "stand-in",
            "response_type": "embeddings_by_type",
            "embeddings": {"float": rows},
            "texts": body["texts"],
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens}},
        }
    ).encode()


def rerank_answer(body: dict[str, Any], kind: Kind) -> bytes:
    """The share of the question's words that a document has; best first, as Cohere answers."""
    words = set(body["query"].casefold().split())
    scores = [len(words & set(text.casefold().split())) / len(words) for text in body["documents"]]
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    results = [{"index": place, "relevance_score": scores[place]} for place in order]
    if kind is Kind.NOT_A_NUMBER:
        results[0]["relevance_score"] = math.nan
    if kind is Kind.SHORT:
        results.pop()
    if kind is Kind.REPEATED:
        results = [{**each, "index": 0} for each in results]
    if kind is Kind.WRONG_DIMS:
        results[0]["index"] = len(scores)
    return json.dumps({"id": "stand-in", "results": results, "meta": {"billed_units": {"search_units": 1}}}).encode()


def count(text: str) -> int:
    return len(_tokenizer.offsets(text))


def error_body(path: str, status: int, message: str, code: str | None = None) -> bytes:
    if "/v2/" in path:
        return json.dumps({"id": "stand-in", "message": message}).encode()
    return json.dumps({"error": {"message": message, "type": "error", "param": None, "code": code}}).encode()


def refused(path: str, body: dict[str, Any], texts: list[str], max_tokens: int) -> tuple[str, str] | None:
    """(message, code) of what the vendor would not take; a text's tokens are counted only if it could be too long."""
    if path.endswith("/v2/rerank"):
        return None if texts and body.get("query") else ("query and documents are needed", "invalid_request_error")
    is_cohere = path.endswith("/v2/embed")
    if not texts or "" in texts:
        return "input cannot be an empty string", "invalid_request_error"
    if len(texts) > (COHERE_INPUTS if is_cohere else OPENAI_INPUTS):
        return "too many inputs", "invalid_request_error"
    if is_cohere and body.get("input_type") not in {"search_document", "search_query"}:
        return "valid input_type must be provided with the provided model", "invalid_request_error"
    if any(len(text.encode()) > max_tokens and count(text) > max_tokens for text in texts):
        return (
            f"too many tokens: maximum context length is {max_tokens} tokens",
            "context_length_exceeded",
        )
    return None


def _encoded(row: list[float], encoding: str) -> list[float] | str:
    return base64.b64encode(np.array(row, "<f4").tobytes()).decode() if encoding == "base64" else row
