//! Asks the endpoint: repeats what may succeed, and says what failures mean.

use std::io;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use pusht_jobs::{CancelFlag, Cancelled};
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use crate::agent::agent;
use crate::answer::{parse, usage};
use crate::endpoint::is_loopback;
use crate::question::{Dialect, Question};
use crate::results::{JudgeAnswer, JudgeUsage};
use crate::text::plain;
use crate::{JudgeError, JudgeSettings};

/// How often a question is asked in all if the answers cannot be used.
const ANSWERS: usize = 2;
/// Longest pause that an endpoint may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Largest answer, bytes.
const LARGEST: u64 = 1 << 20;
/// Longest part of an endpoint's message that is repeated, characters.
const SHOWN: usize = 240;

/// Why a clip has no answer.
pub(crate) enum Failure {
    /// The answers to this question cannot be used.
    Clip(String),
    /// The endpoint did not answer in any of the attempts.
    Silent(String),
    /// No request can succeed.
    Endpoint(String),
    Cancelled(Cancelled),
}

impl From<Cancelled> for Failure {
    fn from(cancelled: Cancelled) -> Self {
        Self::Cancelled(cancelled)
    }
}

/// A request that failed.
enum Trouble {
    /// The same request may succeed, after this pause.
    Again(String, Option<Duration>),
    /// The endpoint does not know a part of the request.
    Unknown(Dialect, String),
    Stop(Failure),
}

