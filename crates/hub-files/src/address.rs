//! Addresses: where redirects lead, which are of this machine, and whom to trust.

/// The address that a redirect from `url` leads to; `None` for one that cannot be followed, such as from `https` to `http`.
pub(crate) fn redirected(url: &str, to: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    if let Some(to) = to.strip_prefix("//") {
        return Some(format!("{scheme}://{to}"));
    }
    if to.starts_with('/') {
        return Some(format!("{scheme}://{host}{to}"));
    }
    let safe = to.starts_with("https://") || (to.starts_with("http://") && scheme == "http");
    safe.then(|| to.to_owned())
}

/// Whether an address is of this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    ["http://127.", "http://localhost", "http://[::1]"]
        .iter()
        .any(|start| url.starts_with(start))
}

/// The certificates in a PEM file, as `SSL_CERT_FILE` names one where a proxy has its own.
pub(crate) fn root_certificates(file: &str) -> Option<ureq::tls::RootCerts> {
    let pem = pusht_jobs::read_file(file).ok()?;
    let certificates: Vec<_> = ureq::tls::parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| ureq::tls::RootCerts::new_with_certs(&certificates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_to_addresses() {
        for (to, expected) in [
            ("/b?c", Some("https://hub:8/b?c")),
            ("//cdn/x", Some("https://cdn/x")),
            ("https://cdn/x", Some("https://cdn/x")),
            ("http://cdn/x", None),
            ("file:///etc/passwd", None),
            ("b", None),
        ] {
            assert_eq!(redirected("https://hub:8/a?q=/", to).as_deref(), expected, "{to}");
        }
        assert_eq!(
            redirected("http://hub/a", "http://cdn/x").as_deref(),
            Some("http://cdn/x")
        );
    }
}
