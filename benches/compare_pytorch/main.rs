//! Rust side of `compare_pytorch.py`, which starts this program. It reads lines `CASE TIMES` and answers each with a
//! JSON list of the milliseconds of that many runs. A case is set up and warmed up at its first line.
//!
//! To add a case, write a function that returns the code to time, and add a line to the `CASES` of its file. The Python
//! file of the same name has the same table.
#![recursion_limit = "256"]
#![allow(missing_docs, clippy::print_stdout)]

mod cosmos;
mod idm;
mod ltx;
mod pixel_world;
mod policy;

use std::collections::HashMap;
use std::io::stdin;
use std::time::Instant;

/// One timed run, including reading back the results.
type Run = Box<dyn FnMut()>;

/// Name and setup of a case.
type Case = (&'static str, fn() -> Run);

fn main() {
    let mut runs: HashMap<String, Run> = HashMap::new();
    for line in stdin().lines() {
        let line = line.expect("standard input is text");
        let (case, times) = line.split_once(' ').expect("a case and how often");
        let times: usize = times.parse().expect("how often is a number");
        let run = runs.entry(case.to_owned()).or_insert_with(|| {
            let video = ltx::CASES.iter().chain(cosmos::CASES).chain(pixel_world::CASES);
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