/// Asks one endpoint, from any number of threads.
pub(crate) struct Client<'a> {
    agent: Agent,
    settings: &'a JudgeSettings,
    endpoint: String,
    schema: AtomicBool,
    temperature: AtomicBool,
    answered: AtomicBool,
    sent: AtomicUsize,
    used: Mutex<JudgeUsage>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(settings: &'a JudgeSettings) -> Result<Self, JudgeError> {
        Ok(Self {
            endpoint: settings.endpoint()?,
            agent: agent(settings),
            settings,
            schema: AtomicBool::new(true),
            temperature: AtomicBool::new(true),
            answered: AtomicBool::new(false),
            sent: AtomicUsize::new(0),
            used: Mutex::default(),
        })
    }

    /// Number of requests that were sent, repeated ones included, and the tokens that the answers state.
    pub(crate) fn spent(&self) -> (usize, JudgeUsage) {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        (self.sent.load(Ordering::SeqCst), used)
    }

    /// The answer to a question.
    pub(crate) fn ask(&self, question: &Question, cancel: &CancelFlag) -> Result<JudgeAnswer, Failure> {
        let mut unusable = 0;
        loop {
            let bytes = self.send(question, cancel)?;
            self.answered.store(true, Ordering::SeqCst);
            let spent = usage(&bytes);
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.add(spent);
            drop(used);
            match parse(&bytes) {
                Ok(answer) => return Ok(answer),
                Err(_) if unusable + 1 < ANSWERS => unusable += 1,
                Err(reason) => return Err(Failure::Clip(reason)),
            }
        }
    }

    /// Sends a question until there is an answer.
    fn send(&self, question: &Question, cancel: &CancelFlag) -> Result<Vec<u8>, Failure> {
        let mut failures = 0;
        loop {
            cancel.check()?;
            let dialect = Dialect {
                schema: self.schema.load(Ordering::SeqCst),
                temperature: self.temperature.load(Ordering::SeqCst),
            };
            let (reason, wait) = match self.once(&question.body(&self.settings.model, dialect), dialect) {
                Ok(bytes) => return Ok(bytes),
                Err(Trouble::Stop(failure)) => return Err(failure),
                Err(Trouble::Unknown(known, reason)) if known == dialect => return Err(Failure::Clip(reason)),
                Err(Trouble::Unknown(known, _)) => {
                    self.schema.fetch_and(known.schema, Ordering::SeqCst);
                    self.temperature.fetch_and(known.temperature, Ordering::SeqCst);
                    continue;
                }
                Err(Trouble::Again(reason, wait)) => (reason, wait),
            };
            failures += 1;
            if failures >= self.settings.attempts {
                let all = match failures {
                    1 => String::new(),
                    _ => format!(", in each of {failures} attempts"),
                };
                return Err(Failure::Silent(reason + &all));
            }
            let pause = self.settings.pause.saturating_mul(1 << (failures - 1).min(5));
            sleep(wait.unwrap_or(pause).min(LONGEST_PAUSE), cancel)?;
        }
    }

    fn once(&self, body: &[u8], dialect: Dialect) -> Result<Vec<u8>, Trouble> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let mut request = self.agent.post(&self.endpoint).content_type("application/json");
        if let Some(key) = &self.settings.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if is_loopback(&self.endpoint) {
            // A proxy of the environment does not reach servers on this machine.
            request = request.config().proxy(None).build();
        }
        let mut response = request.send(body).map_err(|error| self.failed(&error))?;
        let read = response.body_mut().with_config().limit(LARGEST).read_to_vec();
        if response.status().is_success() {
            return read.map_err(|error| self.failed(&error));
        }
        Err(self.refused(&response, &read.unwrap_or_default(), dialect))
    }

    /// What a failed request means.
    fn failed(&self, error: &ureq::Error) -> Trouble {
        let refused = match error {
            ureq::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            error => matches!(error, ureq::Error::HostNotFound | ureq::Error::ConnectionFailed),
        };
        match error {
            ureq::Error::Timeout(_) => {
                let limit = self.settings.timeout.as_secs_f64();
                Trouble::Again(format!("the endpoint gave no answer within {limit} s"), None)
            }
            ureq::Error::BodyExceedsLimit(_) => Trouble::Stop(Failure::Clip(format!(
                "the answer is longer than {LARGEST} bytes; expected a chat completion"
            ))),
            // One that was there a moment ago may come back.
            error if refused && !self.answered.load(Ordering::SeqCst) => Trouble::Stop(Failure::Endpoint(format!(
                "the endpoint cannot be reached ({error}); check the address, and whether its server runs"
            ))),
            ureq::Error::Io(_) | ureq::Error::Protocol(_) => {
                Trouble::Again(format!("the connection to the endpoint broke off ({error})"), None)
            }
            error if refused => Trouble::Again(format!("the endpoint cannot be reached ({error})"), None),
            ureq::Error::RedirectFailed => Trouble::Stop(Failure::Endpoint(REDIRECT.to_owned())),
            error => Trouble::Stop(Failure::Endpoint(format!("the request cannot be sent ({error})"))),
        }
    }

    /// What a status other than success means; `body` is what the endpoint says about it.
    fn refused(&self, response: &Response<Body>, body: &[u8], dialect: Dialect) -> Trouble {
        let said = self.said(body);
        let status = response.status().as_u16();
        let what = |meaning: &str| format!("the endpoint answers {status}, {meaning}{said}");
        let stop = |meaning: &str| Trouble::Stop(Failure::Endpoint(what(meaning)));
        match status {
            408 | 409 | 429 | 500.. => {
                let wait = response.headers().get(header::RETRY_AFTER);
                let wait = wait.and_then(|value| value.to_str().ok()?.trim().parse().ok());
                Trouble::Again(what("busy or in trouble"), wait.map(Duration::from_secs))
            }
            300..=399 => Trouble::Stop(Failure::Endpoint(REDIRECT.to_owned())),
            401 | 403 if self.settings.key.is_none() => stop("access refused: it wants a key, and none was given"),
            401 | 403 => stop("access refused: check the key"),
            402 => stop("payment required: check the account"),
            404 | 405 => stop("nothing there: check the address, and the name of the model"),
            400 | 422 => {
                let lower = said.to_lowercase();
                let names = |words: &[&str]| words.iter().any(|word| lower.contains(word));
                let known = Dialect {
                    schema: dialect.schema && !names(&["response_format", "schema", "structured"]),
                    temperature: dialect.temperature && !names(&["temperature"]),
                };
                Trouble::Unknown(known, what("it does not accept the request"))
            }
            _ => Trouble::Stop(Failure::Clip(what("it does not accept the request"))),
        }
    }

    /// What a body says, without the key: `: text`, or nothing.
    fn said(&self, body: &[u8]) -> String {
        let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let places = [
            &json["error"]["message"],
            &json["message"],
            &json["detail"],
            &json["error"],
        ];
        let text = places.into_iter().find_map(|place| place.as_str()).map(str::to_owned);
        let mut text = text.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
        if let Some(key) = &self.settings.key {
            text = text.replace(key.as_str(), "…");
        }
        match plain(&text, SHOWN) {
            text if text.is_empty() => text,
            text => format!(": {text}"),
        }
    }
}

const REDIRECT: &str = "the endpoint sends requests on to another address, to which no key is sent; give that address";

/// Sleeps, in steps short enough for a cancellation.
fn sleep(mut time: Duration, cancel: &CancelFlag) -> Result<(), Cancelled> {
    const STEP: Duration = Duration::from_millis(100);
    while !time.is_zero() {
        cancel.check()?;
        let step = time.min(STEP);
        std::thread::sleep(step);
        time -= step;
    }
    cancel.check()
}
