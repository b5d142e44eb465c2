//! Scripted replies over gRPC.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use lro::{
    Any, Code, Operation, OperationPage, Origin, Status,
    details::{ErrorInfo, RetryInfo},
};
use lro_emulator::{Break, Emulator, Point, Reply};
use lro_grpc_wire::{
    frame::{Decoder, Encoding, FrameError},
    messages::{self, CancelOperationRequest, ListOperationsRequest},
    status,
};

use super::{Client, endless, get, got, start};

#[tokio::test]
async fn an_error_ends_the_stream_with_its_headers() {
    let (emulator, client) = start().await;
    let retry = RetryInfo { retry_delay: Some(Duration::from_millis(7_500).into()) };
    let info = ErrorInfo { reason: "R".into(), ..ErrorInfo::default() };
    let details = vec![Any::pack(&retry).unwrap(), Any::pack(&info).unwrap()];
    for code in Code::ALL.into_iter().skip(1) {
        let error = Status::new(code, "100 % ö\n").with_details(details.clone());
        emulator.reply_next(1, Reply::error(&error));
        let reply = client.reply(&get("operations/1")).await;
        assert_eq!(reply.headers["grpc-message"], "100 %25 %C3%B6%0A");
        assert_eq!(reply.status(), error);
    }
    // SPEC 25
    emulator.reply_next(1, Reply::error(&Status::from_number(99, "odd")));
    assert_eq!(client.call(&get("operations/1")).await.unwrap_err().raw_code(), 99);
}

#[tokio::test]
async fn an_http_status_becomes_its_code_and_retry_after_the_retry_info() {
    let (emulator, client) = start().await;
    let by = async |reply: Reply| {
        emulator.reply_next(1, reply);
        client.call(&get("operations/1")).await.unwrap_err()
    };
    for (http, code) in [
        (400, Code::InvalidArgument),
        (404, Code::NotFound),
        (429, Code::ResourceExhausted),
        (503, Code::Unavailable),
    ] {
        assert_eq!(by(Reply::status(http)).await.code(), code);
    }
    let busy = by(Reply::status(503).header("retry-after", "7")).await;
    assert_eq!(busy.details().retry_info().unwrap().retry_delay, Some(Duration::from_secs(7).into()));
    let spent = by(Reply::limit(403, "dailyLimitExceeded")).await;
    assert_eq!(spent.details().error_info().unwrap().reason, "dailyLimitExceeded");
    assert_eq!(by(Reply::limit(403, "rateLimitExceeded")).await.code(), Code::ResourceExhausted);
    let expired = by(Reply::expired_token()).await;
    assert_eq!(
        (expired.code(), &*expired.details().error_info().unwrap().reason),
        (Code::Unauthenticated, "ACCESS_TOKEN_EXPIRED")
    );
}

