"""What ports.chat.ChatModel means: every implementation passes these."""

import pytest

from lethe.ports.chat import ChatDelta, ChatModel, ChatRequest

REQUEST = ChatRequest(system="Answer in one short sentence.", user="What colour is the sky?", max_tokens=50)


async def said(model: ChatModel, request: ChatRequest = REQUEST) -> list[ChatDelta]:
    return [delta async for delta in model.stream(request)]


class ChatModelContract:
    """Subclasses give a fixture ``model`` that answers REQUEST with more than one token."""

    async def test_an_answer_ends_with_why_it_ended_and_what_it_took(self, model: ChatModel) -> None:
        *pieces, last = await said(model)
        assert "".join(piece.text for piece in pieces).strip()
        assert all(not piece.finish_reason for piece in pieces)
        assert last.finish_reason == "stop"
        assert last.tokens_in > 0
        assert last.tokens_out > 0
        assert last.model

    async def test_an_answer_cut_at_its_bound_says_so(self, model: ChatModel) -> None:
        last = (await said(model, ChatRequest(REQUEST.system, REQUEST.user, max_tokens=1)))[-1]
        assert last.finish_reason == "length"
        assert last.tokens_out == 1

    async def test_an_answer_may_be_left_unread(self, model: ChatModel) -> None:
        async for _ in model.stream(REQUEST):
            break
        assert (await said(model))[-1].finish_reason == "stop"

    def test_it_has_a_name(self, model: ChatModel) -> None:
        assert model.provider
        assert model.model

    @pytest.fixture
    def model(self) -> ChatModel:
        raise NotImplementedError
