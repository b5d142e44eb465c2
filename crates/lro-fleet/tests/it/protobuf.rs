//! A fleet whose replies are protobuf.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    fmt,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use futures::StreamExt;
use lro::{Any, LroTransport, Operation, OperationName, Origin, protobuf, transport_fn};
use lro_fleet::Fleet;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::Value;

#[tokio::test(start_paused = true)]
async fn decodes_responses_and_metadata() {
    for keep in [true, false] {
        let fleet = Fleet::builder(printer()).keep_metadata(keep).start();
        let mut watch = fleet.watch::<Pages>(name()).with_metadata::<Pages>();
        fleet.register(name()).unwrap();
        let shown = watch.next().await.unwrap().unwrap();
        assert_eq!(shown.metadata(), keep.then_some(Pages(0)));
        assert_eq!(shown.raw_metadata().is_some(), keep);
        assert_eq!(watch.outcome().await.unwrap(), Pages(7));

        let completion = fleet.completions().next().await.unwrap();
        assert_eq!(completion.decode::<Pages>().unwrap(), Pages(7));
        assert_eq!(completion.decode::<Any>().unwrap(), pages(7));
        assert_eq!(completion.report().last_metadata, keep.then(|| pages(2)));
        let misfit = completion.decode::<Value>().unwrap_err();
        assert_eq!((misfit.origin(), misfit.response()), (Origin::MalformedReply, Some(&pages(7))));
        assert_eq!(completion.decoded::<Pages>().outcome().unwrap(), &Pages(7));
    }
}

#[tokio::test(start_paused = true)]
async fn shows_the_metadata_of_an_operation_that_runs() {
    let fleet = Fleet::builder(printer()).start();
    let started = Operation::running(name().as_str()).with_metadata(pages(9));
    let wait = fleet.started::<Pages>(started).unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let state = fleet.get::<Pages>(&name()).unwrap();
    assert_eq!(state.metadata(), Some(Pages(9)));
    assert_eq!(wait.await.unwrap(), Pages(7));
}

#[tokio::test(start_paused = true)]
async fn paces_by_progress() {
    let (seen, mut shown) = tokio::sync::mpsc::unbounded_channel();
    let fleet = Fleet::builder(printer())
        .pace_by_progress(move |pages: &Pages| {
            seen.send(pages.0).unwrap();
            Some(f64::from(pages.0) / 10.0)
        })
        .start();
    fleet.watch::<Pages>(name()).await.unwrap();
    assert_eq!((shown.recv().await, shown.recv().await), (Some(0), Some(1)));
}

/// The third call finds the operation done.
fn printer() -> impl LroTransport {
    let polls = AtomicU8::new(0);
    transport_fn(move |name: OperationName| {
        let poll = polls.fetch_add(1, Ordering::Relaxed);
        async move {
            let operation = Operation::running(name.as_str()).with_metadata(pages(poll));
            Ok(if poll < 2 { operation } else { operation.with_outcome(Ok(pages(7))) })
        }
    })
}

fn name() -> OperationName {
    "operations/1".parse().unwrap()
}

fn pages(number: u8) -> Any {
    Any::pack_protobuf("example.v1.Pages", &[0x08, number])
}

/// A wrapper of a protobuf message with one number.
#[derive(Clone, Debug, PartialEq)]
struct Pages(u8);

impl<'de> Deserialize<'de> for Pages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PagesVisitor;

        impl<'de> Visitor<'de> for PagesVisitor {
            type Value = Pages;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a protobuf message")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Pages, A::Error> {
                assert_eq!(parts.next_element::<&str>()?, Some("example.v1.Pages"));
                Ok(Pages(parts.next_element::<&[u8]>()?.unwrap()[1]))
            }
        }
        deserializer.deserialize_tuple_struct(protobuf::TUPLE, 2, PagesVisitor)
    }
}
