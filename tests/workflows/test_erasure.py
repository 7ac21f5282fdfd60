"""EraseSubject: the order of the steps, rounds until nothing is found, and waiting where a person decides."""

from datetime import timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from lethe.contracts.erasure import Discovered, ErasureProgress, ErasureRef, ErasureRun, Standing
from lethe.model.ids import new_id
from lethe.model.personal_data import StoreName
from tests.workflows.scripted import replayed
from tests.workflows.scripted_erasure import ScriptedErasure
from workflows.erasure import LOOKS_PER_RUN, EraseSubject
from workflows.erasure_order import DELETION_ORDER
from workflows.policies import Queue
from workflows.rechecks import RecheckErasure

FOUND = Discovered(found=3, drain_seconds=7_200, stores=list(StoreName), is_shared=True)


async def _start(client: Client) -> WorkflowHandle[EraseSubject, ErasureProgress]:
    run = ErasureRun(tenant_id=new_id(), erasure_id=new_id())
    return await client.start_workflow(
        EraseSubject.run, run, id=f"erase-subject/{run.tenant_id}/{run.erasure_id}", task_queue=Queue.CONTROL
    )


def test_every_store_is_taken_out_of_in_an_order_and_the_source_last() -> None:
    assert {StoreName.KEYS, *DELETION_ORDER} == set(StoreName)
    assert DELETION_ORDER[-1] is StoreName.DOCUMENTS


async def test_keys_first_then_every_store_and_a_second_round_that_finds_nothing(client: Client) -> None:
    scripted = ScriptedErasure(FOUND)
    scripted.pending = [["vectors"]]
    async with scripted.running(client):
        erasure = await _start(client)
        done = await erasure.result()
        await replayed(erasure)
    _in_order(scripted.stores)
    assert scripted.calls.count("discover_subject") == 2
    begin = scripted.calls.index("purge_stores")
    assert scripted.calls[begin : begin + 4] == ["purge_stores", "purge_stores", "verify_erasure", "certify_erasure"]
    assert (done.phase, done.round, done.found, done.pending) == ("certified", 2, 0, [])


async def test_only_the_stores_that_hold_something_are_asked_and_without_a_reason_nothing_waits(client: Client) -> None:
    scripted = ScriptedErasure(Discovered(found=1, stores=["keys", "vectors"]), Discovered())
    async with scripted.running(client):
        erasure = await _start(client)
        await erasure.result()
        history = await erasure.fetch_history()
        await replayed(erasure)
    assert [store for _, store in scripted.stores] == ["keys", "vectors", "documents"]
    assert "rewrite_shared" not in scripted.calls
    timers = [event for event in history.events if event.HasField("timer_started_event_attributes")]
    assert len(timers) == 1, "for processes that remember a key"


async def test_what_a_later_round_finds_is_taken_out_and_looked_for_again(client: Client) -> None:
    again = Discovered(again=1, drain_seconds=7_200, stores=["keys", "vectors"])
    scripted = ScriptedErasure(FOUND, FOUND, again)
    async with scripted.running(client):
        erasure = await _start(client)
        done = await erasure.result()
        await replayed(erasure)
    assert [now for now, store in scripted.stores if store == "keys"] == [1, 2, 3]
    assert done.round == 4


async def test_a_hold_in_the_middle_stops_the_next_step_until_its_release(
    client: Client, environment: WorkflowEnvironment
) -> None:
    scripted = ScriptedErasure(FOUND)
    scripted.held = {"vectors"}
    scripted.standings = [Standing(state="fenced"), Standing(state="held", waits_for="release")]
    async with scripted.running(client):
        erasure = await _start(client)
        with environment.auto_time_skipping_disabled():
            await _until(environment, erasure, "release")
            assert (1, "vectors") not in scripted.stores
            await erasure.signal(EraseSubject.look)
        await erasure.result()
        await replayed(erasure)
    _in_order(scripted.stores)


async def test_a_request_that_is_cancelled_while_it_waits_for_approval_destroys_nothing(
    client: Client, environment: WorkflowEnvironment
) -> None:
    scripted = ScriptedErasure(FOUND)
    waiting = Standing(state="awaiting_approval", waits_for="approval")
    scripted.standings = [waiting, Standing(state="cancelled", is_over=True)]
    async with scripted.running(client):
        erasure = await _start(client)
        with environment.auto_time_skipping_disabled():
            await _until(environment, erasure, "approval")
            await erasure.signal(EraseSubject.look)
        await erasure.result()
    assert scripted.calls == ["look_at_erasure", "look_at_erasure"]


async def test_a_review_nobody_decides_on_ends_by_itself(client: Client) -> None:
    unsure = Discovered(found=1, in_review=2, drain_seconds=7_200)
    scripted = ScriptedErasure(unsure, FOUND)
    scripted.standings = [
        Standing(state="fenced"),
        Standing(state="in_review", waits_for="review", wait_seconds=259_200),
        Standing(state="discovering"),
    ]
    async with scripted.running(client):
        erasure = await _start(client)
        await erasure.result()
        await replayed(erasure)
    assert scripted.calls[:5] == ["look_at_erasure", "discover_subject", *["look_at_erasure"] * 2, "discover_subject"]


