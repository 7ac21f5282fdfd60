"""What ports.embedding.Embedder means: every implementation passes these."""

import asyncio

import numpy as np

from lethe.ports.embedding import Embedder, InputKind

TEXTS = [
    "The lift of a wing is created by circulation.",
    "How do wings create lift?",
    "Bread is made of flour, water, yeast and salt.",
    "lift",
    "",
    "  Ünïcödé 🙂 and 表面  ",
]


class EmbedderContract:
    """Subclasses give a fixture ``embedder``."""

    async def test_a_vector_a_text_in_order_of_norm_1(self, embedder: Embedder) -> None:
        for kind in InputKind:
            vectors = await embedder.embed(TEXTS, kind)
            assert vectors.shape == (len(TEXTS), embedder.spec.dims)
            assert vectors.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    async def test_the_company_of_a_text_does_not_change_its_vector(self, embedder: Embedder) -> None:
        together = await embedder.embed(TEXTS * 4, InputKind.DOCUMENT)
        alone = [await embedder.embed([text], InputKind.DOCUMENT) for text in TEXTS]
        np.testing.assert_array_equal(together, np.concatenate(alone * 4))

    async def test_nothing_is_nothing(self, embedder: Embedder) -> None:
        assert (await embedder.embed([], InputKind.DOCUMENT)).shape == (0, embedder.spec.dims)

    async def test_near_in_meaning_is_near(self, embedder: Embedder) -> None:
        documents = await embedder.embed(TEXTS[:3], InputKind.DOCUMENT)
        (question,) = await embedder.embed(["how does a wing create lift"], InputKind.QUERY)
        nearness = documents @ question
        # Some models' cosines are all high: it is the order that searches use.
        assert nearness[0] > nearness[2] + 0.1
        assert nearness[1] > nearness[2] + 0.1

    async def test_calls_at_once_do_not_mix(self, embedder: Embedder) -> None:
        expected = await embedder.embed(TEXTS, InputKind.DOCUMENT)
        found = await asyncio.gather(*(embedder.embed(TEXTS, kind) for kind in [InputKind.DOCUMENT] * 3))
        for vectors in found:
            np.testing.assert_array_equal(vectors, expected)

    async def test_a_question_of_a_thousand_characters_is_taken(self, embedder: Embedder) -> None:
        assert (await embedder.embed(["1 " * 500], InputKind.QUERY)).shape == (1, embedder.spec.dims)

    async def test_as_many_tokens_as_the_tokenizer_says_are_taken(self, embedder: Embedder) -> None:
        words = "wing " * (embedder.tokenizer.max_tokens + 10)
        offsets = embedder.tokenizer.offsets(words)
        longest = words[: offsets[embedder.tokenizer.max_tokens - 1][1]]
        assert (await embedder.embed([longest], InputKind.DOCUMENT)).shape == (1, embedder.spec.dims)

    def test_offsets_are_in_characters_and_in_order(self, embedder: Embedder) -> None:
        text = "Ünïcödé 🙂 naïve façade, wings"
        offsets = embedder.tokenizer.offsets(text)
        assert offsets == sorted(offsets)
        assert text[slice(*offsets[-1])] in {"wings", "s"}
        covered = {position for start, end in offsets for position in range(start, end)}
        assert covered == {position for position, character in enumerate(text) if not character.isspace()}

    def test_the_spec_says_all_that_makes_vectors_comparable(self, embedder: Embedder) -> None:
        spec = embedder.spec
        assert spec.model
        assert spec.revision
        assert spec.preprocessing
        assert spec == embedder.spec
