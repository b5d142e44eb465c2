//! Every public type is `Send` and `Sync`.

use lro_http::{
    Binding, Call, Endpoint, HttpClient, HttpClientBuilder, HttpTransport, NameTemplate, NoCredentials,
    Token, TokenFn,
};

#[test]
fn everything_may_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Binding>();
    shared::<Call>();
    shared::<Endpoint>();
    shared::<HttpClient>();
    shared::<HttpTransport>();
    shared::<NameTemplate>();
    shared::<NoCredentials>();
    shared::<Token>();
    shared::<TokenFn<fn()>>();
    #[cfg(feature = "google-cloud-auth")]
    shared::<lro_http::GoogleCloudCredentials>();
}

#[test]
fn a_builder_may_be_sent() {
    fn sent<T: Send + 'static>(_: &T) {}
    sent::<HttpClientBuilder>(&HttpClient::builder("http://localhost"));
    sent(&HttpClient::builder("http://localhost").map(|_| std::cell::Cell::new(5)));
}

#[test]
fn the_futures_of_calls_may_be_sent() {
    fn sent<T: Send>(future: T) {
        drop(future);
    }
    let binding =
        Binding::new(lro::Service::new("jobs.example.com", "v1"), NameTemplate::from_static("operations/**"));
    let jobs = HttpTransport::new(HttpClient::builder("http://localhost").build().unwrap(), binding);
    sent(jobs.start(Call::post("v1", "jobs", "")));
    sent(jobs.client().send::<serde_json::Value>(Call::get("v1", "jobs", "")));
}
