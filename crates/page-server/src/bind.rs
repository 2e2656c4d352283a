//! Binds an address.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

/// Error for an address on which the server cannot listen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot listen on {address}: {reason}")]
#[non_exhaustive]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// The reason, and what to do.
    pub reason: String,
}

/// Binds an address; of port 0, any free one. Returns the address with its port.
///
/// # Errors
/// An address that is in use, is not this machine's, or is the system's.
pub fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|e| {
        let reason = match e.kind() {
            ErrorKind::AddrInUse => {
                "another program listens there, perhaps an earlier run of this command; end it, or choose another --port \
                 (0 takes any free one)"
                    .to_owned()
            }
            ErrorKind::PermissionDenied => "ports below 1024 are the system's; choose a higher --port".to_owned(),
            ErrorKind::AddrNotAvailable => {
                "this machine does not have that address; --listen 0.0.0.0 takes all that it has".to_owned()
            }
            _ => e.to_string(),
        };
        BindError { address, reason }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named_with_what_to_do() {
        let (_listener, address) = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let error = bind(address).unwrap_err().to_string();
        assert!(
            error.contains(&address.to_string()) && error.contains("choose another --port"),
            "{error}"
        );
    }
}
