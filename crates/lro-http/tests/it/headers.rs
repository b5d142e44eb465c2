//! The headers of a call, and no others.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::collections::BTreeSet;

use http::Method;
use lro::{Code, LroTransport, Operation, OperationName, Status};
use lro_http::{Call, HttpClient, HttpTransport, Token};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::common::{RUNNING, RawServer, Recorded, Server, assert_clear, get, jobs, raw_reply, reply};

#[tokio::test]
async fn a_poll_has_these_headers_and_no_body() {
    // SPEC 44
    for http2 in [false, true] {
        let server = running().await;
        let token = Token::bearer("t0ken").unwrap().quota_project("token-project").unwrap();
        let client = server.client().credentials(token);
        get(&jobs(if http2 { client.http2_only() } else { client })).await.unwrap();
        let request = server.request();
        assert_eq!((&request.method, &*request.target), (&Method::GET, "/v1/operations/1"));
        assert!(request.body.is_empty());
        let mut expected = BTreeSet::from([
            "authorization: Bearer t0ken".to_owned(),
            "x-goog-request-params: name=operations%2F1".to_owned(),
            "x-goog-user-project: token-project".to_owned(),
            format!("user-agent: lro/{}", env!("CARGO_PKG_VERSION")),
        ]);
        if !http2 {
            expected.insert(format!("host: {}", server.url().trim_start_matches("http://")));
        }
        assert_eq!(headers(&request), expected);
    }
}

#[tokio::test]
async fn a_poll_over_the_wire_has_neither_a_body_nor_a_word_of_one() {
    // SPEC 44
    let server = RawServer::sends(raw_reply("", RUNNING.as_bytes())).await;
    get(&server.jobs()).await.unwrap();
    let heads = server.heads();
    assert!(heads[0].starts_with("get /v1/operations/1 http/1.1\r\n"), "{heads:?}");
    for word in ["content-length", "content-type", "transfer-encoding", "expect"] {
        assert!(!heads[0].contains(word), "{heads:?}");
    }
}

#[tokio::test]
async fn without_credentials_and_project_neither_header_is_sent() {
    // SPEC 44
    let server = running().await;
    get(&server.jobs()).await.unwrap();
    let request = server.request();
    assert!(!request.headers.contains_key("authorization"));
    assert!(!request.headers.contains_key("x-goog-user-project"));
    assert!(request.headers.contains_key("x-goog-request-params"));
}

#[tokio::test]
async fn the_clients_quota_project_goes_before_the_tokens() {
    // SPEC 44
    let plain = Token::bearer("t").unwrap();
    let with_project = plain.clone().quota_project("token-project").unwrap();
    for (client, token, sent) in [
        (None, Some(with_project.clone()), Some("token-project")),
        (Some("client-project"), Some(with_project), Some("client-project")),
        (Some("client-project"), Some(plain.clone()), Some("client-project")),
        (Some("client-project"), None, Some("client-project")),
        (None, Some(plain), None),
    ] {
        let server = running().await;
        let mut builder = server.client();
        if let Some(project) = client {
            builder = builder.quota_project(project);
        }
        if let Some(token) = token {
            builder = builder.credentials(token);
        }
        get(&jobs(builder)).await.unwrap();
        let projects: Vec<_> =
            server.request().headers.get_all("x-goog-user-project").iter().cloned().collect();
        assert_eq!(projects, Vec::from_iter(sent));
    }
}

#[tokio::test]
async fn the_name_is_encoded_slashes_too() {
    // SPEC 44
    let server = Server::start(|request| reply(200, json!({"name": named(request)}).to_string())).await;
    let jobs = server.jobs();
    for (name, encoded) in [
        ("operations/a/b", "operations%2Fa%2Fb"),
        ("operations/a=b&c=d", "operations%2Fa%3Db%26c%3Dd"),
        ("operations/a%2Fb", "operations%2Fa%252Fb"),
        ("operations/é +", "operations%2F%C3%A9%20%2B"),
        ("operations/~._-", "operations%2F~._-"),
    ] {
        jobs.get_operation(&OperationName::parse(name).unwrap()).await.unwrap();
        let request = server.requests().pop().unwrap();
        assert_eq!(request.headers["x-goog-request-params"], format!("name={encoded}"));
    }
}

