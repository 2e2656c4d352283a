//! A small web server: axum's routes over HTTP/1.1 (hyper), with limits on all input, deadlines for all waiting, and
//! access control. It does not depend on ratings.
//!
//! The caller passes a [`Router`](axum::Router); [`serve`] blocks until it is stopped. By default ([`Guard::new`]
//! without a token, on a loopback address) only this machine's own browsers have access. A route may upgrade its
//! connection (WebSockets): the guard has then checked the request, including its `Origin`; the connection still counts
//! toward the limit, but the deadline for whole requests no longer applies.

mod connection;
mod guard;
mod headers;
mod limits;
mod pace;
mod refusal;
mod request;
mod serve;
mod socket;
#[cfg(test)]
mod tests;

pub(crate) use guard::{Guard, WeakToken};
pub(crate) use limits::Limits;
pub(crate) use refusal::Refusal;
pub(crate) use serve::serve;
