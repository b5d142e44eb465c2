//! Frames, compression and methods that the server does not know.

use bytes::Bytes;
use lro::Code;
use lro_grpc_wire::{
    frame::{encode, encode_gzip},
    messages::{GetOperationRequest, Method},
};

use super::{endless, get, start};

#[tokio::test]
async fn a_compressed_request_is_read_and_its_reply_compressed_if_the_client_reads_that() {
    let (emulator, client) = start().await;
    emulator.operation("operations/1", endless());
    let frame = encode_gzip(&get("operations/1")).unwrap();
    let client = client.with("grpc-encoding", "gzip");
    for (accepts, flag) in [("identity", 0), ("identity, gzip", 1)] {
        let client = client.clone().with("grpc-accept-encoding", accepts);
        let reply = client.exchange(GetOperationRequest::PATH, frame.clone()).await.unwrap();
        assert_eq!(reply.body[0], flag, "{accepts}");
        assert_eq!(reply.message::<GetOperationRequest>().unwrap().name, "operations/1");
    }
}

#[tokio::test]
async fn another_compression_is_unimplemented() {
    let (_emulator, client) = start().await;
    let frame = Bytes::from_static(b"\x01\0\0\0\x01?");
    let unnamed = client.exchange(GetOperationRequest::PATH, frame.clone()).await.unwrap();
    let brotli = client.with("grpc-encoding", "br");
    let other = brotli.exchange(GetOperationRequest::PATH, frame).await.unwrap();
    for reply in [unnamed, other] {
        assert_eq!(reply.status().code(), Code::Unimplemented);
        assert_eq!(reply.headers["grpc-accept-encoding"], "gzip");
    }
}

#[tokio::test]
async fn a_request_that_is_no_message_is_refused() {
    let (_emulator, client) = start().await;
    for frame in [&b""[..], b"\0\0\0\0\x09x", b"\0\0\0\0\0\0", b"{}", b"\0\0\0\0\x02\x0a\x09"] {
        let reply = client.exchange(GetOperationRequest::PATH, Bytes::from_static(frame)).await.unwrap();
        assert_eq!(reply.status().code(), Code::Internal, "{frame:?}");
    }
    let large = client.exchange(GetOperationRequest::PATH, Bytes::from_static(b"\0\xff\xff\xff\xff")).await;
    assert_eq!(large.unwrap().status().code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn another_service_or_method_is_unimplemented() {
    let (_emulator, client) = start().await;
    let frame = encode(&get("operations/1")).unwrap();
    for path in
        ["/google.longrunning.Operations/Pause", "/example.v1.Jobs/GetOperation", "/", "/v1/operations/1"]
    {
        let status = client.exchange(path, frame.clone()).await.unwrap().status();
        assert_eq!(status.code(), Code::Unimplemented);
        assert_eq!(status.message(), format!("Method not found: {path}"));
    }
}

#[tokio::test]
async fn only_the_content_type_makes_a_call_of_grpc() {
    let (emulator, client) = start().await;
    emulator.operation("operations/1", endless());
    for kind in ["application/grpc", "application/grpc+proto", "application/grpc;x=y"] {
        let client = client.clone().with("content-type", kind);
        assert_eq!(client.call(&get("operations/1")).await.unwrap().name, "operations/1", "{kind}");
    }
    for kind in ["application/grpc-web", "application/json", "application/grp"] {
        let reply = client.clone().with("content-type", kind).reply(&get("operations/1")).await;
        assert_eq!(reply.headers["content-type"], "application/json; charset=UTF-8", "{kind}");
    }
}
