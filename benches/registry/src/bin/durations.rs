//! Runs cases of the registry in full length, and prints a row for each. With `child` the program is a worker process of a case.
//!
//! ```text
//! cargo run --release -p registry-benches --bin durations -- [--scale 0.1] [g04 g09 ...]
//! ```
//!
//! The exit code is 1 if a count does not hold. A time or a rate that does not hold is only printed.

use std::{env, process::ExitCode, time::Instant};

use registry_benches::{
    Fault, child,
    durations::{CASES, Judgement, Scale, run},
};

#[tokio::main]
async fn main() -> Result<ExitCode, Fault> {
    let mut arguments = env::args().skip(1);
    let (mut cases, mut scale) = (Vec::new(), Scale(1.0));
    while let Some(argument) = arguments.next() {
        match &*argument {
            "child" => return child::run().await.map(|()| ExitCode::SUCCESS),
            "--scale" => scale = Scale(positive(arguments.next())?),
            case if CASES.contains(&case) => cases.push(argument),
            other => return Err(format!("neither --scale nor one of {}: {other}", CASES.join(", ")).into()),
        }
    }
    if cases.is_empty() {
        cases = CASES.map(str::to_owned).into();
    }
    let program = env::current_exe()?;
    println!("| case | required | measured | | time |\n|---|---|---|---|---|");
    let mut code = ExitCode::SUCCESS;
    for case in cases {
        let began = Instant::now();
        let row = run(&case, scale, &program).await;
        let seconds = began.elapsed().as_secs();
        match &row {
            Ok(row) => println!("{row} {seconds} s |"),
            Err(fault) => println!("| {case} | | {fault} | does not hold | {seconds} s |"),
        }
        if row.is_ok_and(|row| row.judgement != Judgement::Broken) {
            continue;
        }
        code = ExitCode::FAILURE;
    }
    Ok(code)
}

fn positive(number: Option<String>) -> Result<f64, Fault> {
    let number: f64 = number.ok_or("--scale needs a number")?.parse()?;
    if number > 0.0 && number <= 10.0 { Ok(number) } else { Err(format!("not a scale: {number}").into()) }
}