#[tokio::test]
async fn a_product_stands_before_our_own_in_the_user_agent() {
    // SPEC 44
    let server = running().await;
    get(&jobs(server.client().user_agent("my-app/1.2 (linux)"))).await.unwrap();
    let expected = format!("my-app/1.2 (linux) lro/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(server.request().headers["user-agent"], expected);
}

#[test]
fn what_no_header_can_carry_is_refused_when_the_client_is_built() {
    let client = || HttpClient::builder("http://localhost:1");
    for bad in ["a\nb: c", "a\r\n", "a\0"] {
        let status = client().user_agent(bad).build().unwrap_err();
        assert_clear(&status, Code::InvalidArgument, "not a user agent");
        let status = client().quota_project(bad).build().unwrap_err();
        assert_clear(&status, Code::InvalidArgument, &format!("not a quota project: {bad:?}"));
        let status = Token::bearer("t").unwrap().quota_project(bad).unwrap_err();
        assert_clear(&status, Code::InvalidArgument, &format!("not a quota project: {bad:?}"));
    }
    assert_clear(
        &client().quota_project("").build().unwrap_err(),
        Code::InvalidArgument,
        "not a quota project",
    );
}

#[tokio::test]
async fn a_starting_call_says_the_type_and_the_length_of_its_body() {
    let server = running().await;
    let body = json!({"model": {"shipments": ["é"]}});
    let call = Call::post("v1", "projects/p", ":optimize").param("parent", "projects/p").body(&body).unwrap();
    let started = server.jobs().start(call).await;
    assert_eq!(started.unwrap(), Operation::running("operations/1"));
    let request = server.request();
    assert_eq!((&request.method, &*request.target), (&Method::POST, "/v1/projects/p:optimize"));
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["content-length"], request.body.len().to_string());
    assert_eq!(request.headers["x-goog-request-params"], "parent=projects%2Fp");
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), body);
}

#[tokio::test]
async fn a_call_without_a_body_has_no_type_and_a_post_says_that_it_is_empty() {
    let server = RawServer::sends(raw_reply("", b"{}")).await;
    let client = HttpClient::builder(server.url()).build().unwrap();
    let calls = [
        Call::get("v1", "a", ""),
        Call::delete("v1", "a"),
        Call::patch("v1", "a"),
        Call::post("v1", "a", ":go"),
    ];
    for call in calls {
        client.send::<Value>(call).await.unwrap();
    }
    let heads = server.heads();
    assert!(heads.iter().all(|head| !head.contains("content-type")), "{heads:?}");
    assert!(heads[..2].iter().all(|head| !head.contains("content-length")), "{heads:?}");
    // RFC 9110, 8.6: a POST or PATCH without a body sends a length of 0. Google answers 411 otherwise.
    assert!(heads[2..].iter().all(|head| head.contains("content-length: 0\r\n")), "{heads:?}");
}

#[tokio::test]
async fn a_query_and_parameters_are_encoded_and_joined() {
    let server = running().await;
    let call = Call::get("v1", "spaces/a b", ":go")
        .query("filter", "a=\"b c\"&d/é")
        .query("none", "")
        .flag("yes", true)
        .flag("no", false)
        .count("zero", 0)
        .count("pageSize", 20_u32)
        .param("name", "spaces/a b")
        .param("other", "x&y");
    server.client().build().unwrap().send::<Value>(call).await.unwrap();
    let request = server.request();
    assert_eq!(
        request.target,
        "/v1/spaces/a%20b:go?filter=a%3D%22b%20c%22%26d%2F%C3%A9&yes=true&pageSize=20"
    );
    assert_eq!(request.headers["x-goog-request-params"], "name=spaces%2Fa%20b&other=x%26y");
}

#[tokio::test]
async fn a_token_of_each_call_replaces_none_of_another() -> Result<(), Status> {
    // Two clients of one server share no state.
    let server = running().await;
    let one = jobs(server.client().credentials(Token::bearer("one")?));
    let other = jobs(server.client().credentials(Token::bearer("other")?));
    let asked: [(&HttpTransport, &str); 3] = [(&one, "one"), (&other, "other"), (&one, "one")];
    for (jobs, token) in asked {
        get(jobs).await?;
        let request = server.requests().pop().unwrap();
        assert_eq!(request.headers["authorization"], format!("Bearer {token}"));
    }
    Ok(())
}

