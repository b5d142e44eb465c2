//! Compares results with the expectation of the model, and reports all differences together.

use std::time::Duration;

use lro::{Any, Code, Operation, Origin, Outcome, Status};

use crate::fault_matrix::{
    case::Case,
    model::{CEILING, Course, End, Expected, Fate, Range, Reply, Survival, Windows, course},
    play::{Played, on_a_paused_clock, play},
};

/// Compares each reply to a call, and waits that receive this reply.
pub(crate) fn judge(cases: &[Case], replies: &[Reply]) {
    assert_eq!(cases.len(), replies.len());
    let mut lines = Vec::new();
    on_a_paused_clock(async {
        for (seed, (case, reply)) in (0..).zip(cases.iter().zip(replies)) {
            let mut differences: Vec<_> = of_the_call(&case.expected, reply).into_iter().collect();
            for scene in scenes(case, reply) {
                differences.extend(of_the_wait(scene, seed).await);
            }
            lines.extend(differences.into_iter().map(|difference| format!("{case}: {difference}")));
        }
    });
    assert!(lines.is_empty(), "{} differences in {} cases\n{}", lines.len(), cases.len(), lines.join("\n"));
}

fn of_the_call(expected: &Expected, reply: &Reply) -> Option<String> {
    let (fate, wish) = match reply {
        Ok(Operation { outcome, retry_after, .. }) => (
            match outcome {
                None => Fate::Running,
                Some(Outcome::Error(status)) => Fate::OperationFailed(status.code()),
                Some(_) => Fate::Succeeded,
            },
            *retry_after,
        ),
        Err(status) if status.origin() == Origin::MalformedReply => (Fate::Malformed, None),
        Err(status) => (Fate::Failed(status.code(), survival(expected)), status.retry_after()),
    };
    let origin = reply.as_ref().err().map(Status::origin);
    let known = matches!(origin, None | Some(Origin::CallFailed | Origin::MalformedReply));
    // `Retry-After` on the last reply has no meaning.
    let heeded = matches!(fate, Fate::Running | Fate::Failed(..));
    let same = fate == expected.fate && (!heeded || expected.wish.contains(wish.unwrap_or_default()));
    (!known || !same).then(|| format!("expected {expected:?}, the call gave {origin:?} {fate:?} {wish:?}"))
}

/// The status of a call does not show whether a wait survives it.
fn survival(expected: &Expected) -> Survival {
    match expected.fate {
        Fate::Failed(_, survival) => survival,
        _ => Survival::Never,
    }
}

/// A wait and its replies.
struct Scene {
    what: &'static str,
    replies: Vec<(Expected, Reply)>,
    deadline: Option<Duration>,
    windows: Windows,
}

fn scenes(case: &Case, reply: &Reply) -> Vec<Scene> {
    let it = || (case.expected, reply.clone());
    let by_name = Windows::OF_A_WAIT_BY_NAME;
    let scene = |what, replies| Scene { what, replies, deadline: None, windows: by_name };
    let until = |what, replies| Scene { deadline: Some(DEADLINE), ..scene(what, replies) };
    // So long that no delay is in doubt.
    let longer = Windows { not_found: CEILING * 9, permission_denied: CEILING * 8 };
    let within = |what, replies| Scene { windows: longer, ..scene(what, replies) };
    vec![
        scene("as the first reply", vec![it(), running(), done()]),
        scene("twice as the first reply", vec![it(), it(), running(), done()]),
        within("within longer windows", vec![it(), it(), it(), running(), it(), running(), done()]),
        scene("amid others", vec![running(), it(), running(), it(), busy(), running(), done()]),
        scene("six times", vec![running(), it(), it(), it(), it(), it(), it(), done()]),
        until("before the deadline", vec![running(), it(), done()]),
        until("past the deadline", vec![running(), it(), running()]),
    ]
}

async fn of_the_wait(scene: Scene, seed: u64) -> Option<String> {
    let (expected, replies): (Vec<_>, _) = scene.replies.into_iter().unzip();
    let Course { pauses, end } = course(&expected, scene.deadline, scene.windows);
    let played = play(replies, scene.deadline, scene.windows, seed).await;
    let in_range = |(range, pause): (&Range, &Duration)| range.contains(*pause);
    let same = pauses.len() == played.pauses.len()
        && pauses.iter().zip(&played.pauses).all(in_range)
        && ended_so(end, &played);
    let what = scene.what;
    (!same).then(|| {
        let got = played.end.map_err(|status| format!("{:?}, {status}", status.origin()));
        format!("{what}: expected {end:?} after {pauses:?}, got {got:?} after {:?}", played.pauses)
    })
}

fn ended_so(expected: End, Played { pauses, end }: &Played) -> bool {
    match (expected, end) {
        (End::Response, Ok(_)) => true,
        (End::Failure(origin, code), Err(status)) => {
            let polls = status.report().is_some_and(|report| report.polls as usize == pauses.len() + 1);
            // SPEC 21
            let told =
                origin == Origin::OperationFailed || status.to_string().contains("may still be running");
            status.origin() == origin && code.is_none_or(|code| status.code() == code) && polls && told
        }
        _ => false,
    }
}

fn running() -> (Expected, Reply) {
    (Expected { fate: Fate::Running, wish: Range::ZERO }, Ok(Operation::running("")))
}

fn done() -> (Expected, Reply) {
    let response = Any::from_json("{}").unwrap();
    (Expected { fate: Fate::Succeeded, wish: Range::ZERO }, Operation::succeeded("", response))
}

fn busy() -> (Expected, Reply) {
    let fate = Fate::Failed(Code::Unavailable, Survival::Survived);
    (Expected { fate, wish: Range::ZERO }, Err(Status::unavailable("busy")))
}

/// A wait with this pacing calls twice before it, with time to spare.
const DEADLINE: Duration = Duration::from_secs(5);
