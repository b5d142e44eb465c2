//! Awaiting one operation, stepping through it, and what comes of it.

use std::collections::HashMap;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
};

use futures::StreamExt;
use lro::{
    Any, Code, Empty, LroTransport, Operation, Origin, Pacing, Status, Tolerance, Wait,
    details::{ErrorInfo, Help},
    poll_until_done,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::common::{
    NAME, Script, always, answer, any, busy, failed, forty_two, millis, name, neither, progress, refused,
    running, script, seconds, slow_script, succeeded,
};

#[tokio::test(start_paused = true)]
async fn outlives_transient_failures() {
    // SPEC 26
    let transport = script([busy(), running(), busy(), succeeded()]);
    let outcome: Result<Value, Status> = poll_until_done(&transport, name()).await;
    assert_eq!(outcome.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn asks_at_once() {
    // SPEC 34
    let transport = script([succeeded()]);
    poll_until_done::<Value>(&transport, name()).await.unwrap();
    assert_eq!(transport.times(), [seconds(0)]);
}

#[tokio::test(start_paused = true)]
async fn asks_later_if_told_so() {
    // SPEC 34
    let transport = script([succeeded()]);
    poll_until_done::<Value>(&transport, name()).not_before(seconds(7)).await.unwrap();
    assert_eq!(transport.times(), [seconds(7)]);
}

#[tokio::test(start_paused = true)]
async fn does_nothing_until_it_is_awaited() {
    let transport = script([]);
    let wait = poll_until_done::<Value>(&transport, name()).deadline(seconds(1)).with_metadata::<Value>();
    tokio::time::sleep(seconds(60)).await;
    drop(wait.into_future());
    assert_eq!(transport.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn keeps_asking_by_the_name_it_was_given() {
    // SPEC 7: even if a reply leaves it out.
    let nameless = Operation::succeeded("", answer()).unwrap();
    let transport = script([Ok(Operation::running("")), running(), Ok(Operation::running("")), Ok(nameless)]);
    poll_until_done::<Value>(&transport, name()).await.unwrap();
    assert_eq!(transport.names(), [NAME; 4]);
}

#[tokio::test(start_paused = true)]
async fn never_follows_a_reply_that_names_another_operation() {
    // SPEC 7
    for other in
        ["operations/2", "operations/1 ", "Operations/1", "1", "https://evil.example.com/operations/1"]
    {
        for reply in [Operation::running(other), Operation::succeeded(other, answer()).unwrap()] {
            let transport = script([running(), Ok(reply)]);
            let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
            assert_eq!(status.origin(), Origin::MalformedReply, "{other}");
            assert!(status.may_be_running());
            assert_eq!(status.report().unwrap().polls, 2);
            assert_eq!(transport.names(), [NAME; 2]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ends_with_the_error_of_the_operation() {
    // SPEC 3, 20
    let transport = script([running(), failed()]);
    let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
    let expected = Status::new(Code::FailedPrecondition, "out of paper").with_origin(Origin::OperationFailed);
    assert_eq!(status, expected);
    assert!(!status.may_be_running());
    assert!(status.report().unwrap().done);
}

#[tokio::test(start_paused = true)]
async fn does_not_survive_a_failed_operation_whatever_its_code() {
    // SPEC 9, 20: the code of a call would be survived.
    for code in Code::ALL {
        let transport = script([Ok(Operation::failed(NAME, Status::new(code, "no")))]);
        let status = poll_until_done::<Value>(&transport, name()).await.unwrap_err();
        assert_eq!((status.origin(), status.raw_code()), (Origin::OperationFailed, code.number()));
    }
}

#[tokio::test(start_paused = true)]
async fn costs_no_call_if_it_was_done_when_it_was_started() {
    // SPEC 8
    for name in [NAME, "", "operations//odd"] {
        let named = |operation: Operation| Operation { name: name.into(), ..operation };
        let wait = Wait::<Value>::started(script([]), named(succeeded().unwrap()));
        assert_eq!(wait.await.unwrap(), forty_two());

        let status = Wait::<Value>::started(script([]), named(failed().unwrap())).await.unwrap_err();
        assert_eq!((status.origin(), status.code()), (Origin::OperationFailed, Code::FailedPrecondition));

        let wait = Wait::<Empty>::started(script([]), named(neither().unwrap()));
        assert_eq!(wait.await.unwrap(), Empty {});
    }
}

#[tokio::test(start_paused = true)]
async fn tells_a_snapshot_of_what_was_done_when_it_was_started() {
    // SPEC 8
    let operation = succeeded().unwrap().with_metadata(progress(9));
    let mut wait = Wait::<Value>::started(script([]), Operation { name: String::new(), ..operation });
    assert_eq!((wait.name(), wait.handle()), (None, None));
    let snapshot = wait.next().await.unwrap().unwrap();
    assert!(snapshot.is_done());
    assert_eq!((snapshot.polls(), snapshot.next_poll()), (0, None));
    assert_eq!(snapshot.raw_metadata(), Some(&progress(9)));
    assert!(wait.next().await.is_none());
    assert_eq!(wait.await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn is_malformed_at_once_if_it_was_started_without_a_name() {
    // SPEC 8
    for name in ["", "operations//1", "/", "operations/.."] {
        let status = Wait::<Value>::started(script([]), Operation::running(name)).await.unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{name}");
        assert!(status.may_be_running());
    }
}

#[tokio::test(start_paused = true)]
async fn reports_what_is_known_of_what_was_started_without_a_name() {
    // SPEC 21
    let operation = Operation::running("").with_metadata(progress(1));
    let status = Wait::<Value>::started(script([]), operation).await.unwrap_err();
    let report = status.report().expect("a report");
    assert_eq!((&report.name, report.polls), (&None, 0));
    assert_eq!(report.last_metadata, Some(progress(1)));
    assert!(status.to_string().contains("may still be running"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn goes_on_with_what_was_started() {
    let transport = script([running(), succeeded()]);
    let operation = running().unwrap().with_metadata(progress(1));
    let mut wait = Wait::<Value>::started(&transport, operation);
    assert_eq!(wait.next().await.unwrap().unwrap().raw_metadata(), Some(&progress(1)));
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(transport.names(), [NAME; 2]);
}

#[tokio::test(start_paused = true)]
async fn gives_the_outcome_again_without_a_call() {
    // SPEC 9
    let transport = script([running(), succeeded()]);
    let mut wait = poll_until_done::<Value>(&transport, name());
    for _ in 0..3 {
        assert_eq!(wait.outcome().await.unwrap(), forty_two());
    }
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(transport.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn gives_the_same_failure_again_without_a_call() {
    // SPEC 9
    let scripts: [fn() -> Script; 4] = [
        || script([failed()]),
        || script([refused(Code::PermissionDenied)]),
        || script([Ok(Operation::running("operations/2"))]),
        || script([neither()]),
    ];
    for transport in scripts {
        let transport = transport();
        let mut wait = poll_until_done::<Value>(&transport, name());
        let first = wait.outcome().await.unwrap_err();
        assert_eq!(wait.outcome().await.unwrap_err(), first);
        assert_eq!(wait.await.unwrap_err(), first);
        assert_eq!(transport.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn hands_out_each_snapshot_before_the_sleep() {
    // SPEC 9, 10
    let transport = script([running(), busy(), running(), succeeded()]);
    let mut wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(10)));
    let began = Instant::now();

    let first = wait.next().await.unwrap().unwrap();
    assert_eq!(began.elapsed(), seconds(0));
    assert_eq!((first.is_done(), first.polls(), first.elapsed()), (false, 1, seconds(0)));
    assert_eq!(first.next_poll(), Some(seconds(10)));

    // A survived failure is no snapshot, but it is a poll.
    let second = wait.next().await.unwrap().unwrap();
    assert_eq!((second.is_done(), second.polls(), second.elapsed()), (false, 3, began.elapsed()));
    assert_eq!(second.next_poll(), Some(seconds(10)));
    assert!(began.elapsed() > seconds(10) && began.elapsed() < seconds(12));

    let last = wait.next().await.unwrap().unwrap();
    assert_eq!((last.is_done(), last.polls(), last.next_poll()), (true, 4, None));
    assert_eq!(last.elapsed(), second.elapsed() + seconds(10));

    assert!(wait.next().await.is_none());
    assert!(wait.next().await.is_none());
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(transport.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn hands_out_the_snapshot_of_a_failed_operation_and_keeps_its_error_for_the_end() {
    let transport = script([running(), Ok(failed().unwrap().with_metadata(progress(3)))]);
    let mut wait = poll_until_done::<Value>(&transport, name());
    assert!(!wait.next().await.unwrap().unwrap().is_done());
    let last = wait.next().await.unwrap().unwrap();
    assert!(last.is_done());
    assert_eq!(last.raw_metadata(), Some(&progress(3)));
    assert!(wait.next().await.is_none());
    assert_eq!(wait.await.unwrap_err().origin(), Origin::OperationFailed);
}

#[tokio::test(start_paused = true)]
async fn steps_to_its_own_failure_once() {
    let transport = script([running(), refused(Code::PermissionDenied)]);
    let mut wait = poll_until_done::<Value>(&transport, name());
    assert!(wait.next().await.unwrap().is_ok());
    let status = wait.next().await.unwrap().unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::PermissionDenied, Origin::CallFailed));
    assert!(wait.next().await.is_none());
    assert_eq!(wait.await.unwrap_err(), status);
    assert_eq!(transport.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn is_a_stream_of_the_same_snapshots() {
    let transport = script([running(), busy(), succeeded()]);
    let mut stream = poll_until_done::<Value>(&transport, name()).into_stream();
    assert_eq!(stream.next().await.unwrap().unwrap().polls(), 1);
    assert!(stream.next().await.unwrap().unwrap().is_done());
    assert!(stream.next().await.is_none());

    let denied = poll_until_done::<Value>(script([running(), refused(Code::DataLoss)]), name());
    let items: Vec<_> = denied.into_stream().collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].as_ref().unwrap_err().code(), Code::DataLoss);
}

#[tokio::test(start_paused = true)]
async fn can_be_awaited_after_its_snapshots() {
    let transport = script([running(), running(), succeeded()]);
    let mut wait = every_ten_seconds(&transport);
    let polls: Vec<_> = wait.snapshots().map(|snapshot| snapshot.unwrap().polls()).collect().await;
    assert_eq!(polls, [1, 2, 3]);
    // To make a stream of it again tells nothing twice.
    assert_eq!(wait.snapshots().count().await, 0);
    assert_eq!(wait.await.unwrap(), forty_two());
    assert_eq!(transport.times(), [0, 10, 20].map(seconds));

    // Of an operation that failed the stream has no error, of a wait that did it has.
    for (last, snapshots, errors) in [(failed(), 2, 0), (refused(Code::DataLoss), 1, 1)] {
        let transport = script([running(), last]);
        let mut wait = every_ten_seconds(&transport);
        let told: Vec<_> = wait.snapshots().collect().await;
        let told = (
            told.iter().filter(|snapshot| snapshot.is_ok()).count(),
            told.iter().filter(|snapshot| snapshot.is_err()).count(),
        );
        assert_eq!(told, (snapshots, errors));
        wait.await.unwrap_err();
        assert_eq!(transport.count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn tells_its_last_snapshot_after_its_outcome() {
    for last in [succeeded(), failed()] {
        let transport = script([running(), running(), last.clone()]);
        let mut wait = every_ten_seconds(&transport);
        let outcome = wait.outcome().await;
        assert_eq!(outcome.is_ok(), last == succeeded());
        {
            let mut snapshots = wait.snapshots();
            let snapshot = snapshots.next().await.unwrap().unwrap();
            assert_eq!((snapshot.is_done(), snapshot.polls()), (true, 3));
            assert_eq!((snapshot.elapsed(), snapshot.next_poll()), (seconds(20), None));
            assert!(snapshots.next().await.is_none());
        }
        assert_eq!(wait.snapshots().count().await, 0);
        assert!(wait.next().await.is_none());
        assert_eq!(wait.outcome().await, outcome);
        assert_eq!(wait.await, outcome);
        assert_eq!(transport.count(), 3);
    }

    let transport = script([running(), refused(Code::DataLoss)]);
    let mut wait = every_ten_seconds(&transport);
    let status = wait.outcome().await.unwrap_err();
    let told: Vec<_> = wait.snapshots().collect().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].as_ref().unwrap_err(), &status);
    assert_eq!(wait.await.unwrap_err(), status);
    assert_eq!(transport.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn goes_on_where_half_a_stream_was_dropped() {
    // SPEC 37
    let transport = script([running(), running(), busy(), running(), succeeded()]);
    let mut wait = every_ten_seconds(&transport);
    let half: Vec<_> = wait.snapshots().take(2).collect().await;
    assert_eq!(half.iter().map(|snapshot| snapshot.as_ref().unwrap().polls()).collect::<Vec<_>>(), [1, 2]);
    // While it sleeps it can be dropped, too.
    assert!(tokio::time::timeout(seconds(4), wait.snapshots().next()).await.is_err());
    assert_eq!(wait.snapshots().next().await.unwrap().unwrap().polls(), 4);
    assert_eq!(wait.await.unwrap(), forty_two());
    let times = transport.times();
    assert_eq!(times[..3], [0, 10, 20].map(seconds));
    assert_eq!(transport.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn counts_the_time_from_the_first_step() {
    // SPEC 10
    let transport = slow_script([(seconds(2), running()), (seconds(3), succeeded())]);
    let mut wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(10)));
    tokio::time::sleep(seconds(100)).await;
    let first = wait.next().await.unwrap().unwrap();
    assert_eq!((first.elapsed(), first.next_poll()), (seconds(2), Some(seconds(10))));
    tokio::time::sleep(seconds(4)).await;
    // The pause counts from the reply, however long the caller took in between.
    assert_eq!(wait.next().await.unwrap().unwrap().elapsed(), seconds(15));
}

#[tokio::test(start_paused = true)]
async fn reads_metadata_as_the_type_that_was_named() {
    // SPEC 10
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "example.v1.Progress")]
    struct Progress {
        pages: u32,
    }
    let with = |metadata: Any| Ok(running().unwrap().with_metadata(metadata));
    let other = any(r#"{"@type": "type.googleapis.com/example.v2.Progress", "pages": 2}"#);
    let transport = script([running(), with(progress(1)), with(other.clone()), succeeded()]);
    let mut wait = poll_until_done::<Value>(&transport, name()).with_metadata::<Progress>();

    assert_eq!(wait.next().await.unwrap().unwrap().metadata(), None);
    assert_eq!(wait.next().await.unwrap().unwrap().metadata(), Some(Progress { pages: 1 }));
    // SPEC 11: metadata of another type fails no poll.
    let unread = wait.next().await.unwrap().unwrap();
    assert_eq!((unread.metadata(), unread.raw_metadata()), (None, Some(&other)));
    // What a reply leaves out stays as it was last told.
    let last = wait.next().await.unwrap().unwrap();
    assert_eq!((last.is_done(), last.raw_metadata()), (true, Some(&other)));
}

#[tokio::test(start_paused = true)]
async fn tells_no_metadata_from_metadata_that_cannot_be_read() {
    let odd = running().unwrap().with_metadata(any(r#"{"@type": "t/a.B", "share": {"of": "s3cret"}}"#));
    let transport = script([running(), Ok(odd), succeeded()]);
    let mut wait = poll_until_done::<Value>(&transport, name()).with_metadata::<HashMap<String, f64>>();
    let none = wait.next().await.unwrap().unwrap();
    assert_eq!((none.metadata(), none.try_metadata()), (None, Ok(None)));
    let odd = wait.next().await.unwrap().unwrap();
    assert_eq!(odd.metadata(), None);
    let misfit = odd.try_metadata().unwrap_err();
    assert_eq!(misfit.message(), "cannot read the a.B at share: invalid type, expected f64");
}

#[tokio::test(start_paused = true)]
async fn keeps_the_last_metadata_on_success_and_on_failure() {
    // SPEC 10: partial failures live there.
    let told = || Ok(running().unwrap().with_metadata(progress(3)));
    let mut wait = poll_until_done::<Value>(script([told(), succeeded()]), name());
    wait.outcome().await.unwrap();
    assert_eq!(wait.next().await.unwrap().unwrap().raw_metadata(), Some(&progress(3)));

    for end in [failed(), refused(Code::DataLoss), Ok(Operation::running("operations/2"))] {
        let status = poll_until_done::<Value>(script([told(), end]), name()).await.unwrap_err();
        assert_eq!(status.report().unwrap().last_metadata, Some(progress(3)), "{status}");
    }
    let done = Ok(failed().unwrap().with_metadata(progress(4)));
    let status = poll_until_done::<Value>(script([told(), done]), name()).await.unwrap_err();
    assert_eq!(status.report().unwrap().last_metadata, Some(progress(4)));
}

#[tokio::test(start_paused = true)]
async fn succeeds_without_a_result_where_none_is_awaited() {
    // SPEC 5
    let mut wait = poll_until_done::<Empty>(script([running(), neither()]), name());
    assert_eq!(wait.outcome().await.unwrap(), Empty {});
    assert_eq!(wait.await.unwrap(), Empty {});
    poll_until_done::<()>(script([neither()]), name()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn fails_in_its_own_way_without_the_result_that_is_awaited() {
    // SPEC 5
    async fn check<R: DeserializeOwned + std::fmt::Debug>() {
        let transport = script([running(), neither()]);
        let status = poll_until_done::<R>(&transport, name()).await.unwrap_err();
        assert_ne!(status.origin(), Origin::OperationFailed);
        assert!(status.message().contains("without a response"), "{status}");
        assert!(!status.may_be_running() && !status.to_string().contains("may still be running"), "{status}");
        assert!(status.report().unwrap().done);
        assert_eq!(transport.count(), 2);
    }
    check::<Value>().await;
    check::<ErrorInfo>().await;
    check::<Option<ErrorInfo>>().await;
    check::<Vec<u8>>().await;
    check::<Any>().await;
}

#[tokio::test(start_paused = true)]
async fn takes_an_empty_response_where_none_is_awaited() {
    for json in
        [r#"{"@type": "t/google.protobuf.Empty"}"#, r#"{"@type": "t/google.protobuf.Empty", "value": {}}"#]
    {
        let reply = || Operation::succeeded(NAME, any(json));
        poll_until_done::<()>(script([reply()]), name()).await.unwrap();
        assert_eq!(poll_until_done::<Empty>(script([reply()]), name()).await.unwrap(), Empty {});
        assert_eq!(poll_until_done::<Value>(script([reply()]), name()).await.unwrap(), json!({}));
    }
}

#[tokio::test(start_paused = true)]
async fn names_both_types_and_keeps_the_response_where_they_differ() {
    // SPEC 18
    let transport = script([busy(), succeeded()]);
    let mut wait = poll_until_done::<Help>(&transport, name());
    let status = wait.outcome().await.unwrap_err();
    assert_eq!(status.origin(), Origin::MalformedReply);
    for type_name in ["google.rpc.Help", "example.v1.Answer"] {
        assert!(status.message().contains(type_name), "{status}");
    }
    assert_eq!(status.response(), Some(&answer()));
    assert_eq!(status.response().unwrap().decode::<Value>().unwrap(), forty_two());
    // SPEC 9: it is done, so nothing is asked again.
    assert!(!status.may_be_running());
    assert_eq!(wait.await.unwrap_err(), status);
    assert_eq!(transport.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn hands_out_the_response_raw_to_those_who_await_an_any() {
    let response: Any = poll_until_done(script([succeeded()]), name()).await.unwrap();
    assert_eq!(response, answer());
}

#[tokio::test(start_paused = true)]
async fn takes_no_transports_word_that_the_operation_failed_or_that_we_stopped() {
    // SPEC 20: a call that failed says nothing about the operation.
    for origin in [Origin::OperationFailed, Origin::StoppedAsking] {
        let busy = || Err(Status::unavailable("busy").with_origin(origin));
        let transport = script([busy(), succeeded()]);
        assert_eq!(poll_until_done::<Value>(&transport, name()).await.unwrap(), forty_two());
        let wait = poll_until_done::<Value>(always(busy()), name()).tolerance(Tolerance::none());
        let status = wait.await.unwrap_err();
        assert_eq!(status.origin(), Origin::CallFailed);
        assert!(status.may_be_running());
    }
}

#[tokio::test(start_paused = true)]
async fn reaches_the_service_by_any_pointer() {
    let shared: Arc<dyn LroTransport> = Arc::new(always(succeeded()));
    let boxed: Box<dyn LroTransport> = Box::new(always(succeeded()));
    let borrowed: &dyn LroTransport = &*shared;
    assert_eq!(poll_until_done::<Value>(borrowed, name()).await.unwrap(), forty_two());
    assert_eq!(poll_until_done::<Value>(&boxed, name()).await.unwrap(), forty_two());
    assert_eq!(poll_until_done::<Value>(boxed, name()).await.unwrap(), forty_two());
    let task = tokio::spawn(poll_until_done::<Value>(shared.clone(), name()).into_future());
    assert_eq!(task.await.unwrap().unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn waits_for_many_at_once() {
    let transport = slow_script((0..100).map(|_| (seconds(1), succeeded())));
    let began = Instant::now();
    let waits = (0..100).map(|_| poll_until_done::<Value>(&transport, name()).into_future());
    let outcomes = futures::future::join_all(waits).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap() == &forty_two()));
    // Their calls overlap.
    assert!(began.elapsed() < seconds(1) + millis(10));
}

#[tokio::test(start_paused = true)]
async fn lets_other_tasks_run_though_it_is_always_due_and_answered_at_once() {
    // SPEC 37: else nobody could drop it.
    let done = Arc::new(AtomicBool::new(false));
    let calls = AtomicU32::new(0);
    let transport = lro::transport_fn(|_| {
        let reply = match (calls.fetch_add(1, Relaxed), done.load(Relaxed)) {
            (_, true) => succeeded(),
            (10_000.., _) => refused(Code::DataLoss),
            _ => running(),
        };
        async move { reply }
    });
    tokio::spawn({
        let done = done.clone();
        async move { done.store(true, Relaxed) }
    });
    let wait = poll_until_done::<Value>(&transport, name()).pacing(Pacing::fixed(seconds(0)));
    assert_eq!(wait.await.unwrap(), forty_two());
}

#[tokio::test(start_paused = true)]
async fn shows_its_name_and_progress_in_debug() {
    let mut wait = poll_until_done::<Value>(script([running(), succeeded()]), name());
    wait.next().await.unwrap().unwrap();
    let debug = format!("{wait:?}");
    assert!(debug.contains("operations/1") && debug.contains("polls: 1"), "{debug}");
}

fn every_ten_seconds(transport: &Script) -> Wait<'_, Value> {
    poll_until_done(transport, name()).pacing(Pacing::fixed(seconds(10)))
}

#[tokio::test(start_paused = true)]
async fn keeps_the_error_beside_an_operation_that_was_started() {
    // SPEC 2
    let nearly = Status::new(Code::ResourceExhausted, "the quota is nearly used up");
    let started = Operation {
        running_error: Some(nearly.clone()),
        ..Operation::running(NAME).with_retry_after(seconds(3))
    };
    let jobs = || script([running(), succeeded()]);
    let wait = Wait::<Value>::started(jobs(), started.clone());
    assert_eq!(wait.into_operation().unwrap(), started);
    let status = Wait::<Value>::started(jobs(), started.clone()).deadline(seconds(0)).await.unwrap_err();
    assert_eq!(status.report().unwrap().last_failure, Some(nearly));
    assert_eq!(status.report().unwrap().failed_calls, 0);

    let mut wait = Wait::<Value>::started(jobs(), started);
    wait.next().await.unwrap().unwrap();
    let seen = wait.into_operation().unwrap();
    assert_eq!((seen.running_error, seen.retry_after), (None, None), "the last reply had neither");
}
