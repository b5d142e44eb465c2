use std::time::Duration;

use super::{
    Verdict,
    subject::{Subject, accepted},
};
use crate::{reply::Reply, script::Script};

pub(super) async fn names_arrive_verbatim(subject: &Subject<'_>) -> Verdict {
    for id in [
        "Zm9v+bar/_-==",
        "a b",
        "100%",
        "a%2Fb",
        "a?x=1&y#z",
        "é東",
        "a:cancel",
        "~._-",
        "@!$'()*,;|<>\"\\^`{}",
    ] {
        // Only some collections have names with a slash.
        let id = if subject.collection == "operations" { id.to_owned() } else { id.replace('/', "") };
        let name = subject.start(&id, Script::new())?;
        // SPEC 7, 14
        ensure_eq!(subject.get(&name).await?.name, name.as_str(), "the name");
        let last = subject.emulator.calls().pop();
        let is_plain = last.is_some_and(|call| call.method == "GET" && call.body_len == 0);
        // SPEC 44
        ensure!(is_plain || subject.is_grpc, "a get has a body");
        subject.emulator.forget(name.as_str());
    }
    Ok(())
}

pub(super) async fn names_of_replies_are_kept(subject: &Subject<'_>) -> Verdict {
    let other = subject.name("contract-other")?;
    let script = Script::new()
        .runs_for(Duration::MAX)
        .call(1, Reply::usual().named(other.as_str()))
        .call(2, Reply::usual().named(""));
    let name = subject.start("contract-names-of-replies", script)?;
    // SPEC 7: a driver decides what another name means, and it can only if it sees that name.
    ensure_eq!(subject.get(&name).await?.name, other.as_str(), "the name of a reply about another operation");
    ensure_eq!(subject.get(&name).await?.name, "", "the name of a reply without a name");
    Ok(())
}

pub(super) async fn simultaneous_calls_keep_apart(subject: &Subject<'_>) -> Verdict {
    let slow = Reply::usual().after(Duration::from_millis(20));
    let first = subject.start("contract-apart-1", Script::new().call(1, slow))?;
    let second = subject.start("contract-apart-2", Script::new())?;
    let third = subject.start("contract-apart-3", Script::new())?;
    let get = |name| subject.transport.get_operation(name);
    let replies = tokio::join!(get(&first), get(&second), get(&third));
    for (name, reply) in [(&first, replies.0), (&second, replies.1), (&third, replies.2)] {
        let operation = accepted(&format!("to get {name} beside others"), reply)?;
        ensure_eq!(operation.name, name.as_str(), "the name in a reply among several");
    }
    Ok(())
}
