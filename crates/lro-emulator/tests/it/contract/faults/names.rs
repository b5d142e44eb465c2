use lro::{Operation, Status};

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    ("names_arrive_verbatim", "decodes a name", |f| {
        f.ask = |_, name| Ok(name.replace("%2F", "/"));
    }),
    ("names_arrive_verbatim", "trims the spaces of a name", |f| {
        f.ask = |_, name| Ok(name.replace(' ', ""));
    }),
    ("names_arrive_verbatim", "takes a question mark for the end of a name", |f| {
        f.ask = |_, name| Ok(name.split('?').next().unwrap().to_owned());
    }),
    ("names_arrive_verbatim", "writes a name in lower case", |f| {
        f.ask = |_, name| Ok(name.to_lowercase());
    }),
    ("names_arrive_verbatim", "drops what is not ASCII", |f| {
        f.ask = |_, name| Ok(name.chars().filter(char::is_ascii).collect());
    }),
    ("names_arrive_verbatim", "sends a body with a get", |f| {
        f.send = |mut request| {
            if request.method == "GET" {
                request.body = "{}".into();
            }
            request
        };
    }),
    ("names_of_replies_are_kept", "writes the name that was asked for over that of the reply", |f| {
        f.got = |_, name, got| got.map(|got| Operation { name: name.to_owned(), ..got });
    }),
    ("names_of_replies_are_kept", "writes the name that was asked for where the reply has none", |f| {
        f.got = |_, name, got| match got? {
            nameless if nameless.name.is_empty() => Ok(Operation { name: name.to_owned(), ..nameless }),
            named => Ok(named),
        };
    }),
    ("names_of_replies_are_kept", "refuses a reply about another operation", |f| {
        f.got = |_, name, got| match got? {
            other if other.name != name => Err(Status::malformed("another operation")),
            asked => Ok(asked),
        };
    }),
    ("simultaneous_calls_keep_apart", "takes every reply for that to the last call", |f| {
        f.ask = |memory, name| {
            name.clone_into(&mut memory.last);
            Ok(name.to_owned())
        };
        f.got = |memory, name, got| match got? {
            asked if asked.name == name => Ok(Operation { name: memory.last.clone(), ..asked }),
            other => Ok(other),
        };
    }),
    ("simultaneous_calls_keep_apart", "refuses a call beside another", |f| {
        f.ask = |memory, name| match memory.under_way.is_empty() {
            true => Ok(memory.under_way.insert(name.to_owned())).map(|_| name.to_owned()),
            false => Err(Status::unavailable("busy")),
        };
        f.got = |memory, name, got| {
            memory.under_way.remove(name);
            got
        };
    }),
];
