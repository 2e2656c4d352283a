//! The HTTP agent: one time limit for all of a request, no redirects, certificates of the environment.

use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::JudgeSettings;

/// An agent for requests that carry a key: it goes to the given address and to no other.
pub(crate) fn agent(settings: &JudgeSettings) -> Agent {
    let mut config = Agent::config_builder()
        // Statuses are handled with what the endpoint says about them.
        .http_status_as_error(false)
        .timeout_global(Some(settings.timeout))
        .max_redirects(0)
        .user_agent(concat!("pusht-start/", env!("CARGO_PKG_VERSION")));
    if let Some(roots) = std::env::var("SSL_CERT_FILE").ok().and_then(|file| certificates(&file)) {
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    config.build().into()
}

/// The certificates in a PEM file, as a proxy with its own needs them.
fn certificates(file: &str) -> Option<RootCerts> {
    let pem = pusht_jobs::read_file(file).ok()?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| RootCerts::new_with_certs(&certificates))
}
