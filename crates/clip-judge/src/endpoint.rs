//! Addresses of endpoints.

use crate::JudgeError;

/// Path of chat completions below an endpoint's base.
const COMPLETIONS: &str = "/chat/completions";

/// The address that requests go to: a base gets [`COMPLETIONS`] after it, an address with that path or with a query is
/// taken as it is.
pub(crate) fn endpoint(url: &str) -> Result<String, JudgeError> {
    let url = url.trim();
    let refuse = |reason| {
        // A password in front of the host is not repeated.
        let shown = url.rsplit_once('@').map_or(url, |(_, rest)| rest);
        Err(JudgeError::Address {
            url: shown.to_owned(),
            reason,
        })
    };
    let Some((scheme, rest)) = url
        .split_once("://")
        .filter(|(scheme, _)| ["http", "https"].contains(scheme))
    else {
        return refuse("does not begin with http:// or https://");
    };
    let (place, query) = rest
        .split_once('?')
        .map_or((rest, None), |(place, query)| (place, Some(query)));
    let host = place.split('/').next().unwrap_or_default();
    if host.contains('@') {
        return refuse("holds a name or password; the key is passed in an environment variable");
    }
    if host.is_empty() || place.contains(|c: char| c.is_whitespace() || c.is_control()) || place.contains('#') {
        return refuse("has no host, or signs that no address has");
    }
    if query.is_some() {
        return Ok(url.to_owned());
    }
    let base = place.trim_end_matches('/');
    let end = if base.ends_with(COMPLETIONS) { "" } else { COMPLETIONS };
    Ok(format!("{scheme}://{base}{end}"))
}

/// Whether requests to this address leave the machine unencrypted.
pub(crate) fn is_open(endpoint: &str) -> bool {
    endpoint.starts_with("http://") && !is_loopback(endpoint)
}

/// Whether an address is of this machine.
pub(crate) fn is_loopback(endpoint: &str) -> bool {
    let rest = endpoint.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name == "[::1]" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_and_whole_addresses_are_taken() {
        for (url, expected) in [
            ("http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"),
            ("https://host/v1/", "https://host/v1/chat/completions"),
            (" https://host/v1/chat/completions ", "https://host/v1/chat/completions"),
            ("https://host/x?api-version=1", "https://host/x?api-version=1"),
        ] {
            assert_eq!(endpoint(url).unwrap(), expected);
        }
        for (url, reason) in [
            ("localhost:8000", "does not begin with"),
            ("ftp://host/v1", "does not begin with"),
            ("https://", "no host"),
            ("https:///v1", "no host"),
            ("https://ho st/v1", "no host, or signs"),
            ("https://me:secret@host/v1", "environment variable"),
        ] {
            let text = endpoint(url).unwrap_err().to_string();
            assert!(text.contains(reason) && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn this_machine_is_known() {
        for (url, local) in [
            ("http://localhost:8000/v1", true),
            ("http://127.0.0.1/v1", true),
            ("http://[::1]:80/v1", true),
            ("http://127.evil.example/v1", false),
            ("http://localhost.example:80/v1", false),
            ("http://10.0.0.2:8000/v1", false),
        ] {
            assert_eq!((is_loopback(url), is_open(url)), (local, !local), "{url}");
        }
        assert!(!is_open("https://host/v1") && is_loopback("https://localhost/v1"));
    }
}
