use std::{
    collections::HashMap,
    fmt::Write,
    io::{self, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use lro::OperationName;

use super::percent;
use crate::{
    exit::Failure,
    text::{Shown, Time, counted},
    waits::View,
};

/// A bar for each of the first operations, and a line about the others.
#[derive(Debug)]
pub(crate) struct Bars {
    all: MultiProgress,
    shown: HashMap<OperationName, (ProgressBar, Arc<Mutex<Seen>>)>,
    /// How many are done, `None` for a single operation.
    total: Option<ProgressBar>,
    /// Whether a line on stdout says how each wait has ended, in the same terminal.
    is_said: bool,
}

/// What a bar shows.
#[derive(Clone, Debug)]
struct Seen {
    name: String,
    view: View,
    at: Instant,
    time_left: Option<Duration>,
}

impl Bars {
    pub(super) fn new(operations: usize) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = (operations > 1).then(|| {
            let total = all.add(ProgressBar::new(operations as u64));
            total.set_style(style("{pos} of {len} ended, {elapsed}"));
            total.enable_steady_tick(TICK);
            total
        });
        let is_said = operations > 1 && io::stdout().is_terminal();
        Self { all, shown: HashMap::new(), total, is_said }
    }

    pub(super) fn running(&mut self, name: &OperationName, view: &View, time_left: Option<Duration>) {
        let seen = Seen {
            name: Shown(name.as_str()).to_string(),
            view: view.clone(),
            at: Instant::now(),
            time_left,
        };
        if let Some((_, shown)) = self.shown.get(name) {
            *shown.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        } else if self.shown.len() < MOST {
            let seen = Arc::new(Mutex::new(seen));
            let bar = match &self.total {
                Some(total) => self.all.insert_before(total, ProgressBar::new_spinner()),
                None => self.all.add(ProgressBar::new_spinner()),
            };
            let state = Arc::clone(&seen);
            bar.set_style(style("{spinner:.cyan} {line}").with_key(
                "line",
                move |_: &ProgressState, out: &mut dyn Write| {
                    let seen = state.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let width = console::Term::stderr().size_checked().map_or(80, |(_, columns)| columns);
                    let _ = out.write_str(&line(
                        &seen,
                        usize::from(width).saturating_sub(SPINNER),
                        seen.at.elapsed(),
                    ));
                },
            ));
            bar.enable_steady_tick(TICK);
            self.shown.insert(name.clone(), (bar, seen));
        }
    }

    pub(super) fn ended(&mut self, name: &OperationName, how: &str, line: &str) {
        if let Some(total) = &self.total {
            total.inc(1);
            // Its tick may come after the last line, which would then contradict it.
            total.force_draw();
        }
        if let Some((bar, _)) = self.shown.remove(name) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        if self.is_said && how != "given up" {
            return;
        }
        let color = if how == "done" { console::Style::new().green() } else { console::Style::new().red() };
        // A line that cannot be written is no reason to end the wait.
        let _ = self.all.println(color.for_stderr().apply_to(line).to_string());
    }

    pub(super) fn beside(&self, write: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        self.all.suspend(write)
    }

    pub(super) fn end(&self) {
        for (bar, _) in self.shown.values() {
            bar.finish_and_clear();
        }
        if let Some(total) = &self.total {
            total.finish_and_clear();
        }
        let _ = self.all.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants of this file.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Returns the line about an operation. A narrow terminal leaves out what matters least, and the start of the name.
fn line(seen: &Seen, width: usize, since: Duration) -> String {
    let Seen { name, view, time_left, .. } = seen;
    let mut parts = vec![(0, Time(view.elapsed + since).to_string())];
    if let Some(share) = view.progress {
        parts.push((1, percent(share)));
    }
    if let Some(next) = view.next_poll {
        let next = next.saturating_sub(since);
        parts.push((2, if next.is_zero() { "asking".to_owned() } else { format!("next {}", Time(next)) }));
    }
    if let Some(left) = time_left.map(|left| left.saturating_sub(since)).filter(|left| !left.is_zero()) {
        parts.push((3, format!("ends in ~{}", Time(left))));
    }
    parts.push((4, counted(view.polls, "poll")));
    let length =
        |parts: &[(i32, String)]| parts.iter().map(|(_, part)| part.chars().count() + 2).sum::<usize>();
    let wanted = console::measure_text_width(name).min(LEAST_NAME);
    while parts.len() > 1 && length(&parts) + wanted > width {
        parts.pop();
    }
    let room = width.saturating_sub(length(&parts));
    let mut line = end_of(name, room);
    parts.iter().for_each(|(_, part)| line.extend(["  ", part]));
    line
}

/// Returns the end of a name, which distinguishes it from others.
fn end_of(name: &str, width: usize) -> String {
    if console::measure_text_width(name) <= width {
        return name.to_owned();
    }
    let mut end = name;
    while !end.is_empty() && console::measure_text_width(end) + 1 > width {
        end = &end[end.chars().next().map_or(0, char::len_utf8)..];
    }
    format!("…{end}")
}

/// More bars than this are not read, and a terminal has 24 lines.
const MOST: usize = 8;
/// A countdown in tenths of a second looks alive, and costs little.
const TICK: Duration = Duration::from_millis(200);
/// The spinner, a space, and the last column, in which some terminals break the line.
const SPINNER: usize = 3;
/// What is left of a name on a narrow terminal.
const LEAST_NAME: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        let view = View {
            progress: Some(0.4),
            polls: 3,
            elapsed: Duration::from_secs(12),
            next_poll: Some(Duration::from_secs(15)),
            ..View::default()
        };
        let name = "projects/my-project/locations/us-central1/operations/1234567890".to_owned();
        Seen { name, view, at: Instant::now(), time_left: Some(Duration::from_secs(30)) }
    }

    #[test]
    fn a_wide_terminal_shows_all() {
        let line = line(&seen(), 117, Duration::from_secs(3));
        assert_eq!(
            line,
            "projects/my-project/locations/us-central1/operations/1234567890  15 s  40 %  next 12 s  ends in ~27 s  3 polls"
        );
    }

    #[test]
    fn a_narrow_terminal_shows_the_end_of_the_name_and_what_matters() {
        for width in 0..120 {
            let line = line(&seen(), width, Duration::ZERO);
            assert!(width < 10 || console::measure_text_width(&line) <= width, "{width}: {line}");
        }
        assert_eq!(line(&seen(), 37, Duration::ZERO), "…ns/1234567890  12 s  40 %  next 15 s");
    }
}
