#![doc = include_str!("../README.md")]

mod bind;
mod connection;
mod guard;
mod headers;
mod inline;
mod limits;
mod pace;
mod refusal;
mod request;
mod serve;
mod socket;
#[cfg(test)]
mod tests;

pub use bind::{BindError, bind};
pub use guard::{Guard, WeakToken};
pub use inline::InlinePage;
pub use limits::Limits;
pub use refusal::Refusal;
pub use serve::serve;
