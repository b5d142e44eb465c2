//! Compressed replies, which some servers send without a request for them.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, header};
use lro::Code;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

mod common;
use common::{
    RUNNING, Server, assert_clear, assert_final, assert_survived, failure, get, in_time, jobs, reply, running,
};

#[tokio::test]
async fn a_compressed_body_counts_by_what_it_holds() {
    // SPEC 45
    let small = gzip(RUNNING.as_bytes());
    for encoding in ["gzip", "x-gzip"] {
        assert_eq!(
            get(&jobs(compressed(encoding, &small).await.client())).await.unwrap(),
            running(),
            "{encoding}"
        );
    }
    // It compresses to a thousandth of its size.
    let bomb = gzip(&vec![b' '; 10 << 20]);
    assert!(bomb.len() < 20_000);
    let server = compressed("gzip", &bomb).await;
    let status = failure(&jobs(server.client().largest_reply(1 << 20))).await;
    assert_clear(&status, Code::Internal, &(1 << 20).to_string());
    assert_final(&status);
}

#[tokio::test]
async fn a_compressed_body_of_the_bound_is_read_and_one_of_a_byte_more_is_not() {
    // SPEC 45
    for (length, good) in [(1_000, true), (1_001, false)] {
        let padded = format!("{RUNNING}{}", " ".repeat(length - RUNNING.len()));
        let server = compressed("gzip", &gzip(padded.as_bytes())).await;
        let got = get(&jobs(server.client().largest_reply(1_000))).await;
        assert_eq!(got.is_ok(), good, "{length}: {got:?}");
    }
}

#[tokio::test]
async fn a_large_compressed_body_arrives_whole() {
    let text: String = (0..3 << 20).map(|index: u32| char::from(b'a' + (index % 26) as u8)).collect();
    let metadata = json!({"@type": "t/example.v1.Progress", "text": text});
    let body = json!({"name": "operations/1", "metadata": metadata}).to_string();
    let operation = get(&compressed("gzip", &gzip(body.as_bytes())).await.jobs()).await.unwrap();
    assert!(operation.metadata.unwrap().decode::<Value>().unwrap()["text"] == text, "the text is another");
}

#[tokio::test]
async fn endless_gzip_without_content_ends_long_before_the_timeout() {
    // SPEC 49, 60
    let empty = gzip(b"");
    // A head with a name that does not end.
    let nameless = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff".to_vec();
    for (first, repeated, message) in
        [(empty.clone(), empty.repeat(1_000), "contain only 0"), (nameless, vec![b'n'; 1 << 16], "gzip")]
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = lro_http::HttpClient::builder(format!("http://{}", listener.local_addr().unwrap()));
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4_096]).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n").await.unwrap();
            stream.write_all(&first).await.unwrap();
            while stream.write_all(&repeated).await.is_ok() {}
        };
        let jobs = jobs(client);
        let (status, ()) = in_time(async { tokio::join!(failure(&jobs), server) }).await;
        assert_clear(&status, Code::Internal, message);
        assert!(message == "gzip" || !lro::Tolerance::default().is_survivable(&status), "{status}");
    }
    // Flushes after each byte are content.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for byte in RUNNING.as_bytes().iter().chain([b' '; 100_000].iter()) {
        encoder.write_all(&[*byte]).unwrap();
        encoder.flush().unwrap();
    }
    let flushed = encoder.finish().unwrap();
    assert!(flushed.len() > 100_000);
    assert_eq!(get(&compressed("gzip", &flushed).await.jobs()).await.unwrap(), running());
}

#[tokio::test]
async fn the_name_of_a_compression_has_no_case() {
    // RFC 9110, 8.4.1
    for encoding in ["GZIP", "Gzip", "X-Gzip", "Identity"] {
        let body = if encoding == "Identity" { RUNNING.into() } else { gzip(RUNNING.as_bytes()) };
        assert_eq!(get(&compressed(encoding, &body).await.jobs()).await, Ok(running()), "{encoding}");
    }
}