#[tokio::test]
async fn a_body_in_json_is_sent_as_the_message_that_it_describes() {
    let (emulator, client) = start().await;
    let next = |status, body: &'static str| emulator.reply_next(1, Reply::status(status).body(body));
    next(200, r#"{"name": "n", "done": true, "response": {"@type": "x/google.protobuf.Empty"}}"#);
    let empty = Any::pack_protobuf("google.protobuf.Empty", b"");
    assert_eq!(got(&client, "operations/1").await, Operation::running("n").with_outcome(Ok(empty)));
    next(200, r#"{"done": true, "error": {"code": 5}, "response": {}}"#);
    let both = Operation::try_from(client.call(&get("operations/1")).await.unwrap());
    assert_eq!(both.unwrap_err().origin(), Origin::MalformedReply);
    next(200, r#"{"operations": [{"name": "n"}], "nextPageToken": "t", "unreachable": ["u"]}"#);
    let page = OperationPage::try_from(client.call(&ListOperationsRequest::default()).await.unwrap());
    let expected = OperationPage::new(vec![Operation::running("n")]).next_page_token("t");
    assert_eq!(page.unwrap(), expected.unreachable(vec!["u".into()]));
    next(200, "{}");
    assert_eq!(client.call(&CancelOperationRequest::default()).await, Ok(()));
    for http in [200, 403] {
        next(
            http,
            r#"{"error": {"code": 403, "message": "it is not yours", "status": "PERMISSION_DENIED"}}"#,
        );
        let refused = client.call(&CancelOperationRequest::default()).await.unwrap_err();
        assert_eq!(refused, Status::new(Code::PermissionDenied, "it is not yours"));
    }
}

#[tokio::test]
async fn any_other_body_is_sent_as_it_is() {
    let (emulator, client) = start().await;
    let page = Reply::status(502).header("content-type", "text/html").body("<html>Bad Gateway</html>");
    emulator.reply_next(1, page);
    let reply = client.reply(&get("operations/1")).await;
    assert_eq!((reply.status, &reply.body[..]), (StatusCode::BAD_GATEWAY, &b"<html>Bad Gateway</html>"[..]));
    assert_eq!((&reply.headers["content-type"], &reply.trailers), (&"text/html".parse().unwrap(), &None));

    // A frame of another server, cut short, with a trailer.
    let frame = Reply::status(200).header("content-type", "application/grpc").body(&b"\0\0\0\0\x09\x0a"[..]);
    emulator.reply_next(1, frame.trailer("grpc-status", "0"));
    let reply = client.reply(&get("operations/1")).await;
    assert_eq!(
        (&reply.body[..], &reply.trailers.unwrap()["grpc-status"]),
        (&b"\0\0\0\0\x09\x0a"[..], &"0".parse().unwrap())
    );
}

#[tokio::test]
async fn a_trailer_replaces_the_status_after_the_message() {
    let (emulator, client) = start().await;
    emulator.operation(
        "operations/1",
        endless().call(1, Reply::usual().trailer("grpc-status", "14").header("x-a", "b")),
    );
    let reply = client.reply(&get("operations/1")).await;
    assert_eq!(reply.headers["x-a"], "b");
    assert!(!reply.body.is_empty());
    let result = status::read(reply.trailers.as_ref().unwrap()).unwrap();
    assert_eq!(result.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_lie_is_reported() {
    let (emulator, client) = start().await;
    let metadata = Any::pack_protobuf("example.v1.Hint", b"");
    let lie = Reply::usual().named("operations/2").not_done().metadata(metadata.clone());
    emulator.operation("operations/1", endless().runs_for(Duration::ZERO).call(1, lie));
    assert_eq!(
        got(&client, "operations/1").await,
        Operation::running("operations/2").with_metadata(metadata)
    );
    assert!(got(&client, "operations/1").await.is_done());
}

// SPEC 19
#[tokio::test]
async fn a_large_message_is_one_frame_with_or_without_compression() {
    const LARGE: u64 = 3 << 20;
    let (emulator, client) = start().await;
    for (reply, is_gzip) in [(Reply::usual().large_body(LARGE), false), (Reply::gzip_bomb(LARGE), true)] {
        emulator.reply_next(1, reply);
        let reply = client.reply(&get("operations/1")).await;
        assert_eq!(reply.message::<messages::GetOperationRequest>(), Ok(messages::Operation::default()));
        assert_eq!(reply.body.len() < 100_000, is_gzip);
        let mut decoder = Decoder::new(Encoding::of(&reply.headers), LARGE as usize - 1);
        let decoded = decoder.push(reply.body).and_then(|()| decoder.finish::<messages::Operation>());
        assert_eq!(decoded, Err(FrameError::TooLarge(LARGE as usize - 1)));
    }
}

#[tokio::test]
async fn connections_break_as_over_json() {
    let breaks = [
        Reply::close(),
        Reply::usual().cut_after(3),
        Reply::usual().breaks(Point::BeforeHead, Break::Reset),
        Reply::usual().breaks(Point::AfterHead, Break::Close),
        Reply::usual().breaks(Point::InBody(7), Break::Reset),
    ];
    let (emulator, client) = start().await;
    for reply in breaks {
        emulator.operation("operations/1", endless().call(1, reply.clone()));
        let frame = lro_grpc_wire::frame::encode(&get("operations/1")).unwrap();
        let lost = client.exchange("/google.longrunning.Operations/GetOperation", frame).await;
        assert!(lost.is_err(), "{reply:?}: {lost:?}");
        assert_eq!(got(&client, "operations/1").await.name, "operations/1");
    }
}

#[tokio::test]
async fn a_stalled_reply_and_a_late_one() {
    let (emulator, client) = start().await;
    emulator
        .operation("operations/1", endless().call(1, Reply::usual().breaks(Point::InBody(7), Break::Stall)));
    let stalled = tokio::time::timeout(Duration::from_millis(100), client.reply(&get("operations/1"))).await;
    assert!(stalled.is_err());
    let client = Client::of(&emulator);
    let late = Reply::usual().after(Duration::from_millis(50)).goaway();
    emulator.operation("operations/2", endless().call(1, late));
    let begun = std::time::Instant::now();
    assert_eq!(got(&client, "operations/2").await.name, "operations/2");
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert_eq!(got(&client, "operations/2").await.name, "operations/2");
}

#[tokio::test]
async fn an_operation_appears_late() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::of(&emulator);
    emulator.operation("operations/1", endless().appears_after(Duration::MAX));
    assert_eq!(client.call(&get("operations/1")).await.unwrap_err().code(), Code::NotFound);
    let empty: Bytes = lro_grpc_wire::frame::encode(&()).unwrap();
    let unnamed = client.exchange("/google.longrunning.Operations/GetOperation", empty).await.unwrap();
    assert_eq!(unnamed.status().code(), Code::NotFound);
}
