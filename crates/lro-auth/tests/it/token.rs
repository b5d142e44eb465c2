//! What a token accepts, sends and hides.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::time::Duration;

use lro::{Code, Origin, Status};
use lro_auth::{Credentials, NoCredentials, Token, quota_project};

#[track_caller]
fn assert_refused(token: Result<Token, Status>, code: Code, why: &str) {
    let status = token.unwrap_err();
    assert_eq!((status.code(), status.origin()), (code, Origin::CallFailed), "{status}");
    assert!(status.message().contains(why), "{status}");
    assert!(!format!("{status} {status:?}").contains("canary"), "{status:?}");
}

#[test]
fn a_bearer_token_is_the_token_alone() {
    // SPEC 43
    for (token, why) in [
        ("Bearer canary", "leave the scheme out"),
        ("Bearer canary", "without the prefix"),
        ("bearer canary", "leave the scheme out"),
        ("BEARER\tcanary", "leave the scheme out"),
        ("Bearer  canary", "leave the scheme out"),
        ("Bearer: canary", "leave the scheme out"),
        ("Basic canary", "leave the scheme out"),
        ("token canary", "leave the scheme out"),
        ("Authorization: Bearer canary", "leave the scheme out"),
        ("a canary", "contains a space"),
        ("canary\tcanary", "contains a space"),
        ("Custom: canary canary", "contains a space"),
        ("canary\n", "trim it"),
        ("canary\r\n", "trim it"),
        (" canary", "trim it"),
        ("canary ", "trim it"),
        ("Bearer ", "trim it"),
        ("canary\r\nx-evil: 1", "invalid in a header"),
        ("\0canary", "invalid in a header"),
        ("canary\u{7f}", "invalid in a header"),
        ("\u{feff}canary", "invalid in a header"),
        ("", "the bearer token is empty"),
        (" ", "the bearer token is empty"),
        ("\n", "the bearer token is empty"),
    ] {
        assert_refused(Token::bearer(token), Code::Unauthenticated, why);
        assert_refused(Token::bearer(token), Code::Unauthenticated, "the bearer token");
    }
    for token in ["bearer", "bearertoken", "token", "ya29.a0-_~+/=="] {
        assert_eq!(sent(&Token::bearer(token).unwrap()), [("authorization", format!("Bearer {token}"))]);
    }
}

#[test]
fn a_token_may_be_any_headers() {
    let key = Token::header("X-Goog-Api-Key", "secret-key").unwrap();
    assert_eq!(sent(&key), [("x-goog-api-key", "secret-key".to_owned())]);
    let several = Token::bearer("t").unwrap().with_header("api-key", "k").unwrap();
    let several = several.quota_project("p").unwrap().with_header("api-key", "other").unwrap();
    assert_eq!(
        sent(&several),
        [
            ("authorization", "Bearer t".to_owned()),
            ("x-goog-user-project", "p".to_owned()),
            ("api-key", "other".to_owned()),
        ]
    );
    // Another scheme, and one that replaces the bearer token.
    let basic = Token::bearer("t").unwrap().with_header("Authorization", "Basic dXNlcg==").unwrap();
    assert_eq!(sent(&basic), [("authorization", "Basic dXNlcg==".to_owned())]);
}

