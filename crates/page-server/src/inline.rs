//! Pages in one file, under a content security policy.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A page in one file: HTML with its style and its script inside. Its content security policy allows these by their
/// hashes and no others, connections to the server that sent the page, and images inside the page.
#[derive(Clone, Debug)]
pub struct InlinePage {
    html: &'static str,
    policy: String,
}

impl InlinePage {
    /// A page. Elements `<style>` and `<script>` have no attributes.
    pub fn new(html: &'static str) -> Self {
        let (styles, scripts) = (sources(html, "style"), sources(html, "script"));
        let policy = format!(
            "default-src 'none'; script-src{scripts}; style-src{styles}; connect-src 'self'; img-src 'self' data:; base-uri \
             'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self { html, policy }
    }
}

impl IntoResponse for InlinePage {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (CONTENT_SECURITY_POLICY, self.policy),
        ];
        (headers, self.html).into_response()
    }
}

/// The hash of every element of a name, as sources of a policy; `'none'` without any.
fn sources(html: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let contents = html.split(&open).skip(1).filter_map(|rest| rest.split_once(&close));
    let sources: String = contents
        .map(|(content, _)| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(content))))
        .collect();
    if sources.is_empty() {
        " 'none'".to_owned()
    } else {
        sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_page_is_allowed_by_its_hash() {
        let page = InlinePage::new("<style></style><p>text</p><script>alert(1)</script>");
        // echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(
            page.policy
                .contains("script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=';"),
            "{}",
            page.policy
        );
        let without = InlinePage::new("<p>text</p>").policy;
        assert!(without.contains("script-src 'none'; style-src 'none';"), "{without}");
    }
}
