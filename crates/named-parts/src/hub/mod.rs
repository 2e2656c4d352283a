//! Names of the Hugging Face Hub, `hub:OWNER/NAME[@REVISION][/PATH]`, in place of paths. They are looked up here and nowhere else:
//! everything behind it gets a local path.

pub mod layouts;
mod weights;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hub_files::{Hub, HubFolder, HubLayout, HubName, RepoKind};
use idm::IdmSpec;
use pusht_jobs::JobContext;
use video_gen::ModelSpec;

pub use weights::fetch_imagenet;

/// Whether text is a name of the Hub.
pub fn is_name(text: &Path) -> bool {
    text.to_str().is_some_and(|text| text.starts_with(HubName::PREFIX))
}

/// The local path of what an option names: itself, unless it is a name of the Hub.
///
/// # Errors
/// A failed download; a repository without such files.
pub fn locate(
    option: &str,
    path: &Path,
    kind: RepoKind,
    layouts: &[HubLayout],
    ctx: &mut JobContext,
) -> Result<PathBuf> {
    let name = path.to_str().and_then(|text| text.strip_prefix(HubName::PREFIX));
    match name {
        Some(name) => Ok(find(option, name, kind, layouts, ctx)?.path),
        None => Ok(path.to_path_buf()),
    }
}

/// As [`locate`], of an option that may not be given, for a model's files.
///
/// # Errors
/// A failed download; a repository without such files.
pub fn locate_given(
    option: &str,
    path: Option<PathBuf>,
    layouts: &[HubLayout],
    ctx: &mut JobContext,
) -> Result<Option<PathBuf>> {
    path.map(|path| locate(option, &path, RepoKind::Model, layouts, ctx))
        .transpose()
}

/// A video model whose files are here. `text`: whether its text encoder is somewhere else.
///
/// # Errors
/// A failed download; a repository without such files.
pub fn locate_model(option: &str, model: ModelSpec, text: bool, ctx: &mut JobContext) -> Result<ModelSpec> {
    let Some(name) = model.hub_name() else {
        return Ok(model);
    };
    let layouts = layouts::video_model(model.info().name, text);
    let found = find(option, name, RepoKind::Model, &layouts, ctx)?;
    Ok(model.located(found.path, found.name.to_string()))
}

/// Inverse dynamics whose file is here.
///
/// # Errors
/// A failed download; a repository without such files.
pub fn locate_idm(option: &str, idm: IdmSpec, ctx: &mut JobContext) -> Result<IdmSpec> {
    let mut file = |path: PathBuf, layout| locate(option, &path, RepoKind::Model, &[layout], ctx);
    Ok(match idm {
        IdmSpec::Learned(path) => IdmSpec::Learned(file(path, layouts::learned_idm())?),
        IdmSpec::Uva(path) => IdmSpec::Uva(file(path, layouts::uva())?),
        other => other,
    })
}

fn find(option: &str, name: &str, kind: RepoKind, layouts: &[HubLayout], ctx: &mut JobContext) -> Result<HubFolder> {
    let mut found = || anyhow::Ok(Hub::from_env()?.locate(&HubName::parse(kind, name)?, layouts, ctx)?);
    found().with_context(|| format!("{option} {}{name}", HubName::PREFIX))
}
