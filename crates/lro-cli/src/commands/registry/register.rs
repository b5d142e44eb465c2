use lro::Handle;
use lro_registry::Registration;
use serde::Serialize;

use super::open;
use crate::{
    args::{Format, Register},
    exit::{Exit, Failure},
    handles,
    output::Output,
    service::service_of,
    text::Shown,
};

/// Registers operations by their names or handles, and writes their keys.
pub(super) async fn register(output: Output, args: Register) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Registered<'a> {
        key: &'a str,
        new: bool,
    }

    let handles = match (&args.handles, &args.service) {
        (Some(file), _) => handles::read(file)?,
        (None, Some(service)) => {
            let service = service_of(service)?;
            handles::names(&args.names)?.into_iter().map(|name| Handle::new(&service, name)).collect()
        }
        (None, None) => return Err(Failure::usage("give a service or a file with handles")),
    };
    if args.key.is_some() && handles.len() > 1 {
        return Err(Failure::usage("--key is for one operation: the others need keys of their own"));
    }
    let mut registrations = Vec::new();
    for handle in &handles {
        let mut registration = Registration::of(handle)?.deadline(args.deadline);
        if let Some(key) = &args.key {
            registration = registration.key(key);
        }
        if let Some(kind) = &args.kind {
            registration = registration.kind(kind);
        }
        if let Some(tag) = &args.tag {
            registration = registration.tag(tag.as_bytes());
        }
        registrations.push(registration);
    }
    let registry = open(&args.store, true).await?;
    let mut refused = None;
    for receipt in registry.register_all(registrations).await? {
        match receipt {
            Ok(receipt) => {
                let (key, new) = (&receipt.record.key, receipt.is_new);
                match output.format {
                    Format::Json => output.json(&Registered { key, new })?,
                    Format::Text => {
                        output.line(&format!("{}\t{}", Shown(key), if new { "new" } else { "known" }))?;
                    }
                }
            }
            Err(error) => refused = Some(error),
        }
    }
    refused.map_or(Ok(Exit::Done), |error| Err(error.into()))
}
