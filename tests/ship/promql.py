"""Which metrics an expression of PromQL asks for."""

import re

WORDS = {
    "and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool", "inf", "nan",
}  # fmt: skip


def names(expression):
    """Metrics' names: what is left when strings, labels, durations, groupings, functions and numbers are taken out."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', " ", expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", text)
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", text)
    found = re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])", text)
    return {name for name in found if name.lower() not in WORDS}


def family(name, known):
    """A histogram's series belong to the name without their end."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return name if name in known else base