async def test_what_came_since_the_last_round_is_taken_out_and_asks_for_no_further_one(client: Client) -> None:
    scripted = ScriptedErasure(FOUND, Discovered(late=2, drain_seconds=7_200, stores=["questions"]))
    async with scripted.running(client):
        erasure = await _start(client)
        done = await erasure.result()
        await replayed(erasure)
    assert [now for now, store in scripted.stores if store == "questions"] == [1, 2]
    assert (done.phase, scripted.rounds_asked) == ("certified", [1, 2])


async def test_one_that_is_cancelled_in_the_middle_ends(client: Client) -> None:
    scripted = ScriptedErasure(Discovered(found=1, in_review=1, drain_seconds=7_200))
    scripted.standings = [Standing(state="fenced"), Standing(state="cancelled", is_over=True)]
    async with scripted.running(client):
        erasure = await _start(client)
        done = await erasure.result()
        await replayed(erasure)
    assert (done.phase, scripted.stores) == ("cancelled", [])


async def test_what_takes_long_is_waited_for_as_new_and_goes_on_where_it_was(client: Client) -> None:
    scripted = ScriptedErasure(FOUND)
    scripted.rewriting = [1] * (LOOKS_PER_RUN + 1)
    scripted.pending = [["vectors"]] * (LOOKS_PER_RUN + 1)
    async with scripted.running(client):
        erasure = await _start(client)
        done = await erasure.result()
        first = client.get_workflow_handle(erasure.id, run_id=erasure.first_execution_run_id)
        last = (await client.get_workflow_handle(erasure.id).describe()).run_id
        await replayed(first)
    assert last != erasure.first_execution_run_id
    assert (done.phase, scripted.rounds_asked) == ("certified", [1, 2])
    assert [now for now, store in scripted.stores if store == "keys"] == [1]


async def test_a_store_that_is_down_is_asked_until_it_answers(client: Client) -> None:
    scripted = ScriptedErasure(FOUND)
    scripted.fails["erase_store"] = ["index_unavailable"] * 12
    async with scripted.running(client):
        await (await _start(client)).result()
    assert len(scripted.stores) == len(StoreName)


async def test_a_hit_is_certified_only_after_everything_was_done_once_more(client: Client) -> None:
    scripted = ScriptedErasure(FOUND)
    scripted.hits = [2]
    scripted.standings = [Standing(state="fenced"), Standing(state="reopened", round=3)]
    async with scripted.running(client):
        erasure = await _start(client)
        done = await erasure.result()
    assert (done.phase, done.round) == ("certified", 3)
    begin = scripted.calls.index("verify_erasure") + 1
    again = ["look_at_erasure", "discover_subject", "purge_stores", "verify_erasure", "certify_erasure"]
    assert scripted.calls[begin : begin + 5] == again


async def test_a_witness_that_is_away_is_asked_until_it_answers_and_without_one_it_ends(client: Client) -> None:
    scripted = ScriptedErasure()
    scripted.fails["certify_erasure"] = ["witness_unavailable"] * 12
    async with scripted.running(client):
        assert (await (await _start(client)).result()).phase == "certified"
        scripted.has_witness = False
        assert (await (await _start(client)).result()).phase == "verified"


async def test_what_is_released_while_it_is_certified_goes_in_another_round(client: Client) -> None:
    scripted = ScriptedErasure(FOUND)
    scripted.is_released = True
    scripted.standings = [Standing(state="fenced"), *[Standing(state="reopened", round=3)] * 2]
    async with scripted.running(client):
        erasure = await _start(client)
        done = await erasure.result()
        await replayed(erasure)
    assert (done.phase, scripted.rounds_asked, scripted.calls.count("certify_erasure")) == ("certified", [1, 2, 3], 2)


async def test_it_is_looked_for_again_until_it_has_come_back(client: Client) -> None:
    scripted = ScriptedErasure()
    scripted.come_back = [0, 0, 0, 0, 1]
    async with scripted.running(client):
        for looks in (3, 5):
            ref = ErasureRef(tenant_id=new_id(), erasure_id=new_id())
            again = await client.start_workflow(
                RecheckErasure.run, ref, id=f"recheck-erasure/{ref.erasure_id}", task_queue=Queue.CONTROL
            )
            await again.result()
            await replayed(again)
            assert scripted.calls.count("check_erasure_again") == looks


async def test_whoever_is_certified_is_looked_for_again(client: Client) -> None:
    async with ScriptedErasure().running(client):
        erasure = await _start(client)
        await erasure.result()
        again = await client.get_workflow_handle(erasure.id.replace("erase-subject", "recheck-erasure")).describe()
    assert again.workflow_type == "recheck-erasure"


def _in_order(stores: list[tuple[int, str]]) -> None:
    """Each once; the keys first, and what others are found by last."""
    assert sorted(stores) == sorted((1, store.value) for store in StoreName)
    assert [stores[0], *stores[-2:]] == [(1, "keys"), (1, "questions"), (1, "documents")]


async def _until(
    environment: WorkflowEnvironment, erasure: WorkflowHandle[EraseSubject, ErasureProgress], phase: str
) -> None:
    """However much of the workflow's time passes first: it waits before it looks why a store was held."""
    while (await erasure.query(EraseSubject.progress)).phase != phase:
        await environment.sleep(timedelta(seconds=10))
