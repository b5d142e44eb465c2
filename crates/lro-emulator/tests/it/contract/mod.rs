//! A small transport passes the contract, over HTTP/1.1 and over HTTP/2. With any of its faults it does not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faults;
mod transport;

use http::Method;
use lro::{Any, Capabilities, Operation, transport_fn};
use lro_emulator::{
    Emulator,
    contract::{self, Subject},
};

use self::{
    faults::FAULTS,
    transport::{Faults, Transport},
};

use super::client::Client;

#[tokio::test]
async fn passes_over_http_1() {
    let emulator = Emulator::start().await.unwrap();
    let transport = Transport::new(Client::http1(emulator.endpoint()), Faults::default());
    contract::all(&Subject::new(&emulator, &transport, "operations")).await;
    contract::all(&Subject::new(&emulator, &transport, "projects/p/locations/l/operations")).await;
    assert!(emulator.calls().iter().all(|call| call.version == http::Version::HTTP_11));
}

#[tokio::test]
async fn passes_over_http_2() {
    let emulator = Emulator::start().await.unwrap();
    let transport = Transport::new(Client::http2(emulator.endpoint()), Faults::default());
    contract::all(&Subject::new(&emulator, &transport, "operations")).await;
    assert!(emulator.calls().iter().all(|call| call.version == http::Version::HTTP_2));
}

#[tokio::test]
async fn passes_with_get_alone() {
    let emulator = Emulator::start().await.unwrap();
    let get = Faults { has: Capabilities::default(), ..Faults::default() };
    let transport = Transport::new(Client::http1(emulator.endpoint()), get);
    contract::all(&Subject::new(&emulator, &transport, "operations")).await;
    assert!(emulator.calls().iter().all(|call| call.method == Method::GET));
}

#[tokio::test]
async fn catches_every_fault_by_the_rule_that_it_breaks() {
    let checks = FAULTS.iter().map(|(rule, fault, set)| {
        tokio::spawn(async move {
            let emulator = Emulator::start().await.unwrap();
            let mut faults = Faults::default();
            set(&mut faults);
            let transport = Transport::new(Client::http1(emulator.endpoint()), faults);
            let broken = contract::check(&Subject::new(&emulator, &transport, "operations")).await;
            let says = broken.map_or_else(|broken| broken.to_string(), |()| "nothing".to_owned());
            let expected = format!("the transport breaks the rule `{rule}`: ");
            (!says.starts_with(&expected)).then(|| format!("{rule}: a transport that {fault}: {says}"))
        })
    });
    let mut wrong = Vec::new();
    for check in checks.collect::<Vec<_>>() {
        wrong.extend(check.await.unwrap());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(FAULTS.len() > 80);
}

#[tokio::test]
#[should_panic(expected = "breaks the rule `pending_then_done`")]
async fn catches_a_transport_that_makes_states_up() {
    let emulator = Emulator::start().await.unwrap();
    let dreamer =
        transport_fn(|name| async move { Operation::succeeded(name.as_str(), Any::from_json("{}")?) });
    contract::all(&Subject::new(&emulator, &dreamer, "operations")).await;
}
