//! What a model is asked about a clip: the questions of the rating page, and its frames.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pusht_jobs::{Hasher, hash_bytes};
use rating::Scale;
use serde_json::{Value, json};

use crate::pictures::{Picture, Pictures};

/// The question about one clip.
pub(crate) struct Question {
    pictures: Pictures,
    /// Text before each picture.
    labels: Vec<String>,
    instructions: String,
}

/// Parts of a request that some endpoints do not know, and which are left out there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `response_format` with a JSON schema.
    pub(crate) schema: bool,
    /// `temperature`, 0.
    pub(crate) temperature: bool,
}

impl Question {
    pub(crate) fn new(pictures: Pictures) -> Self {
        let label =
            |Picture { number, time, .. }: &Picture| format!("Frame {number} of {}, {time:.1} s:", pictures.frames);
        Self {
            labels: pictures.pictures.iter().map(label).collect(),
            instructions: instructions(),
            pictures,
        }
    }

    /// Number of images.
    pub(crate) fn images(&self) -> usize {
        self.pictures.pictures.len()
    }

    /// Identifies the question: the same one, asked of the same model at the same address, need not be asked again.
    pub(crate) fn key(&self, endpoint: &str, model: &str) -> String {
        let mut hasher = Hasher::new();
        hasher.field(endpoint).field(model).field(&self.instructions);
        for (label, picture) in self.labels.iter().zip(&self.pictures.pictures) {
            hasher.field(label).field(hash_bytes(&picture.png));
        }
        hasher.finish()
    }

    /// The body of the request.
    pub(crate) fn body(&self, model: &str, dialect: Dialect) -> Vec<u8> {
        let text = |text: &str| json!({"type": "text", "text": text});
        let mut content = Vec::new();
        for (label, picture) in self.labels.iter().zip(&self.pictures.pictures) {
            let url = format!("data:image/png;base64,{}", STANDARD.encode(&picture.png));
            content.push(text(label));
            content.push(json!({"type": "image_url", "image_url": {"url": url}}));
        }
        content.push(text("These are all frames that you get. Answer the three questions."));
        let mut body = json!({
            "model": model,
            "messages": [
                {"role": "system", "content": self.instructions},
                {"role": "user", "content": content},
            ],
        });
        if dialect.temperature {
            body["temperature"] = json!(0);
        }
        if dialect.schema {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": "scores", "strict": true, "schema": schema()},
            });
        }
        body.to_string().into_bytes()
    }
}

/// The questions as people get them, and how to answer.
fn instructions() -> String {
    let mut text = "You see frames of a short clip of a simple game, in their order. In the game a blue disc is to push the gray T \
                    until it lies on the green T. The clip was made in one of several ways; you are not told which. Judge what \
                    happens between the frames, too.\n"
        .to_owned();
    for scale in Scale::ALL {
        text += &format!("\n{}: {}\n", scale.name(), scale.question());
        if let Some(note) = scale.note() {
            text += &format!("{note}\n");
        }
        for (score, answer) in (scale.range().0..).zip(scale.answers()) {
            text += &format!("{score}: {answer}\n");
        }
    }
    text + "\nAnswer with one JSON object and nothing else: the reason in one or two sentences, then the three scores as whole \
            numbers, such as {\"reason\": \"…\", \"adherence\": 1, \"responsibility\": 0, \"physics\": 3}."
}

/// JSON schema of the answer.
fn schema() -> Value {
    let score = |scale: Scale| {
        let (lowest, highest) = scale.range();
        json!({"type": "integer", "enum": (lowest..=highest).collect::<Vec<u8>>()})
    };
    json!({
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "adherence": score(Scale::Adherence),
            "responsibility": score(Scale::Responsibility),
            "physics": score(Scale::Physics),
        },
        "required": ["reason", "adherence", "responsibility", "physics"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(shade: u8) -> Question {
        let picture = |number| Picture {
            number,
            time: (number - 1) as f64 / 10.0,
            png: vec![shade; 3],
        };
        Question::new(Pictures {
            pictures: vec![picture(1), picture(8)],
            frames: 8,
        })
    }

    #[test]
    fn the_request_has_the_questions_the_frames_and_the_schema() {
        let question = question(7);
        let all = Dialect {
            schema: true,
            temperature: true,
        };
        let body: Value = serde_json::from_slice(&question.body("m", all)).unwrap();
        assert_eq!((&body["model"], &body["temperature"]), (&json!("m"), &json!(0)));
        let asked = body["messages"][0]["content"].as_str().unwrap();
        assert!(
            asked.contains("physics: Could solid things move like this?") && asked.contains("\n5: Entirely."),
            "{asked}"
        );
        let content = &body["messages"][1]["content"];
        assert_eq!(content[2]["text"], "Frame 8 of 8, 0.7 s:");
        assert_eq!(content[3]["image_url"]["url"], "data:image/png;base64,BwcH");
        let physics = &body["response_format"]["json_schema"]["schema"]["properties"]["physics"]["enum"];
        assert_eq!(*physics, json!([1, 2, 3, 4, 5]));
        let none = Dialect {
            schema: false,
            temperature: false,
        };
        let body: Value = serde_json::from_slice(&question.body("m", none)).unwrap();
        assert!(body.get("response_format").is_none() && body.get("temperature").is_none());
    }

    #[test]
    fn questions_differ_by_frames_model_and_address() {
        let key = question(7).key("http://a", "m");
        assert_eq!(key, question(7).key("http://a", "m"));
        for other in [
            question(8).key("http://a", "m"),
            question(7).key("http://b", "m"),
            question(7).key("http://a", "n"),
        ] {
            assert_ne!(key, other);
        }
    }
}
