//! The memory that a hostile reply takes: its bound and a constant.
//!
//! The peak of a process only grows, so each reply is read in a child process.
//! `cargo test -p lro-http --test memory -- --nocapture` prints the memory of each.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]
#![cfg(target_os = "linux")]

use std::{
    convert::Infallible,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    pin::Pin,
    process::Command,
    task::{Context, Poll},
    thread,
};

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use http::Response;
use hyper::{
    body::{Body, Frame},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use lro::{Capabilities, ListOperationsRequest, LroTransport, Operation, Outcome};
use lro_http::{HttpClient, HttpTransport, Token};
use serde_json::Value;

mod common;

#[test]
fn a_large_reply_costs_no_more_than_its_bound() {
    // SPEC 19, 45
    for (set, bound) in [(None, 64 * MIB), (Some(MIB), MIB)] {
        let over = format!("the reply is larger than the limit of {bound} bytes");
        for (what, hostile) in [
            ("300 MiB of a known length", Hostile::of_length(OK, 300 * MIB)),
            ("300 MiB in chunks", Hostile::in_chunks(OK, MIB)),
            ("300 MiB in small chunks", Hostile::in_chunks(OK, 1_000)),
            ("300 MiB up to the close", Hostile { head: format!("{OK}\r\n"), ..Hostile::of_length(OK, 0) }),
            ("300 MiB in gzip", Hostile::bomb(OK)),
        ] {
            let cost = hostile.costs(set);
            assert_eq!(cost.message, over, "{what}");
            cost.assert_within(what, bound);
        }
    }
}

#[test]
fn a_large_reply_over_http_2_costs_no_more_than_its_bound() {
    // SPEC 19
    for (set, bound) in [(None, 64 * MIB), (Some(MIB), MIB)] {
        let bound_set = set.map(|bound: usize| (BOUND, bound.to_string()));
        let cost = Cost::of(serve_http2, bound_set.into_iter().chain([(HTTP2, String::new())]));
        assert_eq!(cost.message, format!("the reply is larger than the limit of {bound} bytes"));
        cost.assert_within("300 MiB over HTTP/2", bound);
    }
}

#[test]
fn a_large_error_costs_no_more_than_an_error_may() {
    // SPEC 19: an error is read up to 16 MiB, however large a reply may be.
    for (set, bound) in [(None, 16 * MIB), (Some(MIB / 16), MIB / 16)] {
        let over = format!("with an unreadable body: the reply is larger than the limit of {bound} bytes");
        for (what, hostile) in [
            ("an error of 300 MiB", Hostile::of_length(ERROR, 300 * MIB)),
            ("an error of 300 MiB in chunks", Hostile::in_chunks(ERROR, MIB)),
            ("an error of 300 MiB in gzip", Hostile::bomb(ERROR)),
        ] {
            let cost = hostile.costs(set);
            assert_eq!(cost.message, format!("HTTP 500 Internal Server Error {over}"), "{what}");
            cost.assert_within(what, bound);
        }
    }
}

#[test]
fn a_deep_reply_costs_no_more_than_its_length() {
    // SPEC 19
    // SPEC 49: the depth counts where it is decoded.
    let no_operation = "the reply has neither `name` nor `done`; it has a";
    let object = "the reply does not have the expected form of Operation: invalid type, expected an object";
    for (what, text, message) in [
        ("200,000 levels of arrays", nested(""), object),
        ("200,000 levels without an end", "[".repeat(LEVELS), "the reply is truncated JSON"),
        ("200,000 levels of objects", r#"{"a":"#.repeat(LEVELS) + "1" + &"}".repeat(LEVELS), no_operation),
        ("200,000 levels in metadata", nested(r#"{"name": "operations/1", "metadata": {"a": "#), "running"),
        (
            "200,000 levels in a response",
            nested(r#"{"name": "operations/1", "done": true, "response": {"a": "#),
            "cannot read the object at a[0][0]",
        ),
    ] {
        let cost = Hostile::saying(OK, &text).costs(None);
        assert!(cost.message.starts_with(message), "{what}: {}", cost.message);
        cost.assert_within(what, text.len());
    }
}

#[test]
fn a_deep_error_costs_no_more_than_its_length() {
    // SPEC 19: the status line is enough if the body is nested too deep.
    for (what, text) in [
        ("an error of 200,000 levels", nested("")),
        ("200,000 levels in an error", nested(r#"{"error": {"a": "#)),
        ("200,000 levels in the details", nested(r#"{"error": {"details": [{"@type": "t/a.B", "a": "#)),
    ] {
        let cost = Hostile::saying(ERROR, &text).costs(None);
        assert!(cost.message.starts_with("HTTP 500 Internal Server Error"), "{what}: {}", cost.message);
        cost.assert_within(what, text.len());
    }
}

#[test]
fn a_reply_that_says_the_token_back_costs_a_few_times_its_length() {
    // SPEC 19, 56
    let said = |begin: &str, rest: &str, times| format!("{begin}{TOKEN}{}", rest.repeat(times));
    for (what, line, text) in [
        ("one escape", OK, said("%41", "x", 4 * MIB)),
        ("nothing but the token in an error", ERROR, said("%41", &format!(" {TOKEN}"), 4 * MIB / 15)),
    ] {
        let cost = Hostile::saying(line, &text).costs(None);
        assert!(!cost.message.contains(TOKEN), "{what}: {}", cost.message);
        cost.assert_within(what, 5 * text.len());
    }
}

#[test]
fn a_reply_of_many_parts_costs_a_few_times_its_length() {
    // SPEC 19
    let no_operation = "the reply has neither `name` nor `done`; it has ";
    let info = r#"{"error": {"code": 429, "details": [{"@type": "t/google.rpc.ErrorInfo", "metadata": {"#;
    for (what, line, text, message) in [
        (
            "details",
            OK,
            many(r#"{"done": true, "error": {"code": 5, "message": "gone", "details": ["#, "{},"),
            "gone",
        ),
        (
            "details in place of an operation",
            OK,
            many(r#"{"error": {"code": 5, "details": ["#, "{},"),
            "the reply",
        ),
        ("legacy errors", ERROR, many(r#"{"error": {"errors": ["#, "{},"), "HTTP 500"),
        ("unknown members", OK, members("{"), no_operation),
        ("metadata of an error", ERROR, members(info), "HTTP 500"),
    ] {
        let cost = Hostile::saying(line, &text).costs(None);
        assert!(cost.message.starts_with(message), "{what}: {}", cost.message);
        cost.assert_within(what, 5 * text.len());
    }
}

#[test]
fn a_list_of_many_parts_costs_a_few_times_its_length() {
    // SPEC 19
    let too_many = "has more than 100000 operations, places and details of errors";
    let failed = format!(r#"{{"done": true, "error": {{"details": [{}{{}}]}}}},"#, "{},".repeat(999));
    for (what, text, message) in [
        ("operations", many(r#"{"operations": ["#, r#"{"done":true},"#), too_many),
        ("details of operations", many(r#"{"operations": ["#, &failed), too_many),
        ("places", many(r#"{"unreachable": ["#, r#""","#), too_many),
        ("unknown members", members("{"), "the reply is not a list of operations"),
    ] {
        let cost = Hostile::saying(OK, &text).costs_by("list");
        assert!(cost.message.contains(message), "{what}: {}", cost.message);
        cost.assert_within(what, 5 * text.len());
    }
}

#[test]
fn a_reply_of_another_form_costs_a_few_times_its_length() {
    // SPEC 19
    let too_many = "has more than 100000 operations, places and details of errors";
    for (what, call, text, message) in [
        ("numbers", "form", many(r#"{"state": "on", "numbers": ["#, "0,"), "running"),
        (
            "details",
            "form",
            many(r#"{"state": "off", "error": {"details": ["#, "{},"),
            "the operation failed",
        ),
        ("a response", "form", many(r#"{"state": "done", "response": ["#, "0,"), "done"),
        ("items", "list of a form", many(r#"{"operations": ["#, r#"{"id":"a"},"#), too_many),
    ] {
        let cost = Hostile::saying(OK, &text).costs_by(call);
        assert!(cost.message.contains(message), "{what}: {}", cost.message);
        cost.assert_within(what, 5 * text.len());
    }
}

#[test]
fn headers_without_an_end_cost_little() {
    // SPEC 19
    let cost = Hostile::repeating(OK, format!("x: {}\r\n", "y".repeat(1_000)).as_bytes()).costs(None);
    assert!(cost.message.ends_with(": message head is too large"), "{}", cost.message);
    cost.assert_within("300 MiB of headers", MIB);
}

/// The child process: polls once, and prints the result and its memory.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn asks_once() {
    let token = Token::bearer(TOKEN).unwrap();
    let mut client = HttpClient::builder(std::env::var(ENDPOINT).unwrap()).credentials(token);
    if let Ok(bound) = std::env::var(BOUND) {
        client = client.largest_reply(bound.parse().unwrap());
    }
    if std::env::var(HTTP2).is_ok() {
        client = client.http2_only();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = std::env::var(CALL).unwrap_or_default();
    let binding = match call.contains("form") {
        true => serde_json::from_str(FORM).unwrap(),
        false => common::binding(Capabilities::ALL),
    };
    let jobs = HttpTransport::new(client.build().unwrap(), binding);
    let before = peak();
    let message = if call.starts_with("list") {
        let request = ListOperationsRequest::new("operations");
        runtime.block_on(jobs.list_operations(&request)).unwrap_err().message().to_owned()
    } else {
        match runtime.block_on(common::get(&jobs)) {
            Err(status) => status.message().to_owned(),
            Ok(Operation { outcome: None, .. }) => "running".to_owned(),
            Ok(Operation { outcome: Some(Outcome::Response(_)), .. }) if !call.is_empty() => {
                "done".to_owned()
            }
            Ok(Operation { outcome: Some(outcome), .. }) => {
                outcome.decode::<Value>().unwrap_err().message().to_owned()
            }
        }
    };
    let cost = peak() - before;
    println!("\n{COST}{cost}\n{MESSAGE}{message}");
}

/// The answer to the only request of a server: a head, a start, and a part that repeats.
struct Hostile {
    head: String,
    begin: Vec<u8>,
    piece: Vec<u8>,
    times: usize,
}

/// The result of a call, and the bytes by which it raised the peak of its process.
struct Cost {
    message: String,
    bytes: usize,
}

impl Hostile {
    /// Up to 300 MiB.
    fn repeating(head: &str, piece: &[u8]) -> Self {
        let times = 300 * MIB / piece.len();
        Self { head: head.to_owned(), begin: Vec::new(), piece: piece.to_vec(), times }
    }

    fn of_length(line: &str, length: usize) -> Self {
        Self::repeating(&format!("{line}content-length: {length}\r\n\r\n"), &vec![b' '; MIB])
    }

    fn in_chunks(line: &str, length: usize) -> Self {
        let chunk = format!("{length:x}\r\n{}\r\n", " ".repeat(length));
        Self::repeating(&format!("{line}transfer-encoding: chunked\r\n\r\n"), chunk.as_bytes())
    }

    /// 300 MiB of blanks in 300 KiB of gzip.
    fn bomb(line: &str) -> Self {
        let head = format!("{line}content-encoding: gzip\r\n\r\n");
        let mut piece = Vec::with_capacity(MIB);
        let mut deflate = Compress::new(Compression::best(), false);
        // A block that ends with a full flush is independent, so it can be repeated.
        deflate.compress_vec(&vec![b' '; MIB], &mut piece, FlushCompress::Full).unwrap();
        assert!(piece.len() < 2_000, "{} bytes", piece.len());
        Self { head, begin: GZIP.to_vec(), piece, times: 300 }
    }

    fn saying(line: &str, text: &str) -> Self {
        let head = format!("{line}content-length: {}\r\n\r\n", text.len());
        Self { head, begin: text.into(), piece: Vec::new(), times: 0 }
    }

    /// Reads this in a child process, with a bound or the default one.
    fn costs(self, bound: Option<usize>) -> Cost {
        Cost::of(
            move |listener| self.answer(listener.accept().unwrap().0),
            bound.map(|bound| (BOUND, bound.to_string())),
        )
    }

    /// As [`costs`](Self::costs), by another call than one for an operation of `google.longrunning`.
    fn costs_by(self, call: &str) -> Cost {
        Cost::of(move |listener| self.answer(listener.accept().unwrap().0), [(CALL, call.to_owned())])
    }

    /// Sends until the client closes the connection.
    fn answer(&self, mut client: TcpStream) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        let pieces = std::iter::repeat_n(&*self.piece, self.times);
        for bytes in [self.head.as_bytes(), &self.begin].into_iter().chain(pieces) {
            if client.write_all(bytes).is_err() {
                return;
            }
        }
    }
}

impl Cost {
    /// Reads a served reply in a child process with these variables.
    fn of(
        serve: impl FnOnce(TcpListener) + Send + 'static,
        variables: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "asks_once", "--ignored", "--nocapture"]);
        child.env(ENDPOINT, format!("http://{}", listener.local_addr().unwrap()));
        child.envs(variables);
        let server = thread::spawn(move || serve(listener));
        let output = child.output().unwrap();
        server.join().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
        let after = |what| printed.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        Self { message: after(MESSAGE).to_owned(), bytes: after(COST).parse().unwrap() }
    }

    #[track_caller]
    fn assert_within(&self, what: &str, bound: usize) {
        let kib = |bytes| bytes / 1_024;
        println!("{what:>32} | bound {:>6} KiB | peak {:>6} KiB", kib(bound), kib(self.bytes));
        assert!(self.bytes <= bound + SLACK, "{what}: {} KiB", kib(self.bytes));
    }
}

/// Answers the only connection with 300 MiB of blanks.
fn serve_http2(listener: TcpListener) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        let (client, _) = tokio::net::TcpListener::from_std(listener).unwrap().accept().await.unwrap();
        let service = service_fn(async |_| Ok::<_, Infallible>(Response::new(Blanks { left: 300 * MIB })));
        let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(client), service).await;
    });
}

/// A body without a known length.
struct Blanks {
    left: usize,
}

impl Body for Blanks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let blanks = &[b' '; 64 << 10];
        self.left = self.left.saturating_sub(blanks.len());
        Poll::Ready((self.left > 0).then(|| Ok(Frame::data(Bytes::from_static(blanks)))))
    }
}

/// The peak memory of this process.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")).unwrap();
    peak.trim().parse::<usize>().unwrap() * 1_024
}

/// JSON nested to a depth, closed only at its end.
fn nested(begin: &str) -> String {
    let closing = |open: char| if open == '{' { '}' } else { ']' };
    let end: String = begin.chars().rev().filter(|char| matches!(char, '{' | '[')).map(closing).collect();
    format!("{begin}{}{}{end}", "[".repeat(LEVELS), "]".repeat(LEVELS))
}

/// JSON of a length that begins so, and goes on with one text.
fn many(begin: &str, part: &str) -> String {
    closed(begin, part.repeat(LENGTH / part.len()))
}

/// JSON of a length that begins so, and goes on with members of different names.
fn members(begin: &str) -> String {
    closed(begin, (0..LENGTH / 11).map(|name| format!("\"{name:06x}\":\"\",")).collect())
}

/// Closes what `begin` opens, behind the parts without their last comma.
fn closed(begin: &str, mut parts: String) -> String {
    parts.pop();
    let mut open = Vec::new();
    for char in begin.chars() {
        match char {
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    begin.to_owned() + &parts + &open.into_iter().rev().collect::<String>()
}

const FORM: &str = r#"{
    "service": "jobs.example.com", "version": "v1", "get": ["v1/{name=operations/*}"], "list": ["v1/{name=operations}"],
    "form": {"state": "state", "done": ["done"], "failed": ["off"], "response": "response"}
}"#;

const OK: &str = "HTTP/1.1 200 OK\r\n";
const ERROR: &str = "HTTP/1.1 500 Internal Server Error\r\n";
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const LEVELS: usize = 200_000;
const MIB: usize = 1 << 20;
/// For the connection, the allocator and the runtime.
const SLACK: usize = 16 * MIB;

/// The length of a reply of many parts: larger ones take the tests seconds without optimization.
const LENGTH: usize = 4 * MIB;

const TOKEN: &str = "ya29.a0-canary";
const ENDPOINT: &str = "MEMORY_ENDPOINT";
const BOUND: &str = "MEMORY_BOUND";
const HTTP2: &str = "MEMORY_HTTP2";
const CALL: &str = "MEMORY_CALL";
const COST: &str = "cost: ";
const MESSAGE: &str = "message: ";
