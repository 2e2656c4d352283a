//! Cards: the `README.md` of a folder with a model or a dataset, with the metadata that the Hugging Face Hub reads.

use std::io;
use std::path::Path;

use pusht_jobs::{hash_bytes, write_bytes};
use serde_json::Value;

use crate::RepoKind;

/// License of what a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardLicense {
    /// An identifier of the Hub, such as `mit`.
    Known(String),
    /// It depends on something that the program does not know: what, in one sentence.
    Unknown(String),
    /// That of a published model from which this one was made.
    OfBaseModel,
}

/// The card of a folder.
///
/// ```
/// use hub_files::{Card, CardLicense, RepoKind};
///
/// let folder = tempfile::tempdir()?;
/// let card = Card::new(RepoKind::Model, "A policy for PushT", CardLicense::Known("mit".to_owned()))
///     .with_tags(["robotics"])
///     .with_row("test MSE, px²", 72.5);
/// assert!(card.write(folder.path())?);
/// // A card that somebody changed is theirs.
/// std::fs::write(folder.path().join(Card::FILE), "my words")?;
/// assert!(!card.write(folder.path())?);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Card {
    pub(crate) kind: RepoKind,
    pub(crate) task: String,
    pub(crate) title: String,
    pub(crate) license: CardLicense,
    pub(crate) about: String,
    pub(crate) tags: Vec<String>,
    pub(crate) base_model: Option<String>,
    pub(crate) data_files: Option<String>,
    pub(crate) rows: Vec<(String, String)>,
    pub(crate) usage: Vec<String>,
    pub(crate) settings: Option<Value>,
}

impl Card {
    /// Name of the file.
    pub const FILE: &str = "README.md";
    /// Beginning of the last line of a card, behind which the hash of the text above stands.
    const MARK: &str = "<!-- written by pusht, which replaces this file as long as nobody has changed it: ";

    /// A card with a title.
    pub fn new(kind: RepoKind, title: impl Into<String>, license: CardLicense) -> Self {
        Self {
            kind,
            task: "robotics".to_owned(),
            title: title.into(),
            license,
            about: String::new(),
            tags: Vec::new(),
            base_model: None,
            data_files: None,
            rows: Vec::new(),
            usage: Vec::new(),
            settings: None,
        }
    }

    /// Sets the task under which the Hub lists it, in place of `robotics`.
    #[must_use]
    pub fn with_task(mut self, task: &str) -> Self {
        task.clone_into(&mut self.task);
        self
    }

    /// Adds a paragraph on what it is.
    #[must_use]
    pub fn with_text(mut self, text: impl AsRef<str>) -> Self {
        self.about += &format!("{}\n\n", text.as_ref().trim());
        self
    }

    /// Adds tags; `pusht` is always one.
    #[must_use]
    pub fn with_tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Sets the repository of the model that this one was made from.
    #[must_use]
    pub fn with_base_model(mut self, repository: impl Into<String>) -> Self {
        self.base_model = Some(repository.into());
        self
    }

    /// Sets the pattern of the tables that the Hub's viewer shows.
    #[must_use]
    pub fn with_data_files(mut self, pattern: &str) -> Self {
        self.data_files = Some(pattern.to_owned());
        self
    }

    /// Adds a row of the table: a score, a count, where the data are from.
    #[must_use]
    pub fn with_row(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.rows.push((name.into(), value.to_string()));
        self
    }

    /// Adds a command that uses it.
    #[must_use]
    pub fn with_usage(mut self, command: impl Into<String>) -> Self {
        self.usage.push(command.into());
        self
    }

    /// Sets the settings it was made with.
    #[must_use]
    pub fn with_settings(mut self, settings: Value) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Writes the card into a folder, unless there is a `README.md` that somebody else wrote or changed. Returns whether the card
    /// is there now.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn write(&self, folder: &Path) -> io::Result<bool> {
        let path = folder.join(Self::FILE);
        match pusht_jobs::read_file(&path) {
            Ok(present) if !is_ours(&present) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let text = self.text();
        let signed = format!("{text}\n{}{} -->\n", Self::MARK, hash_bytes(&text));
        write_bytes(&path, signed.as_bytes())?;
        Ok(true)
    }
}

/// Whether a file is a card as [`Card::write`] wrote it.
fn is_ours(file: &[u8]) -> bool {
    let Ok(file) = std::str::from_utf8(file) else {
        return false;
    };
    let Some((text, mark)) = file.rsplit_once(Card::MARK) else {
        return false;
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    mark.trim_end() == format!("{} -->", hash_bytes(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Card {
        Card::new(
            RepoKind::Dataset,
            "Demonstrations",
            CardLicense::Unknown("It follows the videos.".to_owned()),
        )
        .with_text("Sixty episodes.")
        .with_tags(["LeRobot", "odd: \"tag\"\n- x"])
        .with_row("a | b", 1.5)
        .with_usage("pusht train policy --data DIR --out runs")
        .with_settings(serde_json::json!({ "seed": 1 }))
    }

    #[test]
    fn a_card_has_metadata_and_what_is_known() {
        let text = card().text();
        for part in [
            "---\nlicense: \"unknown\"\ntask_categories:\n- \"robotics\"\ntags:\n- \"pusht\"\n- \"LeRobot\"\n- \"odd: \\\"tag\\\"\\n- x\"\n---\n\n# Demonstrations\n\nSixty episodes.\n",
            "**License:** not stated. It follows the videos. State one",
            "| a \\| b | 1.5 |",
            "\"seed\": 1",
            "pusht train policy --data DIR",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let model = Card::new(RepoKind::Model, "m", CardLicense::OfBaseModel)
            .with_base_model("a/b")
            .text();
        assert!(model.contains(
            "license: \"other\"\nlicense_name: \"license-of-the-base-model\"\nbase_model: \"a/b\"\npipeline_tag:"
        ));
        let known = Card::new(RepoKind::Model, "m", CardLicense::Known("mit".to_owned())).text();
        assert!(known.starts_with("---\nlicense: \"mit\"\n") && !known.contains("**License:**"));
    }

    #[test]
    fn a_users_own_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Card::FILE);
        assert!(card().write(folder.path()).unwrap());
        let first = std::fs::read_to_string(&path).unwrap();
        assert!(card().with_row("score", 2).write(folder.path()).unwrap());
        let second = std::fs::read_to_string(&path).unwrap();
        assert!(second != first && second.contains("| score | 2 |"));
        for theirs in [format!("# My own words\n\n{second}"), "mine".to_owned(), String::new()] {
            std::fs::write(&path, &theirs).unwrap();
            assert!(!card().write(folder.path()).unwrap());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), theirs);
        }
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(!card().write(folder.path()).unwrap());
    }
}
