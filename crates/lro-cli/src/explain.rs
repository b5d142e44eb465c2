//! One line about a failure, in the words of the command line.

use std::error::Error;

use lro::{Code, Origin, Status};

use crate::exit::{Exit, is_resumable};

/// Returns one line about a wait that was given up. A second run of a command that starts an operation would start another one.
pub(crate) fn given_up(status: &Status) -> String {
    if is_resumable(status) && Exit::of(status) != Exit::Credentials {
        let advice = "continue with `lro resume FILE`, where FILE has the handle that is on stdout";
        return in_flags(&with_causes(status).with_advice(advice).to_string());
    }
    explained(status)
}

/// Returns one line about a starting call that failed. It must not be made again if it may have started an operation.
pub(crate) fn not_started(status: &Status) -> String {
    if !status.may_have_started() {
        return explained(status);
    }
    let advice = "the operation may have been started; look for it, for example with `lro list`, before you start it again";
    in_flags(&with_causes(status).with_advice(advice).to_string())
}

/// Returns one line about a status: with its causes, and with advice that fits a command line.
pub(crate) fn explained(status: &Status) -> String {
    let status = with_causes(status);
    let advice = match (status.origin(), status.code()) {
        (Origin::CallFailed, Code::Unauthenticated) => {
            "set LRO_TOKEN, give --token-file FILE, or run `gcloud auth application-default login`"
        }
        (Origin::CallFailed, Code::PermissionDenied) => {
            "use the credential of an account that has the permission"
        }
        (Origin::CallFailed, Code::NotFound) => {
            let advice = "check the name, --service and --endpoint";
            return in_flags(&unknown(status).with_advice(advice).to_string());
        }
        (Origin::CallFailed, Code::Unimplemented) => "`lro services` lists the calls of each service",
        (Origin::CallFailed, Code::Unavailable) => {
            "check the endpoint and the network, and run the command again"
        }
        (Origin::MalformedReply, _) => {
            "check --service and --endpoint, or report it to the operators of the server"
        }
        _ => return in_flags(&status.to_string()),
    };
    in_flags(&status.with_advice(advice).to_string())
}

/// Returns the message of an error with those of its causes.
pub(crate) fn chained(error: &dyn Error) -> String {
    with_sources(error.to_string(), error.source())
}

fn with_causes(status: &Status) -> Status {
    let source = status.source().filter(|source| {
        // `Display` shows the last failure of a wait, and the messages about credentials name their causes.
        !source.is::<Status>() && status.code() != Code::Unauthenticated
    });
    status.clone().with_message(with_sources(status.message().to_owned(), source))
}

/// Adds the causes that a message does not name. If it names the last of them, those between only name layers.
fn with_sources(mut text: String, mut source: Option<&dyn Error>) -> String {
    let causes: Vec<String> = std::iter::from_fn(|| {
        let cause = source?;
        source = cause.source();
        Some(cause.to_string())
    })
    .collect();
    for cause in &causes {
        if causes.last().is_some_and(|last| names(&text, last)) {
            break;
        }
        if !names(&text, cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Returns whether a text contains the first line of a cause, perhaps without a word such as `FATAL: ` before it.
fn names(text: &str, cause: &str) -> bool {
    let line = cause.lines().next().unwrap_or_default();
    text.contains(line) || line.split_once(": ").is_some_and(|(_, rest)| text.contains(rest))
}

/// Marks an operation that the service does not know as one that is not running.
fn unknown(status: Status) -> Status {
    match status.report().cloned() {
        Some(mut report) => {
            report.done = true;
            status.with_report(report)
        }
        None => status,
    }
}

/// Replaces the methods that the libraries name by the flags that do the same.
fn in_flags(text: &str) -> String {
    FLAGS.iter().fold(text.to_owned(), |text, (method, flag)| text.replace(method, flag))
}

/// What the messages of the libraries say, and what it is on the command line.
const FLAGS: [(&str, &str); 11] = [
    ("`plain_http`", "--plain-http"),
    ("`http2_only`", "--grpc"),
    ("gRPC by `find_grpc`", "--grpc"),
    ("HTTP by `find`", "HTTP without --grpc"),
    ("give its host, or a `Binding` with its paths", "no name is similar"),
    (" in a location: find \"", " in a location: give --service \""),
    ("\" and connect in \"", "\" and --location \""),
    ("connect without one", "leave out --location"),
    ("in clear text: use https", "in clear text: use https, or --credentials none"),
    (", or set another scheme by `Token::header`", ""),
    ("give credentials to the builder", "set LRO_TOKEN, or give --token-file FILE"),
];

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let refused = || io::Error::other("Connection refused (os error 111)");
        let silent = Status::unavailable("the database cannot be reached").with_source(refused());
        assert!(explained(&silent).starts_with(
            "UNAVAILABLE: the database cannot be reached: Connection refused (os error 111); check"
        ));
        let said = Status::unavailable("cannot connect: Connection refused (os error 111)");
        assert_eq!(explained(&said.clone().with_source(refused())), explained(&said));
        let database = Status::unavailable("not available: it restarts (57P03)");
        let fatal = io::Error::other("FATAL: it restarts");
        assert_eq!(explained(&database.clone().with_source(fatal)), explained(&database));
    }

    #[test]
    fn the_layers_above_a_cause_that_is_said_are_left_out() {
        let layers = Status::unavailable("client error").with_source(io::Error::other("reset"));
        let status = Status::unavailable("no reply from example.com: reset");
        assert_eq!(chained(&io::Error::other(layers)), "UNAVAILABLE: client error: reset");
        assert_eq!(
            with_sources(status.message().to_owned(), Some(&io::Error::other("reset"))),
            status.message()
        );
    }

    // SPEC 42
    #[test]
    fn a_start_that_may_have_succeeded_is_not_advised_to_be_made_again() {
        let lost = not_started(&Status::unavailable("the connection was lost"));
        assert!(lost.contains("may have been started") && !lost.contains("run the command again"), "{lost}");
        let refused = Status::new(Code::PermissionDenied, "no");
        assert_eq!(not_started(&refused), explained(&refused));
    }

    #[test]
    fn an_operation_that_the_service_does_not_know_is_not_said_to_run() {
        let mut report = lro::Report::default();
        report.polls = 3;
        let gone = explained(&Status::new(Code::NotFound, "gone").with_report(report));
        assert!(gone.contains("check the name") && !gone.contains("may still be running"), "{gone}");
    }
}
