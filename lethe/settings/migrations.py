"""When an index made anew may take the place of the one that serves."""

from typing import Annotated, Literal

from pydantic import Field

from lethe.settings.base import Section

Share = Annotated[float, Field(ge=0, le=1)]


class MigrationSettings(Section):
    """The gate of a migration: a build that does not pass is dropped with a report, and nothing is switched."""

    soak_seconds: Annotated[float, Field(ge=0)] = 86_400.0
    """How long the replaced build follows for a way back, unless the migration says otherwise."""
    sample_chunks: Annotated[int, Field(ge=1, le=1000)] = 200
    """Chunks whose texts are embedded again and compared with what the build holds: of 5 % wrong ones 200 miss none but
    once in 30,000 times."""
    least_cosine: Annotated[float, Field(ge=0.9, le=1)] = 0.9999
    """Below it a vector is not the one that it should be."""
    questions: Annotated[int, Field(ge=0, le=500)] = 50
    """Newest questions of the tenant that both builds are asked, and most judged ones."""
    judged_least: Annotated[int, Field(ge=1)] = 5
    """With fewer judged questions nDCG is told and decides nothing; nor does what liked answers cite."""
    ndcg_loss: Share = 0.02
    """How much less nDCG@10 the new build may have over the judged questions."""
    overlap_same: Share = 0.9
    """Least share of the passages found before that a build of the same model finds too, of the best 10."""
    overlap_other: Share = 0.2
    """The same for another model without judged questions; with them, nDCG decides."""
    cited_least: Share = 0.5
    """Least share of the documents cited by liked answers that the new build finds as well, where no judgements are
    given: those answers were made of what an older build found, and a better one may find others."""
    changed_most: Share = 0.1
    """Of what was compared, the share that may have changed when it is to serve; with more it is judged anew, unless
    all of it fits into the sample."""
    uncompared_most: Share = 0.01
    """The share that may have changed between its last comparison and the moment from which it serves; with more that
    is compared first, unless all of it fits into the sample."""
    latency_factor: Annotated[float, Field(ge=1)] = 3.0
    """How much longer the new build may take for a question, embedding included, by the median: of few
    questions a higher percentile is the slowest one."""
    latency_free_ms: Annotated[float, Field(ge=0)] = 250.0
    """A new build that is quicker than this is not measured against the other."""
    stall_seconds: Annotated[float, Field(ge=0)] = 3_600.0
    """After so long without an answer of its model, or with more coming than is compared for its cutover, a migration
    ends: while it is built, no erasure can have the index made anew. What was embedded is kept for the next one."""
    vector_days: Annotated[int, Field(ge=0)] = 30
    """How long after the last migration from or to a model its vectors stay that no index of the tenant has any more:
    until then another migration need not pay for them again."""
    history_days: Annotated[int, Field(ge=1)] = 365
    """How long it is known what a migration did."""
    tokens_per_second: Annotated[float, Field(gt=0)] = 5_000.0
    """What a plan assumes for an outside model."""
    canary_tenants: tuple[str, ...] = ()
    """Tenants that others with the same target may be made to wait for."""
    ef: tuple[int, ...] = (-1, 32, 64, 128, 256, 512)
    """What a migration may ask for, here and in the next four: each way is a collection of the store."""
    ef_construction: tuple[int, ...] = (64, 128, 256)
    """How many candidates are looked at while the graph is made."""
    connections: tuple[int, ...] = (16, 32, 64)
    """Edges of a node of the graph."""
    quantisations: tuple[Literal["store", "none", "sq", "pq", "bq", "rq"], ...] = (
        "store",
        "none",
        "sq",
        "pq",
        "bq",
        "rq",
    )
    """How vectors may be compressed for the search; `store`: as the store does by itself."""
    replicas: tuple[int, ...] = (1,)
    """No more than the store has nodes."""
