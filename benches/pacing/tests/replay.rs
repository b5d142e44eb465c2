//! The program `replay`: its output, its errors and its exit codes.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

#[test]
fn prints_polls_and_delay_of_each_and_of_all() {
    let replay = run(&["--pacing", "classic", "--rtt-ms", "0"], "0.5\n60\n10\n");
    assert_eq!(text(&replay.stdout), "1,0.500\n6,3.000\n4,5.000\ntotal,11,2.833,5.000\n");
    assert!(replay.status.success() && replay.stderr.is_empty());
}

#[test]
fn counts_the_way_to_the_server_and_back() {
    let replay = run(&["--pacing", "classic", "--rtt-ms", "200"], "0\n2\n");
    assert_eq!(text(&replay.stdout), "1,1.200\n2,1.400\ntotal,3,1.300,1.400\n");
}

#[test]
fn learns_unless_told_otherwise() {
    let durations = "60\n".repeat(40);
    let last = |args: &[&str]| text(&run(args, &durations).stdout).lines().nth(39).unwrap().to_owned();
    let delay = |line: &str| line.split(',').nth(1).unwrap().parse::<f64>().unwrap();
    assert_eq!(last(&["--pacing", "classic"]), "6,3.360");
    assert!(delay(&last(&[])) < 1.0);
    assert_eq!(last(&[]), last(&["--pacing", "learned"]));
    assert!(delay(&last(&["--pacing", "proportional"])) < 6.1);
}

#[test]
fn reads_what_people_and_other_systems_write() {
    let plain = run(&[], "60\n10\n5\n0\n0.000001\n200000\n");
    let odd = run(&[], "\u{feff}# seconds\r\n\r\n60\r\n 1e1 # slow?\r\n\t+5.0\n-0\n1E-6\n  \n2e5");
    assert_eq!(text(&odd.stdout), text(&plain.stdout));
    assert_eq!(text(&plain.stdout).lines().count(), 7);
}

#[test]
fn names_the_line_that_is_no_duration_before_it_waits_for_any() {
    for line in ["-1", "NaN", "inf", "-inf", "abc", "1,5", "1 2", "1e300", "1e9", "0x10", "\0"] {
        let replay = run(&[], &format!("# header\n60\n{line}\n7\n"));
        let told = format!("replay: line 3 is no number of seconds from 0 to 1e8: {line:?}\n");
        assert_eq!((text(&replay.stderr), text(&replay.stdout)), (told, String::new()));
        assert_eq!(replay.status.code(), Some(1));
    }
}

#[test]
fn shows_no_more_than_the_beginning_of_a_long_line() {
    let replay = run(&[], &"x".repeat(100_000));
    assert!(text(&replay.stderr).ends_with("xxx\"…\n") && replay.stderr.len() < 200);
}

#[test]
fn says_so_where_there_are_no_durations() {
    let replay = run(&[], "# nothing\n");
    assert_eq!(text(&replay.stdout), "total,0,0.000,0.000\n");
    assert_eq!(text(&replay.stderr), "replay: no durations on standard input\n");
    assert!(replay.status.success());
}

#[test]
fn refuses_options_that_make_no_sense() {
    for (args, told) in [
        (&["--budget", "0"][..], "--budget is a number above 0, not \"0\""),
        (&["--budget", "NaN"], "--budget is a number above 0, not \"NaN\""),
        (&["--budget", "inf"], "--budget is a number above 0, not \"inf\""),
        (&["--budget"], "missing argument for option '--budget'"),
        (&["--rtt-ms", "-1"], "--rtt-ms is a number of milliseconds from 0 to 86400000, a day, not \"-1\""),
        (&["--rtt-ms", "nan"], "--rtt-ms is a number of milliseconds from 0 to 86400000, a day, not \"nan\""),
        (&["--seed", "1.5"], "--seed is a whole number, not \"1.5\""),
        (&["--pacing", "fast"], "--pacing is learned, classic or proportional, not \"fast\""),
        (&["--fast"], "invalid option '--fast'; --help tells the options"),
        (&["d.txt"], "what is \"d.txt\"? Durations are read from standard input"),
    ] {
        let replay = run(args, "60\n");
        assert_eq!(text(&replay.stderr), format!("replay: {told}\n"));
        assert_eq!((replay.status.code(), replay.stdout.len()), (Some(1), 0));
    }
}

