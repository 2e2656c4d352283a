//! Requests, and what their failures mean.

use std::io;
use std::time::Duration;

use pusht_jobs::CancelFlag;
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use crate::address::{is_loopback, redirected, root_certificates};
use crate::{HubError, HubName, HubSettings};

const MOST_REDIRECTS: usize = 10;
/// Longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A transfer that has gained this many bytes since the last failure counts its failures anew.
const PROGRESS: u64 = 1 << 20;

/// Sends requests with the settings of the Hub.
pub(crate) struct Http<'a> {
    agent: Agent,
    pub(crate) settings: &'a HubSettings,
}

/// A request that failed.
pub(crate) enum Trouble {
    /// The same request would fail again.
    Stop(HubError),
    /// The same request may succeed, after this pause.
    Again(HubError, Option<Duration>),
}

impl From<HubError> for Trouble {
    fn from(error: HubError) -> Self {
        Self::Stop(error)
    }
}

impl<'a> Http<'a> {
    pub(crate) fn new(settings: &'a HubSettings) -> Self {
        let timeout = Some(settings.timeout);
        let mut config = Agent::config_builder()
            // Statuses are handled below, with what the Hub says about them.
            .http_status_as_error(false)
            .timeout_resolve(timeout)
            .timeout_connect(timeout)
            .timeout_send_request(timeout)
            .timeout_recv_response(timeout)
            .timeout_per_read(timeout)
            // Redirects are followed below: the token goes to the Hub only, not to the servers that it sends us to.
            .max_redirects(0)
            .user_agent(concat!("pusht-start/", env!("CARGO_PKG_VERSION")));
        if let Ok(file) = std::env::var("SSL_CERT_FILE")
            && let Some(roots) = root_certificates(&file)
        {
            config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
        }
        Self {
            agent: config.build().into(),
            settings,
        }
    }

    /// Requests an address, from byte `from` on, and follows where it leads.
    pub(crate) fn get(&self, url: &str, from: u64) -> Result<Response<Body>, ureq::Error> {
        let mut url = url.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.get_here(&url, from)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            url = to
                .and_then(|to| redirected(&url, to))
                .ok_or(ureq::Error::RedirectFailed)?;
        }
        Err(ureq::Error::TooManyRedirects)
    }

    fn get_here(&self, url: &str, from: u64) -> Result<Response<Body>, ureq::Error> {
        let mut request = self.agent.get(url);
        if let Some(token) = &self.settings.token
            && url
                .strip_prefix(&self.settings.endpoint)
                .is_some_and(|rest| rest.starts_with('/'))
        {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        if is_loopback(url) {
            // A proxy of the environment does not reach servers on this machine.
            request = request.config().proxy(None).build();
        }
        request.call()
    }

    /// Repeats `once` until it succeeds, stops, or has failed too often without gaining bytes.
    pub(crate) fn retry<T>(
        &self,
        cancel: &CancelFlag,
        mut once: impl FnMut() -> Result<T, Trouble>,
        gained: impl Fn() -> u64,
    ) -> Result<T, HubError> {
        let (mut failures, mut before) = (0, gained());
        loop {
            cancel.check()?;
            let (error, wait) = match once() {
                Ok(done) => return Ok(done),
                Err(Trouble::Stop(error)) => return Err(error),
                Err(Trouble::Again(error, wait)) => (error, wait),
            };
            if gained() >= before.saturating_add(PROGRESS) {
                failures = 0;
            }
            before = gained();
            failures += 1;
            if failures >= self.settings.attempts {
                return Err(error);
            }
            let pause = self.settings.pause.saturating_mul(1 << (failures - 1).min(5));
            sleep(wait.unwrap_or(pause).min(LONGEST_PAUSE), cancel)?;
        }
    }

    /// What a failed request means.
    pub(crate) fn failed(&self, url: &str, advice: &str, error: &ureq::Error) -> Trouble {
        let failure = HubError::Unreachable {
            url: url.to_owned(),
            reason: match error {
                ureq::Error::Timeout(_) => {
                    format!("no answer within {} s ({error})", self.settings.timeout.as_secs_f64())
                }
                _ => format!("cannot be reached ({error})"),
            },
            advice: advice.to_owned(),
        };
        let refused = matches!(error, ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused);
        if refused
            || !matches!(
                error,
                ureq::Error::Timeout(_) | ureq::Error::Io(_) | ureq::Error::Protocol(_)
            )
        {
            Trouble::Stop(failure)
        } else {
            Trouble::Again(failure, None)
        }
    }

    /// What a status other than success means; `name` is the repository, if it is one of the Hub.
    pub(crate) fn refused(&self, url: &str, name: Option<&HubName>, response: &Response<Body>) -> Trouble {
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let status = response.status().as_u16();
        let error = HubError::Refused {
            url: url.to_owned(),
            status,
            reason: self.meaning(status, name, header("x-error-code").unwrap_or_default()),
        };
        if status == 429 || status == 408 || status >= 500 {
            let wait = header("retry-after")
                .and_then(|value| value.trim().parse().ok())
                .map(Duration::from_secs);
            return Trouble::Again(error, wait);
        }
        Trouble::Stop(error)
    }

    fn meaning(&self, status: u16, name: Option<&HubName>, code: &str) -> String {
        let Some(name) = name else {
            return match status {
                404 => "there is no such file; check the address".to_owned(),
                401 | 403 => "access is refused".to_owned(),
                429 => "too many requests; try again later".to_owned(),
                500.. => "the server has a problem; try again later".to_owned(),
                _ => "expected a file".to_owned(),
            };
        };
        let (repository, token) = (name.repository(), self.settings.token.is_some());
        match (status, code) {
            (404, "RevisionNotFound") => {
                format!(
                    "{repository} has no revision {:?}; check the branch, tag or commit after @",
                    name.revision()
                )
            }
            (404, "EntryNotFound") => format!("{repository} has no such file at revision {:?}", name.revision()),
            (401 | 403, "GatedRepo") => {
                let page = format!("{}/{repository}", self.settings.endpoint);
                format!(
                    "its owner asks for terms to be accepted: do that at {page}, and set HF_TOKEN to a token of that account"
                )
            }
            (401 | 404, _) if !token => format!(
                "there is no public repository {repository}; check owner and name, or set HF_TOKEN if it is a private one"
            ),
            (401 | 403, _) if token => format!(
                "the access token has no access to {repository}; check owner and name, or set HF_TOKEN to a token that may read it"
            ),
            (403, _) => format!("access to {repository} is refused; set HF_TOKEN to a token that may read it"),
            (404, _) => format!("there is no repository {repository} that the token may read; check owner and name"),
            (429, _) if !token => {
                "too many requests; try again later, or set HF_TOKEN, which is allowed more".to_owned()
            }
            (429, _) => "too many requests; try again later".to_owned(),
            (500.., _) => "the server has a problem; try again later".to_owned(),
            _ => "expected an answer of the Hugging Face Hub; check HF_ENDPOINT".to_owned(),
        }
    }
}

/// Sleeps, in steps short enough for a cancellation.
pub(crate) fn sleep(mut time: Duration, cancel: &CancelFlag) -> Result<(), HubError> {
    const STEP: Duration = Duration::from_millis(100);
    loop {
        cancel.check()?;
        if time.is_zero() {
            return Ok(());
        }
        let step = time.min(STEP);
        std::thread::sleep(step);
        time -= step;
    }
}
