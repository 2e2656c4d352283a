#![doc = include_str!("../README.md")]

mod damage;
mod random;

pub use damage::Damage;
