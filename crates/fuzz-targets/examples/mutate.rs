//! Runs one target with changed inputs of its corpus, without nightly and without looking at which code runs:
//!
//! `cargo run --release -p fuzz-targets --example mutate -- pickle 600 [SEED]`
//!
//! A quick trial where cargo-fuzz cannot be had. If the reader panics, aborts or does not end, the input is the file that the
//! first line of the output names.

#![allow(clippy::print_stdout, reason = "a program that prints what it finds")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use fuzz_targets::FuzzTarget;

/// Longest input, bytes.
const LONGEST: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().ok_or("expected a target")?;
    let seconds = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let mut random = Random(arguments.next().map_or(Ok(0), |text| text.parse::<u64>())?);
    let target = FuzzTarget::ALL
        .iter()
        .find(|target| target.name() == name)
        .ok_or("no such target")?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(&name);
    let seeds: Vec<Vec<u8>> = fs::read_dir(folder)?
        .map(|e| fs::read(e?.path()))
        .collect::<Result<_, _>>()?;
    let last = std::env::temp_dir().join(format!("mutate-{name}-{}", std::process::id()));
    println!("{}", last.display());
    let (start, mut count, mut slowest) = (Instant::now(), 0_u64, Duration::ZERO);
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..1 + random.below(6) {
            random.change(&mut input, &seeds);
        }
        input.truncate(LONGEST);
        fs::write(&last, &input)?;
        let begin = Instant::now();
        target.run(&input);
        (count, slowest) = (count + 1, slowest.max(begin.elapsed()));
    }
    fs::remove_file(last)?;
    println!("{name}: {count} inputs, the slowest {slowest:.1?}");
    Ok(())
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    /// One change: bytes, numbers, blocks, digits of text, a block of another input.
    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        if input.is_empty() {
            input.push(self.next() as u8);
        }
        let at = self.below(input.len());
        let most = 1 << self.below(8);
        let length = (1 + self.below(most)).min(input.len() - at);
        match self.below(8) {
            0 => input[at] ^= 1 << self.below(8),
            1 => input[at] = self.next() as u8,
            2 => {
                let numbers = [
                    0,
                    1,
                    0x7F,
                    0xFF,
                    0x7FFF,
                    0xFFFF,
                    0x7FFF_FFFF,
                    0xFFFF_FFFF,
                    u64::MAX,
                    u64::MAX >> 1,
                ];
                let number = numbers[self.below(numbers.len())];
                let bytes = if self.below(2) == 0 {
                    number.to_le_bytes()
                } else {
                    number.to_be_bytes()
                };
                let width = [1, 2, 4, 8][self.below(4)].min(input.len() - at);
                let bytes = if self.below(2) == 0 {
                    &bytes[..width]
                } else {
                    &bytes[8 - width..]
                };
                input[at..at + width].copy_from_slice(bytes);
            }
            3 => drop(input.drain(at..at + length)),
            4 => {
                let block = input[at..at + length].to_vec();
                let to = self.below(input.len());
                input.splice(to..to, block);
            }
            5 => input.truncate(at),
            6 => {
                let digits: Vec<usize> = (0..input.len()).filter(|&i| input[i].is_ascii_digit()).collect();
                if let Some(&digit) = digits.get(self.below(digits.len())) {
                    let texts: [&[u8]; 7] = [
                        b"0",
                        b"-1",
                        b"99999999",
                        b"18446744073709551615",
                        b"1e999",
                        b"0.5",
                        b"null",
                    ];
                    let text = texts[self.below(texts.len())];
                    input.splice(digit..=digit, text.iter().copied());
                }
            }
            _ => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len());
                let length = length.min(other.len() - from);
                input.splice(at..at, other[from..from + length].iter().copied());
            }
        }
    }
}