#[test]
fn a_header_that_cannot_authenticate_is_refused() {
    // SPEC 43
    for name in ["", "a b", "x:", "x\n", "é"] {
        assert_refused(Token::header(name, "canary"), Code::InvalidArgument, "not the name of a header");
    }
    for name in
        ["host", "Content-Length", "transfer-encoding", "connection", "TE", "upgrade", "expect", "trailer"]
    {
        assert_refused(Token::header(name, "canary"), Code::InvalidArgument, "belongs to the connection");
    }
    for (value, why) in [
        ("", "the value of the header api-key is empty"),
        (" ", "the value of the header api-key is empty"),
        ("canary\n", "trim it"),
        (" canary", "trim it"),
        ("canary\r\nx: y", "invalid in a header"),
        ("canaryé", "invalid in a header"),
    ] {
        assert_refused(Token::header("api-key", value), Code::Unauthenticated, why);
    }
    for (value, why) in [
        ("Bearer Bearer canary", "has two schemes"),
        ("bearer  BEARER canary", "has two schemes"),
        ("Basic basic canary", "has two schemes"),
        ("Bearer Bearer: canary", "has two schemes"),
        ("Bearer Authorization: canary", "has two schemes"),
        ("Authorization: Bearer canary", "a colon after its first word"),
        ("Bearer: canary", "a colon after its first word"),
        ("Bearer canary canary", "which no bearer token has"),
        ("Bearer\tcanary canary", "which no bearer token has"),
    ] {
        assert_refused(Token::header("Authorization", value), Code::Unauthenticated, why);
        assert_refused(
            Token::bearer("t").unwrap().with_header("authorization", value),
            Code::Unauthenticated,
            why,
        );
    }
    // Other schemes have parameters, and another header may have any text.
    for value in ["Digest username=\"u\", realm=\"r\"", "Token token=\"t\"", "Bearer t", "bearer", "t"] {
        assert_eq!(
            sent(&Token::header("authorization", value).unwrap()),
            [("authorization", value.to_owned())]
        );
    }
    Token::header("api-key", "Bearer Bearer t").unwrap();
    for project in ["", "a\nb"] {
        let refused = quota_project(project).unwrap_err();
        assert_eq!(refused.message(), format!("not a quota project: {project:?}"));
        let refused = Token::bearer("t").unwrap().quota_project(project).unwrap_err();
        assert_eq!(refused.message(), format!("not a quota project: {project:?}"));
    }
}

#[test]
fn nobody_sees_the_values() {
    // SPEC 43, 56
    for (token, said, shown) in [
        (Token::bearer("canary-0"), "Bearer canary-0, canary-0", "Bearer …, …"),
        (Token::header("x-goog-api-key", "canary-0"), "key canary-0 is not valid", "key … is not valid"),
        (Token::header("api-key", "Key canary-0"), "Key canary-0 or canary-0", "… or …"),
        (Token::header("authorization", "canary-0"), "[canary-0]", "[…]"),
        (Token::header("authorization", "ApiKey canary-0"), "ApiKey canary-0", "ApiKey …"),
        (Token::bearer("canary-0").and_then(|t| t.with_header("k", "canary-1")), "canary-0 canary-1", "… …"),
    ] {
        let token = token.unwrap();
        assert!(!format!("{token:?} {:?}", token.headers().collect::<Vec<_>>()).contains("canary"));
        assert!(token.headers().all(|(_, value)| value.is_sensitive()));
        assert!(token.is_in(said));
        assert_eq!(token.hidden_in(said.to_owned()), shown);
    }
    // A project is no secret, and a short token is a word.
    let token = Token::bearer("test").unwrap().quota_project("my-project").unwrap();
    let said = "my-project is refused for test";
    assert!(!token.is_in(said));
    assert_eq!(token.hidden_in(said.to_owned()), said);
}

