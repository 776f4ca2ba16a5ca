"""Vectors out of words: texts that share words are near each other, always and everywhere in the same way."""

import base64
import hashlib
import math
import random
import re
import struct

WORD = re.compile(r"[a-zäöüßàâçéèêëîïôûùœñáíóú0-9]+|[\u3040-\u30ff\u4e00-\u9fff]")


def words(text):
    """Words of alphabets; single characters and pairs of them for Chinese and Japanese."""
    found = WORD.findall(text.lower())
    pairs = [one + other for one, other in zip(found, found[1:]) if ord(one[0]) > 0x3000 and ord(other[0]) > 0x3000]
    return found + pairs


def vector(text, dimensions):
    """Of length 1, unless there are no words."""
    sums = [0.0] * dimensions
    for word in words(text):
        digest = hashlib.sha256(word.encode()).digest()
        for start in range(0, 16, 4):
            number = int.from_bytes(digest[start : start + 4], "big")
            sums[number % dimensions] += 1.0 if digest[16 + start] & 1 else -1.0
    length = math.sqrt(sum(value * value for value in sums)) or 1.0
    return [value / length for value in sums]


def answer(body, behaviour, usual_dimensions):
    """The object that a request for embeddings gets."""
    inputs = [body["input"]] if isinstance(body["input"], str) else body["input"]
    dimensions = behaviour["dimensions"] or body.get("dimensions") or usual_dimensions
    data = [
        {"object": "embedding", "index": index, "embedding": spelled(vector(text, dimensions), body, behaviour)}
        for index, text in enumerate(inputs)
    ]
    if behaviour["shuffled"]:
        random.Random(1).shuffle(data)
        data.reverse()
    if missing := behaviour["missing"]:
        data = data[:-missing]
    tokens = sum(len(words(text)) for text in inputs)
    return {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def spelled(values, body, behaviour):
    nonsense = behaviour["nonsense"]
    if nonsense:
        return [{"nulls": None, "strings": "0.1", "zeros": 0.0}[nonsense]] * len(values)
    if body.get("encoding_format") == "base64":
        return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    return values


def is_right(body):
    """Whether the request is one."""
    given = body.get("input") if isinstance(body, dict) else None
    inputs = [given] if isinstance(given, str) else given
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= 2048 or not all(isinstance(text, str) and text for text in inputs):
        return False
    dimensions = body.get("dimensions", 1)
    return (
        isinstance(body.get("model"), str) and bool(body["model"]) and body.get("encoding_format", "float") in ("float", "base64")
        and isinstance(dimensions, int) and dimensions > 0
        and set(body) <= {"input", "model", "encoding_format", "dimensions", "user", "truncate_prompt_tokens"}
    )
