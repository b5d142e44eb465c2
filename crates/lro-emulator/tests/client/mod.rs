//! A small HTTP client for the tests.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part of it, and may panic")]

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Debug)]
pub(crate) struct Client {
    endpoint: String,
    token: Option<String>,
    http: legacy::Client<HttpConnector, Full<Bytes>>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) fn http1(endpoint: String) -> Self {
        Self { endpoint, token: None, http: legacy::Client::builder(TokioExecutor::new()).build_http() }
    }

    pub(crate) fn http2(endpoint: String) -> Self {
        let http = legacy::Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        Self { endpoint, token: None, http }
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Reply, Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.endpoint));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let reply = self.http.request(request.body(Full::new(body.into()))?).await?;
        let (head, body) = reply.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Reply { status: head.status, version: head.version, headers: head.headers, body })
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, "").await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, body.to_string()).await.unwrap()
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PATCH, path, body.to_string()).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, "").await.unwrap()
    }

    /// Polls an operation of `/{version}/` until it is done.
    pub(crate) async fn done(&self, version: &str, operation: &Value) -> Value {
        let name = operation["name"].as_str().unwrap();
        for _ in 0..1_000 {
            let state = self.get(&format!("/{version}/{name}")).await.ok();
            if state["done"] == true {
                return state;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{name} does not end")
    }
}

impl Reply {
    /// The JSON of a reply that must be good.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The error of a reply that must be one of this HTTP status, in Google's form.
    pub(crate) fn error(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        let error = self.json()["error"].take();
        assert_eq!(error["code"], status);
        error
    }

    fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json; charset=UTF-8");
        serde_json::from_slice(&self.body).unwrap()
    }
}
