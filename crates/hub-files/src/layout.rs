//! Which files of a repository a loader needs.

use crate::glob::matches;
use crate::{HubError, HubName};

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
    fn select(&self, names: &[&str]) -> Result<(Vec<usize>, Option<usize>), String> {
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
    fn companions(&self, names: &[&str]) -> Vec<usize> {
        let groups = self.groups.iter().skip(1).filter(|_| self.is_file);
        groups.flat_map(|group| group.of(names)).collect()
    }
}

/// The files of a repository that are needed, and the path of the result in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SelectedFiles {
    /// Indices of the files.
    pub(crate) files: Vec<usize>,
    /// Path of the folder or file for the loader; empty for the whole repository.
    pub(crate) result: String,
}

/// Selects the files of the first layout that the repository has.
///
/// # Errors
/// A path that is not in the repository, or none of the layouts.
pub(crate) fn select(name: &HubName, layouts: &[HubLayout], files: &[&str]) -> Result<SelectedFiles, HubError> {
    let none = |reason: String| HubError::Missing {
        name: name.to_string(),
        reason,
    };
    let in_folder = |folder: &str| -> Vec<(usize, &str)> {
        let names = files.iter().enumerate();
        names
            .filter_map(|(at, file)| Some((at, file.strip_prefix(folder)?)))
            .collect()
    };
    let mut prefix = String::new();
    if let Some(path) = name.path() {
        if let Some(at) = files.iter().position(|file| *file == path) {
            let folder = path.rfind('/').map_or("", |end| &path[..=end]);
            let beside = in_folder(folder);
            let names: Vec<&str> = beside.iter().map(|(_, name)| *name).collect();
            let mut selected: Vec<usize> = layouts
                .iter()
                .flat_map(|layout| layout.companions(&names))
                .map(|companion| beside[companion].0)
                .chain([at])
                .collect();
            selected.sort_unstable();
            selected.dedup();
            return Ok(SelectedFiles {
                files: selected,
                result: path.to_owned(),
            });
        }
        prefix = format!("{path}/");
    }
    let inside = in_folder(&prefix);
    if inside.is_empty() {
        return Err(none(format!(
            "there is no such file or folder; it has {}",
            listed(files)
        )));
    }
    let names: Vec<&str> = inside.iter().map(|(_, name)| *name).collect();
    let mut missing = Vec::new();
    for layout in layouts {
        match layout.select(&names) {
            Err(reason) => missing.push(reason),
            Ok((selected, result)) => {
                let result = match result {
                    Some(only) => format!("{prefix}{}", names[only]),
                    None => prefix.trim_end_matches('/').to_owned(),
                };
                return Ok(SelectedFiles {
                    files: selected.into_iter().map(|at| inside[at].0).collect(),
                    result,
                });
            }
        }
    }
    Err(none(format!(
        "files are missing: {}; it has {}",
        missing.join("; or "),
        listed(&names)
    )))
}

/// The first names of a list, for messages.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 8;
    let mut names = names.to_vec();
    names.sort_unstable();
    match names.len() {
        0 => "no files".to_owned(),
        count if count > MOST => format!("{}, … ({count} files)", names[..MOST].join(", ")),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RepoKind;

    fn model() -> HubLayout {
        HubLayout::new("a model")
            .with(FileGroup::required(["vae/config.json"]))
            .with(FileGroup::required(["vae/*.safetensors*", "vae/*.bin*"]))
            .with(FileGroup::optional(["scheduler/config.json"]))
            .with_hint("older ones are converted first")
    }

    fn selected<'a>(text: &str, layouts: &[HubLayout], files: &[&'a str]) -> Result<(Vec<&'a str>, String), String> {
        let name = HubName::parse(RepoKind::Model, text).unwrap();
        match select(&name, layouts, files) {
            Ok(found) => Ok((found.files.iter().map(|&at| files[at]).collect(), found.result)),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn only_the_needed_files_are_selected() {
        let files = [
            "README.md",
            "assets/film.mp4",
            "vae/config.json",
            "vae/m-1.safetensors",
            "vae/m.safetensors.index.json",
            "vae/m.bin",
        ];
        let (found, result) = selected("a/b", &[model()], &files).unwrap();
        assert_eq!((found, result.as_str()), (files[2..5].to_vec(), ""));
        let nested = files.map(|file| format!("v1/{file}"));
        let nested: Vec<&str> = nested.iter().map(String::as_str).collect();
        let (found, result) = selected("a/b/v1", &[model()], &nested).unwrap();
        assert_eq!((found, result.as_str()), (nested[2..5].to_vec(), "v1"));
        let (found, result) = selected("a/b/vae/m.bin", &[model()], &files).unwrap();
        assert_eq!((found, result.as_str()), (vec!["vae/m.bin"], "vae/m.bin"));
    }

    #[test]
    fn the_first_layout_that_fits_is_taken() {
        let layouts = [
            model(),
            HubLayout::file("a checkpoint", ["*.ckpt"]).with(FileGroup::optional(["train.json"])),
        ];
        assert_eq!(
            selected("a/b", &layouts, &["README.md", "x.ckpt"]).unwrap(),
            (vec!["x.ckpt"], "x.ckpt".to_owned())
        );
        let several = selected("a/b", &layouts, &["x.ckpt", "y.ckpt"]).unwrap_err();
        assert!(
            several.contains("there are x.ckpt, y.ckpt: add the path of one"),
            "{several}"
        );
        let both = ["a/README.md", "a/train.json", "a/x.ckpt", "a/y.ckpt", "train.json"];
        let expected = (vec!["a/train.json", "a/y.ckpt"], "a/y.ckpt".to_owned());
        assert_eq!(selected("a/b/a/y.ckpt", &layouts, &both).unwrap(), expected);
        let none = selected("a/b", &layouts, &["README.md", "vae/config.json"]).unwrap_err();
        assert!(
            none.contains("a model has vae/*.safetensors* or vae/*.bin*; older ones are converted first")
                && none.contains("a checkpoint has *.ckpt")
                && none.contains("it has README.md, vae/config.json"),
            "{none}"
        );
        let nowhere = selected("a/b/c", &layouts, &["README.md"]).unwrap_err();
        assert!(
            nowhere.contains("no such file or folder; it has README.md"),
            "{nowhere}"
        );
    }
}
