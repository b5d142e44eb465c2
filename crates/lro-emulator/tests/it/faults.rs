//! Faults on demand: what a reply says that is not so, and how it breaks on its way, over HTTP/1.1 and HTTP/2.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{io::Read, time::Duration};

use flate2::read::GzDecoder;
use http::Method;
use lro::Any;
use lro_emulator::{Emulator, Reply, Script};
use serde_json::json;

use super::client::Client;

#[tokio::test]
async fn a_lie_is_told_once() {
    for (emulator, client) in both().await {
        let any = |json: &str| Any::from_json(json).unwrap();
        let script = Script::new()
            .runs_for(Duration::ZERO)
            .call(1, Reply::usual().named("operations/2"))
            .call(2, Reply::usual().named(""))
            .call(3, Reply::usual().not_done())
            .call(4, Reply::usual().metadata(any(r#"{"@type": "t/strange.v1.Type"}"#)).not_done());
        emulator.operation("operations/1", script);
        let response = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
        for lie in [
            json!({"name": "operations/2", "done": true, "response": response}),
            json!({"done": true, "response": response}),
            json!({"name": "operations/1"}),
            json!({"name": "operations/1", "metadata": {"@type": "t/strange.v1.Type"}}),
            json!({"name": "operations/1", "done": true, "response": response}),
        ] {
            assert_eq!(client.get("/v1/operations/1").await.ok(), lie);
        }
    }
}

#[tokio::test]
async fn replies_are_set_for_none_for_some_and_for_all_calls() {
    for (emulator, client) in both().await {
        for (calls, status) in [(0, 500), (2, 503), (usize::MAX, 502)] {
            emulator.reply_next(calls, Reply::status(status));
        }
        for status in [503, 503, 502, 502] {
            assert_eq!(client.get("/v1/operations/1").await.status.as_u16(), status);
        }
    }
}

#[tokio::test]
async fn a_lie_is_of_operations_alone() {
    for (emulator, client) in both().await {
        emulator.operation("operations/1", Script::new());
        emulator.reply_next(2, Reply::usual().named("operations/2"));
        let page = client.get("/v1/operations").await.ok();
        assert_eq!(page, json!({"operations": [{"name": "operations/1"}]}));
        client.get("/v1/operations/3").await.error(404);
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_appears_after_a_time_and_has_run_meanwhile() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::http1(emulator.endpoint());
    let late = Script::new().runs_for(Duration::from_secs(30)).appears_after(Duration::from_secs(20));
    emulator.operation("operations/1", late.call(4, Reply::status(500)));
    tokio::time::advance(Duration::from_secs(10)).await;
    client.get("/v1/operations/1").await.error(404);
    client.post("/v1/operations/1:cancel", &json!({})).await.error(404);
    assert_eq!(client.get("/v1/operations").await.ok(), json!({}));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(client.get("/v1/operations/1").await.ok(), json!({"name": "operations/1"}));
    client.get("/v1/operations/1").await.error(500);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(client.get("/v1/operations/1").await.ok()["done"], true);
}

#[tokio::test]
async fn a_call_is_sent_elsewhere() {
    for (emulator, client) in both().await {
        emulator.reply_next(1, Reply::redirect("https://example.com/v1/operations/1"));
        let reply = client.get("/v1/operations/1").await;
        assert_eq!((reply.status.as_u16(), &*reply.body), (307, &b""[..]));
        assert_eq!(reply.headers["location"], "https://example.com/v1/operations/1");
    }
}

#[tokio::test]
async fn a_token_expires() {
    for (emulator, client) in both().await {
        emulator.reply_next(1, Reply::expired_token());
        let reply = client.get("/v1/operations/1").await;
        assert_eq!(reply.headers["www-authenticate"], r#"Bearer error="invalid_token""#);
        let error = reply.error(401);
        assert_eq!(error["status"], "UNAUTHENTICATED");
        assert_eq!(error["details"][0]["reason"], "ACCESS_TOKEN_EXPIRED");
        assert_eq!(error["errors"][0]["reason"], "authError");
    }
}

#[tokio::test]
async fn a_limit_is_sent_in_the_older_form() {
    for (emulator, client) in both().await {
        for (status, reason) in [(403, "userRateLimitExceeded"), (429, "dailyLimitExceeded")] {
            emulator.reply_next(1, Reply::limit(status, reason));
            let error = client.get("/v1/operations/1").await.error(status);
            assert_eq!(error["errors"][0]["domain"], "usageLimits");
            assert_eq!((&error["errors"][0]["reason"], error.get("status")), (&json!(reason), None));
        }
    }
}

#[tokio::test]
async fn bodies_and_headers_need_not_make_sense() {
    for (emulator, client) in both().await {
        for body in [&b""[..], b"\xff\xfe{}", b"<html>Bad Gateway</html>", br#"{"name": "oper"#] {
            let reply = Reply::usual().header("content-type", "text/html").body(body);
            emulator.reply_next(1, reply);
            let reply = client.get("/v1/operations/1").await;
            assert_eq!((reply.status.as_u16(), &*reply.body), (200, body));
        }
        for value in [&b"\xff\x80"[..], "bientôt".as_bytes(), b"", b"-1", b"99999999999999999999999", b"NaN"]
        {
            emulator.reply_next(1, Reply::status(503).header("retry-after", value));
            let reply = client.get("/v1/operations/1").await;
            assert_eq!(reply.headers["retry-after"].as_bytes(), value);
        }
    }
}

#[tokio::test]
async fn a_large_body_is_made_as_it_is_sent() {
    for (emulator, client) in both().await {
        for (size, declared) in [(20_000_001, true), (300_000, false), (2, true), (0, true)] {
            let reply = Reply::usual().large_body(size);
            emulator.reply_next(1, if declared { reply } else { reply.without_length() });
            let reply = client.get("/v1/operations/1").await;
            assert_eq!(reply.ok(), json!({}));
            let size = size.max(2);
            assert_eq!(reply.body.len() as u64, size);
            let length =
                reply.headers.get("content-length").map(|length| length.to_str().unwrap().to_owned());
            assert_eq!(length, declared.then(|| size.to_string()));
        }
    }
}

#[tokio::test]
async fn a_large_body_breaks_off() {
    for (emulator, client) in both().await {
        for after in [0, 1, 999_999] {
            emulator.reply_next(1, Reply::usual().large_body(1_000_000).cut_after(after));
            client.call(Method::GET, "/v1/operations/1", "").await.unwrap_err();
            emulator.reply_next(1, Reply::usual().large_body(1_000_000).without_length().cut_after(after));
            client.call(Method::GET, "/v1/operations/1", "").await.unwrap_err();
        }
    }
}

#[tokio::test]
async fn a_bomb_is_small_until_it_is_decompressed() {
    for (emulator, client) in both().await {
        for size in [100, 40_000_000] {
            emulator.reply_next(1, Reply::gzip_bomb(size));
            let reply = client.get("/v1/operations/1").await;
            assert_eq!(
                (&reply.headers["content-encoding"], reply.status.as_u16()),
                (&"gzip".parse().unwrap(), 200)
            );
            assert!(reply.body.len() < 60_000, "{}", reply.body.len());
            let mut opened = Vec::new();
            // It has one member: a decoder that stops after the first sees all, and checks the sum.
            GzDecoder::new(&*reply.body).read_to_end(&mut opened).unwrap();
            assert_eq!(opened.len() as u64, size);
            assert_eq!(opened.trim_ascii_end().last(), Some(&b'}'));
        }
    }
}

#[tokio::test]
async fn metadata_can_be_too_deep() {
    for (emulator, client) in both().await {
        emulator.reply_next(1, Reply::nested(3));
        let metadata = client.get("/v1/operations/1").await.ok()["metadata"].take();
        assert_eq!(metadata["value"], json!({"a": {"a": {"a": {}}}}));
        emulator.reply_next(1, Reply::nested(200_000));
        let reply = client.get("/v1/operations/1").await;
        assert_eq!(reply.body.iter().filter(|byte| **byte == b'}').count(), 200_003);
    }
}

/// An emulator each, and a client of HTTP/1.1 and of HTTP/2.
async fn both() -> [(Emulator, Client); 2] {
    let (first, second) = (Emulator::start().await.unwrap(), Emulator::start().await.unwrap());
    let (http1, http2) = (Client::http1(first.endpoint()), Client::http2(second.endpoint()));
    [(first, http1), (second, http2)]
}
