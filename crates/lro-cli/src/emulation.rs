//! The scripts of the emulator, as arguments.

use std::{str::FromStr, time::Duration};

use lro::{Code, Status};
use lro_emulator::{Break, Point, Reply, Script};

/// Replies to the next calls: the argument of `--fault`.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) calls: usize,
    pub(crate) reply: Reply,
}

/// An operation that is defined from the start: the argument of `--operation`.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    pub(crate) name: String,
    pub(crate) script: Script,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (calls, rest) = match text.split_once('*') {
            Some((calls, rest)) => (calls_of(calls)?, rest),
            None => (1, text),
        };
        let mut parts = rest.split(',');
        let mut reply = reply(parts.next().unwrap_or_default())?;
        for option in parts {
            reply = match option.split_once('=') {
                Some(("retry-after", seconds)) => reply.header("retry-after", number(seconds)?.to_string()),
                Some(("after", delay)) => reply.after(duration(delay)?),
                _ => return Err(format!("not an option of a reply: {option}")),
            };
        }
        Ok(Self { calls, reply })
    }
}

fn reply(text: &str) -> Result<Reply, String> {
    if let Some(time) = text.strip_prefix("refuse=") {
        return Ok(Reply::refuse_for(duration(time)?));
    }
    Ok(match text {
        "usual" => Reply::usual(),
        "expired-token" => Reply::expired_token(),
        "close" => Reply::close(),
        "reset" => Reply::usual().breaks(Point::BeforeHead, Break::Reset),
        "stall" => Reply::usual().breaks(Point::BeforeHead, Break::Stall),
        "truncated" => Reply::usual().cut_after(TRUNCATED),
        "malformed" => Reply::status(200).body(r#"{"name": 7}"#),
        "not-done" => Reply::usual().not_done(),
        _ => match text.parse() {
            Ok(status @ 200..=599) => Reply::status(status),
            _ => return Err(format!("not a reply: {text}")),
        },
    })
}

impl FromStr for Scripted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let name = parts.next().filter(|name| !name.is_empty()).ok_or("it has no name")?;
        let mut script = Script::new();
        for option in parts {
            script = match option.split_once('=').unwrap_or((option, "")) {
                ("runs-for", time) => script.runs_for(duration(time)?),
                ("never", "") => script.runs_for(Duration::MAX),
                ("calls", calls) => script.runs_for_calls(u32::try_from(number(calls)?).unwrap_or(u32::MAX)),
                ("fails", code) => {
                    let code = Code::from_name(code).ok_or_else(|| format!("not a code: {code}"))?;
                    script.fails(Status::new(code, "as its script says"))
                }
                ("ignores-cancel", "") => script.ignores_cancel(),
                _ => return Err(format!("not an option of an operation: {option}")),
            };
        }
        Ok(Self { name: name.to_owned(), script })
    }
}

fn calls_of(text: &str) -> Result<usize, String> {
    let calls = number(text)?;
    if calls > MOST_CALLS { Err(format!("at most {MOST_CALLS} calls, not {calls}")) } else { Ok(calls) }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|fault| format!("{text}: {fault}"))
}

/// Within the name of an operation.
const TRUNCATED: usize = 10;
/// Each call has a reply of its own in memory.
const MOST_CALLS: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_parsed() {
        for fault in ["usual", "3*503,retry-after=2", "close", "refuse=2s", "2*usual,after=100ms", "404"] {
            assert!(fault.parse::<Fault>().is_ok(), "{fault}");
        }
        assert_eq!("3*503".parse::<Fault>().unwrap().calls, 3);
        for fault in ["", "x*503", "199", "600", "503,later=1", "refuse=soon", "18446744073709551615*503"] {
            assert!(fault.parse::<Fault>().is_err(), "{fault}");
        }
    }

    #[test]
    fn operations_are_parsed() {
        for operation in
            ["operations/1", "operations/1,runs-for=5s,fails=NOT_FOUND", "operations/1,never,ignores-cancel"]
        {
            assert_eq!(operation.parse::<Scripted>().unwrap().name, "operations/1");
        }
        for operation in ["", ",never", "operations/1,fails=BAD", "operations/1,never=1"] {
            assert!(operation.parse::<Scripted>().is_err(), "{operation}");
        }
    }
}
