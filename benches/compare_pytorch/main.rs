//! The Rust side of `compare_pytorch.py`, which is the one to start: reads lines `CASE TIMES` and answers each with the
//! milliseconds of so many runs, as a JSON list. A case is set up and warmed up at its first line.
//!
//! A new case is a function that returns what to time, and a line in the `CASES` of its file; the Python file of that
//! name has the same table.
#![recursion_limit = "256"]
#![allow(missing_docs, clippy::print_stdout)]

mod cosmos;
mod idm;
mod ltx;
mod policy;

use std::collections::HashMap;
use std::io::stdin;
use std::time::Instant;

/// One run of what is timed, results read back.
type Run = Box<dyn FnMut()>;

/// Name and set-up.
type Case = (&'static str, fn() -> Run);

fn main() {
    let mut runs: HashMap<String, Run> = HashMap::new();
    for line in stdin().lines() {
        let line = line.expect("standard input is text");
        let (case, times) = line.split_once(' ').expect("a case and how often");
        let times: usize = times.parse().expect("how often is a number");
        let run = runs.entry(case.to_owned()).or_insert_with(|| {
            let video = ltx::CASES.iter().chain(cosmos::CASES);
            let mut cases = policy::CASES.iter().chain(idm::CASES).chain(video);
            let found = cases.find(|(name, _)| *name == case);
            let (_, set_up) = found.expect("the case is in a table");
            let mut run = set_up();
            run();
            run();
            run
        });
        let spent: Vec<String> = (0..times)
            .map(|_| {
                let start = Instant::now();
                run();
                format!("{:.4}", start.elapsed().as_secs_f64() * 1e3)
            })
            .collect();
        println!("[{}]", spent.join(","));
    }
}
