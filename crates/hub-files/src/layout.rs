//! Which files of a repository a loader needs.

use crate::glob::matches;

/// Files that belong together: those of the first of several patterns that there are.
#[derive(Clone, Debug)]
pub struct FileGroup {
    patterns: Vec<String>,
    required: bool,
}

impl FileGroup {
    /// Files without which a repository has another layout. In a pattern `*` stands for any characters but `/`, `**` for any.
    pub fn required(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            patterns: patterns.into_iter().map(Into::into).collect(),
            required: true,
        }
    }

    /// Files that are taken if they are there.
    pub fn optional(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            required: false,
            ..Self::required(patterns)
        }
    }

    /// Indices of its files among `names`.
    fn of(&self, names: &[&str]) -> Vec<usize> {
        let found =
            |pattern: &String| -> Vec<usize> { (0..names.len()).filter(|&at| matches(pattern, names[at])).collect() };
        self.patterns
            .iter()
            .map(found)
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }
}

/// A layout of repositories that a loader reads.
#[derive(Clone, Debug)]
pub struct HubLayout {
    what: String,
    groups: Vec<FileGroup>,
    is_file: bool,
    hint: String,
}

impl HubLayout {
    /// A layout without files; `what` names it in messages, such as "a LeRobot dataset".
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            groups: Vec::new(),
            is_file: false,
            hint: String::new(),
        }
    }

    /// A layout of one file, of the first of these patterns that there is; the loader wants its path in place of the folder's.
    /// Files that are added accompany it.
    pub fn file(what: impl Into<String>, patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            is_file: true,
            ..Self::new(what).with(FileGroup::required(patterns))
        }
    }

    /// Adds files.
    #[must_use]
    pub fn with(mut self, group: FileGroup) -> Self {
        self.groups.push(group);
        self
    }

    /// Adds what a message says where required files are missing.
    #[must_use]
    pub fn with_hint(mut self, hint: &str) -> Self {
        self.hint = format!("; {hint}");
        self
    }

    /// Indices of its files among `names`, sorted, and of the one that is the result, if it is one; or what is missing.
    pub(crate) fn select(&self, names: &[&str]) -> Result<(Vec<usize>, Option<usize>), String> {
        let (mut selected, mut missing) = (Vec::new(), Vec::new());
        for group in &self.groups {
            let files = group.of(names);
            if files.is_empty() && group.required {
                missing.push(group.patterns.join(" or "));
            }
            selected.extend(files);
        }
        if !missing.is_empty() {
            return Err(format!("{} has {}{}", self.what, missing.join(", "), self.hint));
        }
        let result = match (self.is_file, self.groups.first()) {
            (true, Some(first)) => match first.of(names)[..] {
                [one] => Some(one),
                ref several => {
                    let named: Vec<&str> = several.iter().map(|&at| names[at]).collect();
                    return Err(format!(
                        "{} is one file, and there are {}: add the path of one to the name",
                        self.what,
                        listed(&named)
                    ));
                }
            },
            _ => None,
        };
        selected.sort_unstable();
        selected.dedup();
        Ok((selected, result))
    }

    /// The files that accompany a file that was named.
    pub(crate) fn companions(&self, names: &[&str]) -> Vec<usize> {
        let groups = self.groups.iter().skip(1).filter(|_| self.is_file);
        groups.flat_map(|group| group.of(names)).collect()
    }
}

/// The first names of a list, for messages.
pub(crate) fn listed(names: &[&str]) -> String {
    const MOST: usize = 8;
    let mut names = names.to_vec();
    names.sort_unstable();
    match names.len() {
        0 => "no files".to_owned(),
        count if count > MOST => format!("{}, … ({count} files)", names[..MOST].join(", ")),
        _ => names.join(", "),
    }
}
