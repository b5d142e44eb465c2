//! Replies: their bounds, and bodies that are broken or not operations.

use http::{HeaderValue, header};
use lro::{Code, Origin, Outcome, Status, Tolerance, poll_until_done};
use lro_http::{Call, HttpClient};
use serde_json::{Value, json};
use std::time::Duration;

use super::common::{
    RUNNING, RawServer, SUCCEEDED, Server, Step, assert_clear, assert_final, assert_survived, failure, get,
    in_time, jobs, name, raw_reply, reply, running, say,
};

#[tokio::test]
async fn a_body_of_the_bound_is_read_and_one_of_a_byte_more_is_a_failed_call() {
    // SPEC 19
    let padded = |length: usize| format!("{RUNNING}{}", " ".repeat(length - RUNNING.len()));
    for http2 in [false, true] {
        for (length, good) in [(1_000, true), (1_001, false), (200_000, false)] {
            let server = Server::always(200, &padded(length)).await;
            let client = server.client().largest_reply(1_000);
            let jobs = jobs(if http2 { client.http2_only() } else { client });
            match get(&jobs).await {
                Ok(operation) => assert!(good && operation == running(), "{length}"),
                Err(status) => {
                    assert!(!good, "{length}: {status}");
                    assert_over_the_bound(&status);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_in_chunks_is_counted_whole() {
    // SPEC 19
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let (one, other) = RUNNING.split_at(7);
    let small = RawServer::sends(format!("{head}{}{}0\r\n\r\n", chunk(one), chunk(other))).await;
    assert_eq!(get(&small.jobs()).await.unwrap(), running());

    // The body never ends, so only the bound ends the call.
    let mut endless = vec![Step::Read, say(head)];
    endless.extend((0..64).map(|_| say(chunk(&" ".repeat(100)))));
    endless.push(Step::Stall);
    let endless = RawServer::start([endless]).await;
    assert_over_the_bound(&failure(&jobs(HttpClient::builder(endless.url()).largest_reply(1_000))).await);
}

#[tokio::test]
async fn a_length_over_the_bound_is_refused_before_the_body() {
    // SPEC 19
    for length in ["1001", "99999999999999"] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let server = RawServer::start([vec![Step::Read, say(head), Step::Stall]]).await;
        assert_over_the_bound(&failure(&jobs(HttpClient::builder(server.url()).largest_reply(1_000))).await);
        if length != "1001" {
            let status = failure(&server.jobs()).await;
            assert_clear(&status, Code::Internal, &(64 << 20).to_string());
        }
    }
}

#[tokio::test]
async fn a_length_that_lies_is_a_failed_call_and_harms_no_other() {
    // SPEC 19, 26
    let longer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{RUNNING}", RUNNING.len() + 10);
    let shorter = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{RUNNING}", RUNNING.len() - 5);
    for (lie, code, said) in [
        (longer, Code::Unavailable, "broke in the middle"),
        (shorter, Code::Internal, "truncated JSON"),
        ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}".to_owned(), Code::Unavailable, "no reply"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n{}".to_owned(),
            Code::Unavailable,
            "no reply",
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n{}".to_owned(), Code::Unavailable, "no reply"),
    ] {
        let good = vec![Step::Read, Step::Send(raw_reply("", RUNNING.as_bytes()))];
        let server = RawServer::start([vec![Step::Read, say(&lie)], good]).await;
        let jobs = server.jobs();
        let status = failure(&jobs).await;
        assert_clear(&status, code, said);
        assert_survived(&status);
        assert_eq!(get(&jobs).await.unwrap(), running(), "after {lie:?}");
    }
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    let server = RawServer::sends(format!("HTTP/1.0 200 OK\r\n\r\n{RUNNING}")).await;
    assert_eq!(get(&server.jobs()).await.unwrap(), running());
}

#[tokio::test]
async fn a_reply_that_is_no_operation_says_what_it_is() {
    // SPEC 19, 26
    let truncated = r#"{"name": "operations/1", "done": tr"#;
    for (body, said) in [
        (&b""[..], "empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (truncated.as_bytes(), "truncated"),
        (b"{\"name\": \"operations/\xff\"}", "UTF-8"),
        (b"OK", "not JSON"),
    ] {
        for http in [200, 201, 203] {
            let body = body.to_vec();
            let server = Server::start(move |_| reply(http, body.clone())).await;
            let status = failure(&server.jobs()).await;
            assert_clear(&status, Code::Internal, said);
            assert!(!status.message().contains("Sign in"), "{status}");
            assert_survived(&status);
        }
    }
    assert!(failure(&Server::always(204, "").await.jobs()).await.message().contains("empty"));
}

#[tokio::test]
async fn a_good_reply_of_the_wrong_shape_is_malformed() {
    // SPEC 6, 16, 20
    for body in [
        "5",
        r#"{"done": "yes"}"#,
        r#"{"name": 5}"#,
        r#"{"done": true, "error": {"code": 5}, "response": {}}"#,
        r#"{"done": true, "response": 5}"#,
        r#"{"done": true, "error": {"code": "NOT_FOUND"}}"#,
    ] {
        let status = get(&Server::always(200, body).await.jobs()).await.unwrap_err();
        assert_eq!(
            (status.origin(), status.code()),
            (Origin::MalformedReply, Code::Internal),
            "{body}: {status}"
        );
        assert!(!Tolerance::default().is_survivable(&status), "{body}");
    }
}

#[tokio::test]
async fn an_array_is_no_operation() {
    // SPEC 16: a wrong type is an error. An array is not a message with its members in order.
    let done = r#"["operations/1", null, true, null, {"@type": "t/example.v1.Job"}]"#;
    let operation = format!("[{SUCCEEDED}]");
    for body in ["[]", "[null]", done, &operation] {
        let got = get(&Server::always(200, body).await.jobs()).await;
        assert_eq!(got.map_err(|status| status.origin()), Err(Origin::MalformedReply), "{body}");
    }
}

#[tokio::test]
async fn an_operation_is_never_read_by_the_rules_of_a_failed_call() {
    // SPEC 2, 22
    let error =
        json!({"name": "operations/1", "error": {"code": 404, "status": "NOT_FOUND", "message": "m"}});
    let operation = get(&Server::always(200, &error.to_string()).await.jobs()).await.unwrap();
    assert_eq!(operation.outcome, None);

    let mut done = error;
    done["done"] = json!(true);
    let operation = get(&Server::always(200, &done.to_string()).await.jobs()).await.unwrap();
    let Some(Outcome::Error(status)) = operation.outcome else {
        panic!("{operation:?}");
    };
    // 404 is not a code of google.rpc.
    assert_eq!(
        (status.origin(), status.code(), status.raw_code()),
        (Origin::OperationFailed, Code::Unknown, 404)
    );
}

#[tokio::test]
async fn an_error_about_a_reply_shows_nothing_of_the_reply() {
    // SPEC 43
    let mut shown = Vec::new();
    for body in [
        r#"{"done": "canary"}"#,
        r#""canary""#,
        r#"{"name": ["canary"]}"#,
        r#"{"done": true, "error": "canary"}"#,
        "canary",
        "<p>canary</p>",
        r#"{"name": "canary"#,
    ] {
        let server = Server::always(200, body).await;
        let got = get(&server.jobs()).await.unwrap_err();
        let sent =
            server.client().build().unwrap().send::<Strict>(Call::get("v1", "jobs/1", "")).await.unwrap_err();
        for status in [got, sent] {
            if format!("{status} {status:?}").contains("canary") {
                shown.push(status.to_string());
            }
        }
    }
    assert!(shown.is_empty(), "{shown:#?}");
}

#[tokio::test]
async fn retry_after_on_a_good_reply_is_kept() {
    // SPEC 32
    for (sent, kept) in [("7", Some(7)), ("0", None), ("soon", None), ("-1", None)] {
        let server = Server::start(move |_| {
            let mut reply = reply(200, RUNNING);
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(sent));
            reply
        })
        .await;
        assert_eq!(get(&server.jobs()).await.unwrap().retry_after, kept.map(Duration::from_secs), "{sent}");
    }
}

#[tokio::test]
async fn a_large_body_of_many_frames_arrives_whole() {
    let text: String = (0..3 << 20).map(|index: u32| char::from(b'a' + (index % 26) as u8)).collect();
    let operation = json!({"name": "operations/1", "done": true, "response": {"@type": "t/example.v1.Job", "text": text}});
    let body = operation.to_string();
    for http2 in [false, true] {
        let sent = body.clone();
        let server = Server::start(move |_| reply(200, sent.clone())).await;
        let client = server.client();
        let jobs = jobs(if http2 { client.http2_only() } else { client });
        let response: Value = in_time(poll_until_done::<Value>(&jobs, name()).into_future()).await.unwrap();
        assert!(response["text"] == text, "the text is another");
    }
}

/// A struct with members of several types.
#[derive(Debug, serde::Deserialize)]
struct Strict {
    #[serde(rename = "done")]
    _done: bool,
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "error")]
    _error: u32,
}

#[track_caller]
fn assert_over_the_bound(status: &Status) {
    assert_clear(status, Code::Internal, "1000 bytes");
    // SPEC 49: a later reply is as large.
    assert_final(status);
}