#[tokio::test]
async fn a_compressed_body_of_several_members_is_read_whole() {
    // RFC 1952, 2.2: the content is that of all members in sequence.
    let (one, other) = RUNNING.split_at(7);
    let members = [gzip(one.as_bytes()), gzip(other.as_bytes())].concat();
    assert_eq!(get(&compressed("gzip", &members).await.jobs()).await.unwrap(), running());
}

#[tokio::test]
async fn broken_gzip_is_a_failed_call() {
    // SPEC 19, 26
    let whole = gzip(RUNNING.as_bytes());
    let mut wrong_sum = whole.clone();
    let sum = wrong_sum.len() - 6;
    wrong_sum[sum] ^= 0xff;
    let mut corrupt = whole.clone();
    corrupt[12..20].fill(0xff);
    for body in [
        RUNNING.as_bytes(),
        &whole[..5],
        &whole[..whole.len() - 9],
        &whole[..whole.len() - 1],
        &wrong_sum,
        &corrupt,
    ] {
        let status = failure(&compressed("gzip", body).await.jobs()).await;
        assert_clear(&status, Code::Internal, "gzip");
        assert_survived(&status);
    }
}

#[tokio::test]
async fn an_unknown_compression_is_named() {
    // SPEC 19
    for encoding in ["br", "zstd", "deflate", "gzip, gzip", "br, identity"] {
        let status = failure(&compressed(encoding, b"....").await.jobs()).await;
        assert_clear(&status, Code::Internal, &format!("{encoding:?}"));
        assert_final(&status);
    }
    for encoding in ["identity, identity", "", " "] {
        let server = compressed(encoding, RUNNING.as_bytes()).await;
        assert_eq!(get(&server.jobs()).await.unwrap(), running(), "{encoding:?}");
    }
    assert_eq!(
        get(&compressed("gzip, identity", &gzip(RUNNING.as_bytes())).await.jobs()).await,
        Ok(running())
    );
    assert_eq!(get(&compressed("identity", RUNNING.as_bytes()).await.jobs()).await.unwrap(), running());
}

#[tokio::test]
async fn a_body_that_is_compressed_twice_is_refused_by_name() {
    // SPEC 49
    let twice = gzip(&gzip(RUNNING.as_bytes()));
    let server = Server::start(move |_| {
        let mut reply = reply(200, twice.clone());
        for _ in 0..2 {
            reply.headers_mut().append(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        reply
    })
    .await;
    let status = failure(&server.jobs()).await;
    assert_clear(&status, Code::Internal, r#""gzip, gzip""#);
    assert_final(&status);

    // Without a header that says so, the content is gzip and not bad UTF-8.
    for (encoding, body) in
        [("gzip", gzip(&gzip(RUNNING.as_bytes()))), ("identity", gzip(RUNNING.as_bytes()))]
    {
        let status = failure(&compressed(encoding, &body).await.jobs()).await;
        assert_clear(&status, Code::Internal, "the reply is gzip without");
        assert_final(&status);
    }
}

#[tokio::test]
async fn a_failed_call_in_an_unknown_compression_goes_by_its_status_line() {
    // SPEC 23, 26
    let server = Server::start(|_| {
        let mut reply = reply(503, "....");
        reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        reply
    })
    .await;
    let status = failure(&server.jobs()).await;
    assert_clear(&status, Code::Unavailable, "br");
    assert_survived(&status);
}

#[tokio::test]
async fn an_error_in_gzip_is_read_too() {
    // SPEC 23
    let body = gzip(json!({"error": {"status": "DATA_LOSS", "message": "gone"}}).to_string().as_bytes());
    let server = Server::start(move |_| {
        let mut reply = reply(500, body.clone());
        reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        reply
    })
    .await;
    assert_eq!(failure(&server.jobs()).await.to_string(), "DATA_LOSS: gone");
}

async fn compressed(encoding: &'static str, body: &[u8]) -> Server {
    let body = body.to_vec();
    Server::start(move |_| {
        let mut reply = reply(200, body.clone());
        reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        reply
    })
    .await
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}
