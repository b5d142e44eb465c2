//! Single calls about operations.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use lro::{ListOperationsRequest, LroTransport, Operation, OperationName, Outcome, Status, list_operations};
use lro_fleet::Fleet;

use crate::{
    args::{List, Named, Show},
    exit::{Exit, Failure},
    explain::explained,
    handles,
    output::{Output, complain, note},
    service::{Target, Transport},
    text::Shown,
};

#[derive(Clone, Copy)]
pub(crate) enum Verb {
    Get,
    Cancel,
    Delete,
}

/// What a call returns.
enum Reply {
    Operation(Operation),
    /// Nothing: what was done.
    Done(&'static str),
}

/// Makes a call about each operation, and writes what it returns.
pub(crate) async fn call(show: Show, verb: Verb, named: &Named) -> Result<Exit, Failure> {
    let output = Output { format: show.format };
    let target = Target::of(&named.connection)?;
    let mut hosts: BTreeMap<String, (Transport, Fleet)> = BTreeMap::new();
    let mut calls = Vec::new();
    for name in handles::names(&named.names)? {
        let host = target.host_for(&name);
        let (transport, fleet) = match hosts.get(&host) {
            Some(known) => known.clone(),
            None => {
                let transport = target.connect(Some(&name))?;
                let fleet = Fleet::builder(transport.clone()).start();
                hosts.entry(host).or_insert((transport, fleet)).clone()
            }
        };
        calls.push(async move {
            let result = send(verb, &transport, &fleet, &name).await;
            (name, result)
        });
    }
    let mut exit = Exit::Done;
    let mut results = stream::iter(calls).buffered(AT_ONCE);
    while let Some((name, result)) = results.next().await {
        match result {
            Ok(Reply::Done(_)) if show.quiet => {}
            Ok(Reply::Done(what)) => note(&format!("{}: {what}", Shown(name.as_str()))),
            Ok(Reply::Operation(operation)) => {
                if let Some(Outcome::Error(status)) = &operation.outcome {
                    exit = exit.max(Exit::of(status));
                }
                output.operation(&operation)?;
            }
            Err(status) => {
                complain("error", &format!("{}: {}", Shown(name.as_str()), Shown(&explained(&status))));
                exit = exit.max(Exit::of_call(&status));
            }
        }
    }
    Ok(exit)
}

async fn send(
    verb: Verb,
    transport: &Transport,
    fleet: &Fleet,
    name: &OperationName,
) -> Result<Reply, Status> {
    match verb {
        Verb::Get => transport.get_operation(name).await.map(Reply::Operation),
        // A fleet retries the request if it may succeed later.
        Verb::Cancel => fleet.cancel(name).await.map(|()| Reply::Done("cancellation requested")),
        Verb::Delete => transport.delete_operation(name).await.map(|()| Reply::Done("deleted")),
    }
}

/// Lists operations.
pub(crate) async fn list(output: Output, list: &List) -> Result<Exit, Failure> {
    let transport = Target::of(&list.connection)?.connect(None)?;
    let all = [String::new()];
    let parents = if list.parents.is_empty() { &all[..] } else { &list.parents };
    for parent in parents {
        let request = ListOperationsRequest::new(parent).filter(&list.filter);
        let operations = list_operations(&transport, request).operations();
        let mut operations = operations.take(list.most.unwrap_or(usize::MAX));
        while let Some(operation) = operations.try_next().await? {
            output.operation(&operation)?;
        }
    }
    Ok(Exit::Done)
}

/// More calls at once are not faster on one connection of HTTP/2, and may look like an attack.
const AT_ONCE: usize = 16;