#[test]
fn makes_do_with_any_budget_and_any_round_trip() {
    let durations: String = (0..60).map(|number| format!("{}\n", 50 + number * 7 % 30)).collect();
    for args in [["--budget", "1e-300"], ["--budget", "1e300"], ["--rtt-ms", "0"], ["--rtt-ms", "86400000"]] {
        let replay = run(&args, &durations);
        assert!(replay.status.success() && replay.stderr.is_empty());
        assert_eq!(text(&replay.stdout).lines().count(), 61);
    }
    let polls = |budget| total(&run(&["--budget", budget], &durations)).parse::<f64>().unwrap();
    assert!((0.4..0.6).contains(&(polls("0.5") / polls("1"))));
}

#[test]
fn draws_the_round_trip_by_the_seed_alone() {
    let run = |args: &[&str]| text(&run(args, "1\n2\n60\n").stdout);
    assert_eq!(run(&["--seed", "7"]), run(&["--seed", "7"]));
    assert_ne!(run(&["--seed", "7"]), run(&["--seed", "8"]));
    assert_eq!(run(&["--seed", "7", "--rtt-ms", "60"]), run(&[]));
}

#[test]
fn goes_on_from_a_history_that_it_saved() {
    let file = file("history.json");
    let args = ["--history", file.to_str().unwrap()];
    assert!(text(&run(&args, &"60\n".repeat(20)).stdout).starts_with("6,3.360\n"));
    let again = text(&run(&args, "60\n").stdout);
    let delay: f64 = again.lines().next().unwrap().split(',').nth(1).unwrap().parse().unwrap();
    assert!(delay < 1.0, "{again}");
    let saved: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(saved["kinds"]["replayed"]["intervals"].as_array().unwrap().len(), 21);
}

#[test]
fn begins_anew_with_an_empty_file() {
    let file = file("empty.json");
    fs::write(&file, "").unwrap();
    assert_eq!(run(&["--history", file.to_str().unwrap()], "60\n").stdout, run(&[], "60\n").stdout);
    assert!(fs::read_to_string(&file).unwrap().starts_with("{\"format\":1,\"kinds\":{\"replayed\":"));
}

#[test]
fn leaves_a_file_alone_that_is_no_history() {
    for json in
        ["{\"name\": \"package\"}", "[]", "7", "{\"kinds\": {\"replayed\": 7}}", "{\"kinds\":", "\u{0}"]
    {
        let file = file("other.json");
        fs::write(&file, json).unwrap();
        let replay = run(&["--history", file.to_str().unwrap()], "60\n");
        assert!(text(&replay.stderr).starts_with(&format!("replay: {} is no history: ", file.display())));
        assert_eq!((replay.status.code(), replay.stdout.len()), (Some(1), 0));
        assert_eq!(fs::read_to_string(&file).unwrap(), json);
    }
}

#[test]
fn names_the_file_that_it_cannot_use_before_it_waits() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let told = |path: &str| {
        let replay = run(&["--history", path], "60\n");
        assert_eq!((replay.status.code(), replay.stdout.len()), (Some(1), 0));
        text(&replay.stderr)
    };
    assert!(told(folder).starts_with(&format!("replay: cannot read {folder}: ")));
    let path = format!("{folder}/no/such/folder/history.json");
    assert!(told(&path).starts_with(&format!("replay: cannot write {path}: ")));
}

#[test]
fn ends_in_silence_when_its_reader_has_read_enough() {
    let mut replay = start(&["--pacing", "classic"]);
    let durations = "60\n".repeat(50_000);
    replay.stdin.take().unwrap().write_all(durations.as_bytes()).unwrap();
    let mut first = String::new();
    BufReader::with_capacity(8, replay.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let replay = replay.wait_with_output().unwrap();
    assert_eq!((first.as_str(), text(&replay.stderr)), ("6,3.360\n", String::new()));
    assert!(replay.status.success());
}

#[test]
fn helps() {
    let replay = run(&["--help"], "");
    for option in ["--pacing", "--budget", "--history", "--rtt-ms", "--seed"] {
        assert!(text(&replay.stdout).contains(option));
    }
    assert!(replay.status.success());
}

fn run(args: &[&str], durations: &str) -> Output {
    let mut replay = start(args);
    // A program that refuses its options does not read stdin.
    let _ = replay.stdin.take().unwrap().write_all(durations.as_bytes());
    replay.wait_with_output().unwrap()
}

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Returns the line with the sums.
fn total(replay: &Output) -> String {
    text(&replay.stdout).lines().last().unwrap().split(',').nth(1).unwrap().to_owned()
}

/// Returns a path at which there is no file.
fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}
