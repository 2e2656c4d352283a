//! The text of a card.

use serde_json::Value;

use crate::{Card, CardLicense, RepoKind};

impl Card {
    /// The text of the file.
    pub fn text(&self) -> String {
        // Strings of JSON are strings of YAML, whatever is in them.
        let quoted = |text: &str| Value::from(text).to_string();
        let mut text = "---\n".to_owned();
        text += &match &self.license {
            CardLicense::Known(id) => format!("license: {}\n", quoted(id)),
            CardLicense::Unknown(_) => "license: \"unknown\"\n".to_owned(),
            CardLicense::OfBaseModel => "license: \"other\"\nlicense_name: \"license-of-the-base-model\"\n".to_owned(),
        };
        if let Some(base) = &self.base_model {
            text += &format!("base_model: {}\n", quoted(base));
        }
        text += &match self.kind {
            RepoKind::Model => format!("pipeline_tag: {}\n", quoted(&self.task)),
            RepoKind::Dataset => format!("task_categories:\n- {}\n", quoted(&self.task)),
        };
        text += "tags:\n- \"pusht\"\n";
        for tag in self.tags.iter().filter(|tag| *tag != "pusht") {
            text += &format!("- {}\n", quoted(tag));
        }
        if let Some(pattern) = &self.data_files {
            text += &format!(
                "configs:\n- config_name: \"default\"\n  data_files: {}\n",
                quoted(pattern)
            );
        }
        text += &format!("---\n\n# {}\n\n{}", plain(&self.title), self.about);
        match &self.license {
            CardLicense::Known(_) => {}
            CardLicense::Unknown(why) => {
                text += &format!(
                    "**License:** not stated. {} State one above before you publish this folder.\n\n",
                    why.trim()
                );
            }
            CardLicense::OfBaseModel => {
                text += "**License:** that of the base model, whose terms hold for what is made from it.\n\n";
            }
        }
        if !self.rows.is_empty() {
            text += "| | |\n|---|---|\n";
            for (name, value) in &self.rows {
                text += &format!("| {} | {} |\n", cell(name), cell(value));
            }
            text += "\n";
        }
        if !self.usage.is_empty() {
            text += &format!("```sh\n{}\n```\n\n", self.usage.join("\n"));
        }
        if let Some(settings) = &self.settings {
            let json = serde_json::to_string_pretty(settings).unwrap_or_default();
            text += &format!("## Settings\n\n```json\n{json}\n```\n\n");
        }
        text += &format!("Made with PushT Start {} (`pusht`).\n", env!("CARGO_PKG_VERSION"));
        text
    }
}

/// Text on one line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text of a cell of a table.
fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}
