//! Replies that are not gRPC, and bodies that are not one message.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{io::Write, time::Duration};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use lro::{Any, Code, Status, details::DebugInfo};
use lro_grpc_wire::{frame, messages};

use super::common::{End, Reply, Server, assert_clear, failure, get, is_survived, running, trailers_of};

#[tokio::test]
async fn the_page_of_a_proxy_is_read_by_its_status_line() {
    // SPEC 23, 26, 49, 51
    for (http, code, survived) in [
        (200, Code::Unknown, true),
        (204, Code::Unknown, true),
        (300, Code::Unknown, false),
        (302, Code::Unknown, false),
        (400, Code::Internal, true),
        (401, Code::Unauthenticated, false),
        (403, Code::PermissionDenied, false),
        (404, Code::Unimplemented, false),
        (408, Code::Unknown, true),
        (413, Code::Unknown, true),
        (429, Code::Unavailable, true),
        (500, Code::Unknown, true),
        (501, Code::Unknown, true),
        (502, Code::Unavailable, true),
        (503, Code::Unavailable, true),
        (504, Code::Unavailable, true),
        (599, Code::Unknown, true),
    ] {
        for content_type in ["text/html", "application/grpc"].into_iter().take(1 + usize::from(http != 200)) {
            let page = Reply::http(http, content_type, HTML).header("retry-after", "7");
            let server = Server::always(page).await;
            let status = failure(&server.jobs()).await;
            assert_clear(&status, code, &format!("HTTP {http}"));
            assert_eq!(is_survived(&status), survived, "{http}: {status}");
            assert_eq!(status.retry_after(), Some(Duration::from_secs(7)), "{http}");
            if !(300..400).contains(&http) {
                let said = format!(
                    "from {} with an HTML page: a proxy or another server may have answered",
                    server.url()
                );
                assert!(status.message().ends_with(&said), "{status}");
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    // SPEC 43, 51
    let reply = Reply::http(302, "text/html", HTML).header("location", "https://login.example.com/?token=x");
    let status = failure(&Server::always(reply).await.jobs()).await;
    assert_clear(&status, Code::Unknown, "the redirect to https://login.example.com was not followed");
    assert!(!is_survived(&status) && !status.message().contains("token"), "{status}");
}

#[tokio::test]
async fn an_error_in_json_is_read_as_over_http() {
    // SPEC 22, 23, 46, 50
    let google = |code: u16, name: &str| {
        format!(r#"{{"error": {{"code": {code}, "message": "m", "status": "{name}"}}}}"#)
    };
    for (http, body, expected) in [
        (403, google(403, "PERMISSION_DENIED"), Status::new(Code::PermissionDenied, "m")),
        (404, google(404, "NOT_FOUND"), Status::new(Code::NotFound, "m")),
        (503, google(503, "UNAVAILABLE"), Status::new(Code::Unavailable, "m")),
        (200, google(503, "UNAVAILABLE"), Status::new(Code::Unavailable, "m")),
        (400, google(400, "FAILED_PRECONDITION"), Status::new(Code::FailedPrecondition, "m")),
        (
            403,
            r#"{"error": {"errors": [{"reason": "rateLimitExceeded", "message": "slow"}]}}"#.to_owned(),
            Status::new(Code::ResourceExhausted, "slow"),
        ),
    ] {
        let server = Server::always(Reply::http(http, "application/json", body)).await;
        let status = failure(&server.jobs()).await;
        assert_eq!(
            (status.code(), status.message().contains(expected.message())),
            (expected.code(), true),
            "{status}"
        );
    }
}

#[tokio::test]
async fn the_content_type_is_that_of_grpc_with_protobuf() {
    // SPEC 49
    for content_type in [
        "application/grpc",
        "application/grpc+proto",
        "Application/GRPC; charset=utf-8",
        "application/grpc+proto;v=1",
    ] {
        let reply = Reply::http(200, content_type, message()).trailer("grpc-status", "0");
        assert_eq!(get(&Server::always(reply).await.jobs()).await.unwrap(), running(), "{content_type}");
    }
    for content_type in [
        "",
        "application/json",
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc+json",
        "application/grpcx",
        "text/html",
    ] {
        let reply = Reply::http(200, content_type, message()).trailer("grpc-status", "0");
        let status = failure(&Server::always(reply).await.jobs()).await;
        assert_clear(&status, Code::Unknown, "not a reply of gRPC: HTTP 200 OK from http://127.0.0.1");
        assert!(is_survived(&status), "{content_type}: {status}");
    }
}

#[tokio::test]
async fn a_status_counts_under_any_status_line_and_content_type() {
    for http in [200, 404, 503] {
        for content_type in ["application/grpc", "text/html", ""] {
            let reply = Reply::http(http, content_type, "")
                .with_headers(trailers_of(&Status::new(Code::NotFound, "gone")));
            let status = failure(&Server::always(reply).await.jobs()).await;
            assert_eq!(status, Status::new(Code::NotFound, "gone"), "{http} {content_type}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_one_message_is_named() {
    // SPEC 19, 26, 49
    let ok = |data: Vec<u8>| Reply::head().data(data).trailer("grpc-status", "0");
    let plain = &message()[5..];
    for (reply, survived, said) in [
        (Reply::head().data(message()), true, "ended without a grpc-status"),
        (Reply::head().data(message()).trailer("x", "y"), true, "ended without a grpc-status"),
        (Reply::head(), true, "ended without a grpc-status"),
        (Reply::head().trailer("grpc-status", "0"), true, "the body has no message"),
        (Reply::head().header("grpc-status", "0"), true, "the body has no message"),
        (ok(message().to_vec()).data(message()), true, "the body continues after its message"),
        (ok([message(), message()].concat()), true, "the body continues after its message"),
        (ok(message()[..9].to_vec()), true, "the message is cut short"),
        (ok(message()[..3].to_vec()), true, "the message is cut short"),
        (ok(flagged(7, plain)), true, "the message has the unknown flag 7"),
        (ok(flagged(0, b"\x0a\xff")), true, "the message is invalid protobuf: "),
        (
            ok(flagged(0, b"\x0a\x01\xff")),
            true,
            "invalid protobuf: failed to decode Protobuf message: Operation.name",
        ),
        (ok(flagged(1, &gzip(plain))), false, "the message is compressed without a grpc-encoding"),
        (ok(flagged(1, b"none")).header("grpc-encoding", "gzip"), true, "the message is invalid gzip: "),
        (
            ok(flagged(1, &gzip(plain)[..20])).header("grpc-encoding", "gzip"),
            true,
            "the message is invalid gzip: ",
        ),
        (
            ok(flagged(1, plain)).header("grpc-encoding", "snappy"),
            false,
            r#"the encoding "snappy", which was not requested"#,
        ),
    ] {
        let server = Server::always(reply).await;
        let status = failure(&server.jobs()).await;
        let code = if said.contains("grpc-status") { Code::Unavailable } else { Code::Internal };
        assert_clear(&status, code, &format!("the reply of {} ", server.url()));
        assert_clear(&status, code, said);
        assert_eq!(is_survived(&status), survived, "{status}");
    }
}

#[tokio::test]
async fn a_reply_without_a_valid_status_is_unknown() {
    // SPEC 25
    for values in [&["ok"][..], &["0", "5"], &["-1"], &["+0"], &["99999999999"], &[""], &["0x0"]] {
        let reply = Reply::head().data(message());
        let reply = values.iter().fold(reply, |reply, value| reply.trailer("grpc-status", value));
        let status = failure(&Server::always(reply).await.jobs()).await;
        assert_clear(&status, Code::Unknown, "the reply has no valid grpc-status");
    }
}

#[tokio::test]
async fn a_message_may_be_compressed() {
    // SPEC 45
    let plain = &message()[5..];
    for (what, reply) in [
        ("gzip", Reply::head().header("grpc-encoding", "gzip").data(flagged(1, &gzip(plain)))),
        ("announced and not used", Reply::head().header("grpc-encoding", "gzip").data(message())),
        ("another one, not used", Reply::head().header("grpc-encoding", "zstd").data(message())),
        ("identity", Reply::head().header("grpc-encoding", "identity").data(message())),
        (
            "in pieces",
            flagged(1, &gzip(plain))
                .chunks(1)
                .fold(Reply::head().header("grpc-encoding", "gzip"), |reply, byte| reply.data(byte.to_vec())),
        ),
    ] {
        let server = Server::always(reply.trailer("grpc-status", "0")).await;
        assert_eq!(get(&server.jobs()).await.unwrap(), running(), "{what}");
        assert_eq!(server.request().header("grpc-accept-encoding"), "gzip");
    }
}

#[tokio::test]
async fn the_bound_of_a_reply_counts_before_and_after_decompression() {
    // SPEC 19, 45
    let bomb = gzip(&vec![0; 40 << 20]);
    assert!(bomb.len() < 1 << 20);
    for (what, reply) in [
        ("a length of 100 MiB, and nothing more", Reply::head().data(vec![0, 6, 0x40, 0, 0])),
        ("the greatest length", Reply::head().data(vec![0, 255, 255, 255, 255])),
        ("one byte over the bound", Reply::head().data([&[0, 0, 0x10, 0, 1], &[0; 100][..]].concat())),
        (
            "a bomb",
            Reply::head().header("grpc-encoding", "gzip").data(flagged(1, &bomb)).trailer("grpc-status", "0"),
        ),
    ] {
        // Those without trailers stall: the length alone is refused.
        let reply = if what == "a bomb" { reply } else { reply.ends(End::Stall) };
        let server = Server::always(reply).await;
        let jobs = server.client().largest_reply(1 << 20).build().unwrap();
        let status = failure(&jobs).await;
        assert_clear(&status, Code::Internal, "the message is larger than the limit of 1048576 bytes");
        assert!(!is_survived(&status), "{what}");
    }
    let large = lro::Operation { metadata: Some(Any::pack_protobuf("a.B", &vec![7; 1 << 20])), ..running() };
    let server = Server::always(Reply::operation(&large)).await;
    assert_eq!(get(&server.jobs()).await.unwrap(), large);
    assert_eq!(get(&server.client().largest_reply((1 << 20) + 100).build().unwrap()).await.unwrap(), large);
    assert!(get(&server.client().largest_reply(1 << 20).build().unwrap()).await.is_err());
}

#[tokio::test]
async fn details_of_some_kilobytes_arrive() {
    // SPEC 24, 60
    let status = |size: usize| {
        let detail = DebugInfo { detail: "x".repeat(size), ..DebugInfo::default() };
        Status::new(Code::NotFound, "gone").with_details(vec![Any::pack(&detail).unwrap()])
    };
    for reply in [Reply::failed(&status(40_000)), Reply::head().with_trailers(trailers_of(&status(40_000)))] {
        assert_eq!(failure(&Server::always(reply).await.jobs()).await, status(40_000));
    }
    let server = Server::always(Reply::failed(&status(100_000))).await;
    let failed = failure(&server.jobs()).await;
    assert_clear(&failed, Code::Unavailable, "its headers are larger than 65536 bytes");
    // The code comes first, and h2 leaves out the rest.
    let server = Server::always(Reply::head().with_trailers(trailers_of(&status(100_000)))).await;
    let failed = failure(&server.jobs()).await;
    assert_eq!(failed.code(), Code::NotFound, "{failed}");
}

const HTML: &str = "<!DOCTYPE html><html><title>Bad gateway</title></html>";

fn message() -> Bytes {
    frame::encode(&messages::Operation::try_from(&running()).unwrap()).unwrap()
}

fn flagged(flag: u8, message: &[u8]) -> Vec<u8> {
    [&[flag], &(message.len() as u32).to_be_bytes()[..], message].concat()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
