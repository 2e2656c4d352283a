//! A small web server: axum's routes over HTTP/1.1 (hyper), with limits on everything that comes in, a deadline for
//! everything that is waited for, and a guard at the door. It knows nothing of ratings.
//!
//! A page brings a [`Router`](axum::Router); [`serve`] blocks until it is told to stop. By default ([`Guard::new`]
//! without a token, on a loopback address) only this machine's own browsers get in. A route may upgrade its connection
//! (WebSockets): the guard has seen the request by then, its `Origin` included; the place among the connections is kept,
//! the deadline for whole requests is not.

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
