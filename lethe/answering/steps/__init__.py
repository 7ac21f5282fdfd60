"""The steps of a question. Each may run again with the same effect.

No unit of work spans a call outside SQL: a step reads, works, then commits in a unit of its own.
"""

from lethe.answering.steps.asking import ask
from lethe.answering.steps.extracting import generate
from lethe.answering.steps.finishing import finish, finish_at_once
from lethe.answering.steps.generating import generate_by_model
from lethe.answering.steps.retrieving import look_ahead, retrieve, searching_meanwhile
from lethe.answering.steps.settling import settle
from lethe.answering.steps.stored import paid_draft

__all__ = [
    "ask",
    "finish",
    "finish_at_once",
    "generate",
    "generate_by_model",
    "look_ahead",
    "paid_draft",
    "retrieve",
    "searching_meanwhile",
    "settle",
]