#[tokio::test]
async fn polls_of_many_names_at_once_each_send_their_own() {
    // SPEC 7, 44: a stored request is used for its own name only.
    let server = Server::start(|request| {
        let params = format!("name={}", named(request).replace('/', "%2F"));
        match request.headers["x-goog-request-params"] == params {
            true => reply(200, json!({"name": named(request)}).to_string()),
            false => reply(400, "{}"),
        }
    })
    .await;
    let jobs = jobs(server.client().http2_only());
    for _ in 0..3 {
        let mut polls = JoinSet::new();
        for number in 0..200 {
            let jobs = jobs.clone();
            polls.spawn(async move {
                let name = OperationName::parse(&format!("operations/{number}")).unwrap();
                (name.to_string(), jobs.get_operation(&name).await.unwrap().name)
            });
        }
        for (asked, answered) in polls.join_all().await {
            assert_eq!(asked, answered);
        }
    }
    assert_eq!(server.requests().len(), 600);
}

#[tokio::test]
async fn a_client_and_a_call_add_headers_that_replace_no_credential() {
    let server = running().await;
    let token = Token::header("x-lane", "a-secret-key").unwrap();
    let client = server.client().credentials(token).header("x-team", "print").header("x-lane", "none");
    let jobs = jobs(client);
    let call = Call::get("", "jobs/7", "").header("x-trace", "1").unwrap().header("x-team", "read").unwrap();
    jobs.client().response(call.header("x-lane", "mine").unwrap()).await.unwrap();
    get(&jobs).await.unwrap();
    let [call, poll] = server.requests().try_into().unwrap();
    assert_eq!(call.target, "/jobs/7");
    let value = |request: &Recorded, name: &str| {
        request.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(value(&call, "x-trace").unwrap(), "1");
    assert_eq!(
        (value(&call, "x-team").unwrap(), value(&poll, "x-team").unwrap()),
        ("read".into(), "print".into())
    );
    assert_eq!(
        (value(&call, "x-lane").unwrap(), value(&poll, "x-lane").unwrap()),
        ("a-secret-key".into(), "a-secret-key".into())
    );
    assert_eq!(value(&poll, "x-trace"), None);
}

#[tokio::test]
async fn a_header_of_the_connection_or_an_invalid_one_is_refused() {
    let server = running().await;
    for (name, value) in [
        ("host", "other"),
        ("Authorization", "Bearer x"),
        ("cookie", "a=b"),
        ("Content-Length", "5"),
        ("a b", "1"),
        ("", "1"),
        ("x-ok", "a\r\nb: c"),
    ] {
        let status = Call::get("v1", "jobs/7", "").header(name, value).unwrap_err();
        assert_clear(&status, Code::InvalidArgument, "header");
        assert_eq!(server.client().header(name, value).build().unwrap_err(), status);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_header_of_a_credential_is_refused_in_clear_text_and_otherwise() {
    // SPEC 43, 56: only the value of a credential is hidden where a server says it back.
    for name in [
        "x-goog-api-key",
        "API-Key",
        "x-api-key",
        "apikey",
        "ocp-apim-subscription-key",
        "x-functions-key",
        "proxy-authorization",
        "x-serverless-authorization",
        "X-Auth-Token",
        "x-amz-security-token",
        "private-token",
        "x-client-secret",
        "cookie",
    ] {
        let status = Call::get("v1", "jobs/7", "").header(name, "canary").unwrap_err();
        assert_clear(&status, Code::InvalidArgument, &format!("the header {name} is a credential"));
        let clear = HttpClient::builder("http://lro.example.com").plain_http();
        assert_eq!(clear.header(name, "canary").build().unwrap_err(), status);
        let secure = HttpClient::builder("https://lro.example.com").header(name, "canary");
        assert!(!format!("{secure:?}").contains("canary"));
        assert_eq!(secure.build().unwrap_err(), status);
    }
    for name in ["idempotency-key", "x-request-id", "x-ms-continuation-token", "accept-language"] {
        assert!(Call::get("v1", "jobs/7", "").header(name, "1").is_ok());
        HttpClient::builder("http://lro.example.com").plain_http().header(name, "1").build().unwrap();
    }
}

#[tokio::test]
async fn a_whole_response_has_its_head_and_a_failed_one_is_a_status() {
    let server =
        Server::in_turn([(202, "not JSON"), (404, r#"{"error": {"code": 404, "message": "no such job"}}"#)])
            .await;
    let client = server.client().build().unwrap();
    let response = client.response(Call::post("", "jobs", "")).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.body()[..]), (202, &b"not JSON"[..]));
    assert!(response.headers().contains_key("content-length"));
    let status = client.response(Call::get("", "jobs/7", "")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "no such job"));
}

async fn running() -> Server {
    Server::always(200, RUNNING).await
}

fn headers(request: &Recorded) -> BTreeSet<String> {
    request.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

fn named(request: &Recorded) -> String {
    request.target.trim_start_matches("/v1/").to_owned()
}