#[test]
fn nobody_sees_a_value_that_is_escaped() {
    // SPEC 56
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let json = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let unicode = |text: &str| text.bytes().map(|byte| format!("\\u{byte:04X}")).collect::<String>();
    let hex = |text: &str| text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let braces = |text: &str| text.bytes().map(|byte| format!("\\u{{{byte:x}}}")).collect::<String>();
    let html = |text: &str| {
        let text = text.replace('&', "&amp;").replace('"', "&quot;").replace('/', "&#x2F;");
        text.replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&apos;")
    };
    let references = |text: &str| text.bytes().map(|byte| format!("&#{byte};")).collect::<String>();
    let some = |text: &str| text.replace('a', "%61").replace('r', "%72");
    let debug = |text: &str| format!("{text:?}");
    let forms: [&dyn Fn(&str) -> String; 9] =
        [&percent, &json, &unicode, &hex, &braces, &html, &references, &some, &debug];
    for secret in [
        "canary-0",
        "canary/0+1=~_.-",
        "ca\"na\\ry-0",
        "canary   0  1",
        "can%61ry&amp;0",
        "%%41canary\\",
        "canary:0;1,(2)[3]{4}<5>'6'",
    ] {
        let token = Token::header("api-key", secret).unwrap();
        let assert_hidden = |form: &str| {
            // Other text stays, with its escapes.
            let said = format!("50% of \\n {form} &c \\\" \\u00e9");
            assert!(token.is_in(&said), "{said}");
            let shown = token.hidden_in(said.clone());
            let (before, after) = shown.split_once('…').unwrap_or_else(|| panic!("{said}: {shown}"));
            assert!(
                before.starts_with("50% of \\n ") && after.ends_with(" &c \\\" \\u00e9"),
                "{said}: {shown}"
            );
            assert!(!token.is_in(&shown), "{said}: {shown}");
        };
        for first in forms {
            assert_hidden(&first(secret));
            for second in forms {
                assert_hidden(&second(&first(secret)));
                assert_hidden(&percent(&second(&first(secret))));
            }
        }
    }
}

#[test]
fn nobody_sees_a_value_several_times_and_other_text_stays() {
    // SPEC 56
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let token = Token::bearer("canary-0").unwrap();
    assert_eq!(token.hidden_in("canary-0canary-0%63anary-0".into()), "………");
    // Nobody reads a token from more layers by accident.
    let layers = |count| (0..count).fold("canary-0".to_owned(), |text, _| percent(&text));
    assert!((1..=4).all(|count| token.is_in(layers(count))));
    assert!((7..=9).all(|count| !token.is_in(layers(count))));
    // What is not the token stays as it is.
    for said in [
        "%63anary-1",
        "\\u0063anary",
        "%",
        "\\",
        "&",
        "\\u{}",
        "%4",
        "\\u12",
        "&#;",
        "&#x110000;",
        "é%C3",
        "\\ud800",
        "\\xzzanary-0",
        "\\u{63",
    ] {
        assert!(!token.is_in(said), "{said}");
        assert_eq!(token.hidden_in(said.to_owned()), said);
    }
}

#[test]
fn a_text_that_has_a_value_too_often_is_hidden_as_a_whole() {
    // SPEC 56, 60
    let token = Token::header("api-key", "Key canary-0").unwrap();
    let said = |times| format!("a {}", "canary-0, %63anary-0; ".repeat(times));
    assert_eq!(token.hidden_in(said(5_000)), format!("a {}", "…, …; ".repeat(5_000)));
    assert_eq!(token.hidden_in(said(5_001)), "…");
}

#[tokio::test(start_paused = true)]
async fn a_token_expires_when_its_lifetime_ends() {
    // SPEC 55
    let token = Token::bearer("t").unwrap();
    let brief = token.clone().expires_in(Duration::from_secs(59));
    let eternal = token.clone().expires_in(Duration::MAX);
    assert!(token.clone().expires_in(Duration::ZERO).is_expired());
    tokio::time::advance(Duration::from_millis(58_999)).await;
    assert!(!brief.is_expired());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(brief.is_expired() && !token.is_expired() && !eternal.is_expired());
    assert_eq!(brief, token, "the same credential");
}

#[tokio::test]
async fn a_token_and_none_are_credentials() {
    let token = Token::bearer("t").unwrap();
    assert_eq!(token.token().await.unwrap(), Some(token.clone()));
    assert_eq!(token.token_at_hand(), Some(token.clone()));
    assert_eq!(NoCredentials.token().await.unwrap(), None);
    assert_eq!(NoCredentials.token_at_hand(), None);
    assert_eq!(std::sync::Arc::new(token.clone()).token_at_hand(), Some(token));
}

fn sent(token: &Token) -> Vec<(&str, String)> {
    let headers = token.headers().map(|(name, value)| (name.as_str(), value.to_str().unwrap().to_owned()));
    headers.collect()
}
