//! Reads a chat completion: the three scores, or what is wrong with it.

use rating::{Scale, Scores};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::results::{JudgeAnswer, JudgeUsage};
use crate::text::plain;

/// Longest part of an answer in a message, characters.
const SHOWN: usize = 160;
/// Longest reason that is kept, characters.
const REASON: usize = 500;

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Value,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Value,
    #[serde(default)]
    refusal: Value,
}

/// The tokens that a completion states, if it is one.
pub(crate) fn usage(bytes: &[u8]) -> JudgeUsage {
    let usage = serde_json::from_slice::<Completion>(bytes).map(|completion| completion.usage);
    let count = |key: &str| usage.as_ref().ok().and_then(|usage| usage[key].as_u64()).unwrap_or(0);
    JudgeUsage {
        prompt_tokens: count("prompt_tokens"),
        completion_tokens: count("completion_tokens"),
    }
}

/// The scores in a completion; the error says what was found and what was expected.
pub(crate) fn parse(bytes: &[u8]) -> Result<JudgeAnswer, String> {
    let completion: Completion = serde_json::from_slice(bytes).map_err(|error| {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
        format!("expected a chat completion, found {:?} ({error})", plain(&text, SHOWN))
    })?;
    let Some(Choice { message, finish_reason }) = completion.choices.into_iter().next() else {
        return Err("expected a chat completion with a choice, found one without".to_owned());
    };
    if let Some(refusal) = message.refusal.as_str().filter(|text| !text.is_empty()) {
        return Err(format!("the model refuses: {}", plain(refusal, SHOWN)));
    }
    let content = content(&message.content).unwrap_or_default();
    if content.trim().is_empty() {
        let why = finish_reason.as_str().unwrap_or("no reason stated");
        return Err(format!("expected scores, found no text ({})", plain(why, SHOWN)));
    }
    scores(&content).map_err(|reason| match finish_reason.as_str() {
        Some("length") => format!("{reason}; the answer was cut off at the endpoint's limit of tokens"),
        _ => reason,
    })
}

/// The text of a message, which may be in parts.
fn content(content: &Value) -> Option<String> {
    if let Some(parts) = content.as_array() {
        return Some(parts.iter().filter_map(|part| part["text"].as_str()).collect());
    }
    content.as_str().map(str::to_owned)
}

/// The scores in the text of an answer: a JSON object, alone or as the only block of code.
fn scores(text: &str) -> Result<JudgeAnswer, String> {
    let shown = || format!("{:?}", plain(text, SHOWN));
    let mut object: Map<String, Value> = serde_json::from_str(unfenced(text)).map_err(|_| {
        format!(
            "expected a JSON object with three scores and nothing else, found {}",
            shown()
        )
    })?;
    let mut score = |scale: Scale| {
        let (name, (lowest, highest)) = (scale.name(), scale.range());
        let expected = format!("a whole number from {lowest} to {highest}");
        let Some(value) = object.remove(name) else {
            return Err(format!("{name} is missing in {}; expected {expected}", shown()));
        };
        let whole = value.as_i64().and_then(|value| scale.check(value).ok());
        whole.ok_or_else(|| format!("{name} is {}; expected {expected}", plain(&value.to_string(), SHOWN)))
    };
    let scores = Scores {
        adherence: score(Scale::Adherence)?,
        responsibility: score(Scale::Responsibility)?,
        physics: score(Scale::Physics)?,
    };
    let reason = match object.remove("reason") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(reason)) => plain(&reason, REASON),
        Some(other) => {
            return Err(format!("reason is {}; expected text", plain(&other.to_string(), SHOWN)));
        }
    };
    match object.keys().next() {
        Some(other) => Err(format!(
            "expected the scores and the reason alone, found {:?} too",
            plain(other, SHOWN)
        )),
        None => Ok(JudgeAnswer { scores, reason }),
    }
}

