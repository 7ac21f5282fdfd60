"""The contract of the chat model on the scripted one; vendors join it as their adapters arrive."""

import pytest

from lethe.adapters.fakes.chat import ScriptedChatModel
from lethe.errors import ModelUnavailable
from tests.contract.chat import REQUEST, ChatModelContract, said


class TestScriptedChatModel(ChatModelContract):
    @pytest.fixture
    def model(self) -> ScriptedChatModel:
        return ScriptedChatModel(["The sky is blue."])

    async def test_it_follows_its_script_and_repeats_the_last_line(self) -> None:
        model = ScriptedChatModel(["first", ModelUnavailable(), "last"])
        assert "".join(delta.text for delta in await said(model)) == "first"
        with pytest.raises(ModelUnavailable):
            await said(model)
        for _ in range(2):
            assert "".join(delta.text for delta in await said(model)) == "last"
        assert model.requests == [REQUEST] * 4

    def test_a_script_needs_a_line(self) -> None:
        with pytest.raises(ValueError, match="script"):
            ScriptedChatModel([])
