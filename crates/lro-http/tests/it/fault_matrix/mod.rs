//! Every status line with every body and every `Retry-After`: the result of a call, and of a wait.
//!
//! A model of the rules computes the expectation, independently of the code under test. The calls go over the loopback
//! interface. Their results are then played to waits with a paused clock.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::sync::Arc;

use lro::{Code, LroTransport, OperationName};
use lro_http::{HttpClient, HttpClientBuilder, HttpTransport, Token};

mod body;
mod case;
mod hint;
mod judge;
mod model;
mod play;

use body::{Body, good_calls, with_a_name, with_details, without_a_name};
use case::Case;
use hint::Hint;
use judge::judge;
use model::{Fate, LINES, Reply, Survival};
use play::on_the_network;

use super::common::{RawServer, SUCCEEDED, Server, Step, get, in_time, jobs, raw_reply, say};

#[test]
fn a_failed_call_is_what_its_status_name_says() {
    // SPEC 20 to 33
    failed_calls(with_a_name);
}

#[test]
fn a_failed_call_is_what_its_details_say() {
    // SPEC 24, 29, 32
    failed_calls(with_details);
}

#[test]
fn a_failed_call_without_a_name_is_what_its_line_says() {
    // SPEC 20 to 33
    failed_calls(without_a_name);
}

#[test]
fn a_good_reply_is_what_its_body_and_its_hint_say() {
    // SPEC 1 to 7, 19, 22, 32
    let hints = || Hint::COMMON.into_iter().chain(Hint::RARE);
    let mut cases = Vec::new();
    for http in [200, 202, 299] {
        for (body, fate) in good_calls() {
            cases.extend(hints().map(|hint| Case::good(http, &body, fate, hint)));
        }
    }
    let broken = Fate::Failed(Code::Internal, Survival::Survived);
    cases.extend(hints().map(|hint| Case::good(204, b"", broken, hint)));
    judge(&cases, &answered(&cases));
}

#[test]
fn a_failed_call_whose_body_breaks_off_is_what_its_line_and_its_hint_say() {
    // SPEC 23, 26, 32. A 304 has no body.
    let lines = LINES.into_iter().filter(|http| *http != 304);
    let hints = [Hint::Absent, Hint::Text("7")];
    let cases: Vec<_> = lines.flat_map(|http| hints.map(|hint| Case::broken_off(http, hint))).collect();
    let replies = on_the_network(async {
        let mut replies = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            let end = (index % 8 < 2).then_some(Step::Reset);
            let script = [Step::Read, say(case.half_a_reply())].into_iter().chain(end).collect();
            let server = RawServer::start([script]).await;
            replies.push(get(&with_token(HttpClient::builder(server.url()))).await);
        }
        replies
    });
    judge(&cases, &replies);
}

#[test]
fn a_good_reply_that_breaks_off_anywhere_is_survived() {
    // SPEC 26
    let whole = raw_reply("x-header: 1\r\n", SUCCEEDED.as_bytes());
    let (cases, replies): (Vec<_>, Vec<_>) = on_the_network(async {
        let mut seen = Vec::new();
        for cut in 0..whole.len() {
            // A reset takes some time.
            let resets = (cut % 8 == 0).then_some(("a reset", Some(Step::Reset)));
            for (how, end) in [("a close", None)].into_iter().chain(resets) {
                let sent = Step::Send(whole[..cut].to_vec());
                let script = [Step::Read, sent].into_iter().chain(end).collect();
                let server = RawServer::start([script]).await;
                seen.push((Case::cut(cut, how), get(&server.jobs()).await));
            }
        }
        seen.into_iter().unzip()
    });
    judge(&cases, &replies);
}

/// Every status line with these bodies and every `Retry-After`.
fn failed_calls(bodies: fn(u16) -> Vec<Body>) {
    let mut cases = Vec::new();
    for http in LINES {
        for body in bodies(http) {
            cases.extend(Hint::COMMON.map(|hint| Case::failed(http, &body, hint)));
        }
    }
    for http in [404, 408, 429, 503] {
        for body in bodies(http).iter().filter(|body| body.leaves_the_line()) {
            cases.extend(Hint::RARE.map(|hint| Case::failed(http, body, hint)));
        }
    }
    judge(&cases, &answered(&cases));
}

/// The result of one call for each case.
fn answered(cases: &[Case]) -> Vec<Reply> {
    let served: Arc<[Case]> = cases.into();
    on_the_network(async {
        let server = Server::start(move |request| {
            let index: usize = request.target.rsplit('/').next().unwrap().parse().unwrap();
            served[index].reply()
        })
        .await;
        let jobs = with_token(server.client());
        let mut replies = Vec::new();
        for index in 0..cases.len() {
            let name = OperationName::parse(&format!("operations/{index}")).unwrap();
            replies.push(in_time(jobs.get_operation(&name)).await);
        }
        replies
    })
}

/// The calls carry a credential, so that a refused one is refreshed.
fn with_token(client: HttpClientBuilder) -> HttpTransport {
    jobs(client.credentials(Token::bearer("t").unwrap()))
}