/// The content of the only block of code, or the text itself.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inner.map_or(text, |inner| inner.strip_prefix("json").unwrap_or(inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(content: &str) -> Result<JudgeAnswer, String> {
        parse(
            json!({"choices": [{"message": {"content": content}}]})
                .to_string()
                .as_bytes(),
        )
    }

    #[test]
    fn scores_are_read() {
        let text = r#"{"reason": "It|melts\n twice.", "adherence": 2, "responsibility": 0, "physics": 3}"#;
        let expected = JudgeAnswer {
            scores: Scores {
                adherence: 2,
                responsibility: 0,
                physics: 3,
            },
            reason: "It/melts twice.".to_owned(),
        };
        assert_eq!(of(text).unwrap(), expected);
        assert_eq!(of(&format!("```json\n{text}\n```")).unwrap(), expected);
        let parts = json!({"choices": [{"message": {"content": [{"type": "text", "text": text}]}}]});
        assert_eq!(parse(parts.to_string().as_bytes()).unwrap(), expected);
    }

    #[test]
    fn answers_that_cannot_be_meant_are_refused() {
        let with = |adherence: &str, physics: &str, rest: &str| {
            of(&format!(
                r#"{{"adherence": {adherence}, "responsibility": 1, "physics": {physics}{rest}}}"#
            ))
            .unwrap_err()
        };
        for (text, expected) in [
            (
                with("3", "5", ""),
                "adherence is 3; expected a whole number from 0 to 2",
            ),
            (with("-1", "5", ""), "adherence is -1"),
            (with("1", "0", ""), "physics is 0; expected a whole number from 1 to 5"),
            (with("1", "4.5", ""), "physics is 4.5"),
            (with("1", "\"5\"", ""), "physics is \"5\""),
            (with("true", "5", ""), "adherence is true"),
            (with("1", "5", r#", "reason": 7"#), "reason is 7; expected text"),
            (with("1", "5", r#", "confidence": 1"#), "found \"confidence\" too"),
            (with("1", "99999999999999999999", ""), "physics is"),
            (
                of(r#"{"adherence": 1, "physics": 1}"#).unwrap_err(),
                "responsibility is missing",
            ),
            (
                of("The clip looks good.").unwrap_err(),
                "found \"The clip looks good.\"",
            ),
            (of("[1, 1, 5]").unwrap_err(), "expected a JSON object"),
            (of("").unwrap_err(), "found no text"),
            (
                parse(b"<html>").unwrap_err(),
                "expected a chat completion, found \"<html>\"",
            ),
            (parse(b"{\"choices\": []}").unwrap_err(), "one without"),
            (
                parse(br#"{"choices": [{"message": {"content": null, "refusal": "I may not."}}]}"#).unwrap_err(),
                "the model refuses: I may not.",
            ),
            (
                parse(br#"{"choices": [{"message": {"content": "{\"adh"}, "finish_reason": "length"}]}"#).unwrap_err(),
                "cut off at the endpoint's limit",
            ),
        ] {
            assert!(text.contains(expected), "{expected:?} is not in: {text}");
        }
    }

    #[test]
    fn damaged_answers_end_in_an_error_or_in_scores() {
        let content = r#"{"reason": "é", "adherence": 2, "responsibility": 0, "physics": 3}"#;
        let whole = json!({"choices": [{"message": {"content": content}}], "usage": {"prompt_tokens": 1}});
        let whole = whole.to_string().into_bytes();
        assert!(parse(&whole).is_ok());
        for at in 0..whole.len() {
            assert!(parse(&whole[..at]).is_err(), "cut after {at} bytes");
            for byte in [0, b'"', b'\\', b'}', b'9', b'-', 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = byte;
                let _ = (usage(&damaged), parse(&damaged));
            }
        }
    }

    #[test]
    fn tokens_are_counted_where_they_are_stated() {
        let used = |text: &str| {
            let JudgeUsage {
                prompt_tokens,
                completion_tokens,
            } = usage(text.as_bytes());
            (prompt_tokens, completion_tokens)
        };
        assert_eq!(
            used(r#"{"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3}}"#),
            (12, 3)
        );
        assert_eq!(used(r#"{"choices": [], "usage": {"prompt_tokens": "12"}}"#), (0, 0));
        assert_eq!(used("nonsense"), (0, 0));
    }
}
