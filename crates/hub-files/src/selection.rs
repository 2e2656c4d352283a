//! Selection of the files of a repository.

use crate::layout::listed;
use crate::{HubError, HubLayout, HubName};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileGroup, RepoKind};

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
