//! The contract of all transports, and the rules of it that a client of google-cloud-rust does not let hold.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use google_cloud_auth::credentials::api_key_credentials;
use google_cloud_workflows_v1::client::Workflows;
use lro::{Code, LroTransport, Origin, Outcome, Status};
use lro_emulator::{
    Emulator, Reply, Script,
    contract::{self, Subject},
};
use lro_google_cloud::{GoogleCloudTransport, transport};

use common::{WORKFLOWS, name, operations, start, workflows};

/// Runs each rule with a transport and a collection, and returns the names of those that are broken.
macro_rules! broken {
    ($transport:expr, $collection:expr; $($rule:ident)*) => {{
        let mut broken = Vec::new();
        $(
            let emulator = Emulator::start().await.unwrap();
            let transport: GoogleCloudTransport = $transport(emulator.endpoint()).await;
            let rule = async move {
                contract::$rule(&Subject::new(&emulator, &transport, $collection)).await;
            };
            if tokio::spawn(rule).await.is_err() {
                broken.push(stringify!($rule));
            }
        )*
        broken
    }};
}

/// Runs every rule.
macro_rules! all_broken {
    ($transport:expr, $collection:expr) => {
        broken! {
            $transport, $collection;
            pending_then_done responses_are_exact errors_of_operations_are_no_failed_calls neither_is_an_outcome
            both_are_malformed nothing_counts_before_the_end retry_after_of_a_pending_operation_is_kept
            names_arrive_verbatim names_of_replies_are_kept simultaneous_calls_keep_apart
            unknown_names_are_failed_calls a_call_is_one_request errors_keep_code_message_and_details
            errors_with_http_status_200_are_failed_calls foreign_objects_are_malformed
            byte_order_marks_are_skipped limits_pass_and_quotas_do_not
            errors_that_are_no_json_go_by_the_http_status retry_after_of_an_error_is_kept
            broken_bodies_are_failed_calls redirects_are_not_followed lost_connections_are_failed_calls
            dropped_calls_lose_nothing missing_verbs_are_refused_without_a_call cancel delete wait list
            pages_are_read calls_within_an_attempt_are_the_same
        }
    };
}

/// The rules that a client breaks before the transport receives its reply.
const BROKEN_BY_THE_CLIENT: [&str; 5] = [
    // `send` returns no headers of a successful reply.
    "retry_after_of_a_pending_operation_is_kept",
    // A client does not encode `%`, so the transport refuses such a name.
    "names_arrive_verbatim",
    // A client does not distinguish `{"done": false}` from `{}`.
    "names_of_replies_are_kept",
    "byte_order_marks_are_skipped",
    "redirects_are_not_followed",
];

#[tokio::test]
async fn all_rules_hold_but_those_that_the_client_breaks() {
    let transport = async |endpoint| transport!(WORKFLOWS, workflows(endpoint).await);
    let broken = all_broken!(transport, "projects/p/locations/l/operations");
    // The client ignores an error in the body of a deletion that succeeds.
    assert_eq!(broken, [&BROKEN_BY_THE_CLIENT[..], &["delete"]].concat());
}

#[tokio::test]
async fn the_rules_hold_for_names_of_other_forms() {
    let broken = all_broken!(operations, "operations");
    // This client lists `operations`, and the contract lists the collection above it.
    let by_path = ["cancel", "delete", "list", "pages_are_read", "calls_within_an_attempt_are_the_same"];
    assert_eq!(broken, [&BROKEN_BY_THE_CLIENT[..], &by_path].concat());
}

#[tokio::test]
async fn operations_that_the_client_cannot_read_are_malformed() {
    for members in [
        // Both have a meaning to `lro`: metadata that is not an object counts as absent, and so does `null`.
        r#""metadata": []"#,
        r#""error": null, "response": {}"#,
        // A type is valid to the client only with a prefix.
        r#""response": {"@type": "example.v1.Job"}"#,
    ] {
        let reply = Reply::status(200).body(format!(r#"{{"name": "x", "done": true, {members}}}"#));
        let (_emulator, _, operations) = start(Script::new().call(1, reply)).await;
        let status = operations.get_operation(&name()).await.unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{members}: {status}");
        assert!(status.message().starts_with("the client cannot read the reply: "), "{status}");
    }
}

#[tokio::test]
async fn the_client_reads_an_error_that_is_null_as_a_failure() {
    let reply = Reply::status(200).body(r#"{"name": "x", "done": true, "error": null}"#);
    let (_emulator, _, operations) = start(Script::new().call(1, reply)).await;
    let outcome = operations.get_operation(&name()).await.unwrap().outcome;
    assert!(matches!(&outcome, Some(Outcome::Error(error)) if error.raw_code() == 0), "{outcome:?}");
}

#[tokio::test]
async fn the_client_reads_a_reply_of_any_size() {
    // `lro-http` stops at 64 MiB.
    let reply = Reply::status(200).large_body(65 << 20);
    let (_emulator, _, operations) = start(Script::new().call(1, reply)).await;
    let status = operations.get_operation(&name()).await.unwrap_err();
    assert!(status.message().contains("it has no members"), "{status}");
}

#[tokio::test]
async fn the_client_sends_an_api_key_to_the_target_of_a_redirect() {
    let (emulator, _, _) = start(Script::new()).await;
    let (other, _, _) = start(Script::new()).await;
    let operations = with_api_key(&emulator).await;
    // SPEC 43: `lro-http` follows no redirect.
    emulator.reply_next(1, Reply::redirect(&format!("{}/v1/{}", other.endpoint(), name())));
    operations.get_operation(&name()).await.unwrap();
    assert_eq!(other.calls()[0].header("x-goog-api-key"), Some("canary"));
}

#[tokio::test]
async fn a_credential_that_a_server_repeats_is_shown() {
    let (emulator, _, _) = start(Script::new()).await;
    let operations = with_api_key(&emulator).await;
    // SPEC 56: `lro-http` hides it, and the transport does not know the credentials of the client.
    emulator.reply_next(1, Reply::error(&Status::new(Code::InvalidArgument, "not a key: canary")));
    let status = operations.get_operation(&name()).await.unwrap_err();
    assert_eq!(status.message(), "not a key: canary");
}

async fn with_api_key(emulator: &Emulator) -> GoogleCloudTransport {
    let builder = Workflows::builder().with_endpoint(emulator.endpoint());
    let credentials = api_key_credentials::Builder::new("canary").build();
    transport!(WORKFLOWS, builder.with_credentials(credentials).build().await.unwrap())
}
