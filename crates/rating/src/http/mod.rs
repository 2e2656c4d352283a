//! As much of HTTP/1.1 as the page needs, over blocking sockets: a thread a connection, strict limits on everything that
//! comes in, a deadline on everything that is waited for. Database and decoder block, too, so an asynchronous server
//! would hand every request to a thread anyway.

mod request;
mod response;
mod serve;

pub(crate) use request::{Method, Request};
pub(crate) use response::{Body, Response};
pub use serve::Stop;
pub(crate) use serve::serve;
