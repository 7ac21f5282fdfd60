from lethe.adapters.embedding.minilm import MiniLmEmbedder
from lethe.adapters.fakes.chat import ScriptedChatModel
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.answering.grounding import Claim, Flaw, Source, check
from lethe.answering.judging import judge_request, judge_version, judged
from lethe.answering.meaning import ground
from lethe.errors import ModelUnavailable

PASSAGES = {1: Source("Reimbursement arrives with the next salary, at the latest after six weeks.", "Travel policy")}
OTHER_WORDS = Claim("The money comes with the next pay, six weeks later at the most.", (1,))
WRONG_NUMBER = Claim("Reimbursement arrives after nine weeks.", (1,))
VERBATIM = Claim("Reimbursement arrives with the next salary.", (1,))
CLAIMS = [OTHER_WORDS, WRONG_NUMBER, VERBATIM]


async def test_a_model_may_raise_what_words_lowered_but_not_a_wrong_number():
    by_rules = check(CLAIMS, PASSAGES)
    assert by_rules.unsupported == (0, 1)
    model = ScriptedChatModel(["1: supported\n2: supported\n3: supported"])
    by_model = await judged(by_rules, CLAIMS, PASSAGES, model)
    assert by_model is not None
    assert by_model.unsupported == (1,)
    assert by_model.flaws == (Flaw.NUMBER,)


async def test_a_model_may_lower_any_score():
    by_model = await judged(
        check(CLAIMS, PASSAGES), CLAIMS, PASSAGES, ScriptedChatModel(["1: supported\n2: unsupported\n3. unsupported"])
    )
    assert by_model is not None
    assert by_model.unsupported == (1, 2)


async def test_without_a_verdict_on_every_sentence_the_rules_stand():
    by_rules = check(CLAIMS, PASSAGES)
    for script in ["I cannot tell.", "1: supported\n2: supported", ModelUnavailable("down")]:
        assert await judged(by_rules, CLAIMS, PASSAGES, ScriptedChatModel([script])) is None


def test_the_judge_is_shown_what_is_cited_between_fresh_markers():
    request = judge_request(CLAIMS, PASSAGES | {2: Source("Not cited.")})
    assert "Reimbursement arrives with the next salary, at the latest" in request.user
    assert "Not cited." not in request.user
    assert request.system != judge_request(CLAIMS, PASSAGES).system
    assert judge_version().startswith("grounding-v1@")


async def test_meaning_raises_what_is_said_in_other_words_and_nothing_else():
    embedder = MiniLmEmbedder(1)
    said = await ground([*CLAIMS, Claim("Penguins eat krill.", (1,))], PASSAGES, embedder)
    embedder.close()
    assert said.unsupported == (1, 3)


async def test_without_the_embedder_or_its_calibration_words_decide():
    down = HashEmbedder()
    down.is_down = True
    assert await ground(CLAIMS, PASSAGES, down) == check(CLAIMS, PASSAGES)
    assert down.texts == []
