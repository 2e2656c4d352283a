//! `pusht demos fetch`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use hub_files::{UnpackLimits, unpack_zip};
use pusht_jobs::{StagedFolder, counted, is_hidden, plain_path};
use serde_json::json;

use super::known_set::check;
use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Where the public demonstrations are.
const ADDRESS: &str = "https://diffusion-policy.cs.columbia.edu/data/training/pusht.zip";
/// About the size of that archive, and the most that is accepted, bytes.
#[cfg(feature = "hub")]
const SIZE: (u64, u64) = (31_000_000, 1_000_000_000);
const LIMITS: UnpackLimits = UnpackLimits {
    most_bytes: 4_000_000_000,
    most_files: 200_000,
};
/// Deepest folder in which the dataset is looked for in the archive.
const DEEPEST: usize = 3;

/// Download the human demonstrations of Diffusion Policy: 206 episodes, 25,650 frames, as a zarr replay buffer
///
/// What is unpacked must be that dataset, number by number and pixel by pixel. --out appears only when it is complete; a stopped
/// download continues with the same command.
#[derive(Args)]
pub(crate) struct Fetch {
    /// Folder to write, which gets the dataset and a README.md
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Another address of the zip archive, or the archive, downloaded by hand
    #[arg(long, value_name = "URL|FILE", default_value = ADDRESS)]
    from: String,
    /// Accept an archive with another zarr replay buffer
    #[arg(long)]
    any_set: bool,
}

impl Fetch {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let out = plain_path(&self.out);
        if out.exists() {
            let data = find_zarr(&out)?;
            let data =
                data.with_context(|| format!("{} is there and holds no dataset; choose another --out", out.display()))?;
            let content = check(&data, self.any_set, &mut session.ctx).with_context(|| data.display().to_string())?;
            let text = format!("{}, already there", said(&content, &data));
            return Ok(Outcome::new(text, &json(&content, &data, true))?);
        }
        let (archive, downloaded) = self.archive(&out, session)?;
        let unpacked = self.unpack(&archive, &out, session);
        if downloaded {
            // Also where it was not what it should be, so that the same command downloads it again.
            fs::remove_file(&archive).with_context(|| archive.display().to_string())?;
        }
        let (content, data) = unpacked?;
        Ok(Outcome::new(said(&content, &data), &json(&content, &data, false))?)
    }

    /// The archive, and whether it was downloaded beside the folder.
    fn archive(&self, out: &Path, session: &mut Session) -> Result<(PathBuf, bool)> {
        if !self.from.contains("://") {
            let file = PathBuf::from(&self.from);
            ensure!(
                file.is_file(),
                "--from {}: no such file; expected a zip archive or an address that begins with https://",
                self.from
            );
            return Ok((file, false));
        }
        let mut archive = out.as_os_str().to_owned();
        archive.push(".zip");
        let archive = PathBuf::from(archive);
        download(&self.from, &archive, session)?;
        Ok((archive, true))
    }

    /// Unpacks, checks, and only then makes the folder.
    fn unpack(
        &self,
        archive: &Path,
        out: &Path,
        session: &mut Session,
    ) -> Result<(super::known_set::Content, PathBuf)> {
        let folder = || StagedFolder::beside(out).with_context(|| out.display().to_string());
        let (unpacked, made) = (folder()?, folder()?);
        unpack_zip(archive, unpacked.path(), LIMITS, &mut session.ctx)?;
        let data = find_zarr(unpacked.path())?;
        let data =
            data.with_context(|| format!("--from {}: there is no zarr replay buffer in the archive", self.from))?;
        let content = check(&data, self.any_set, &mut session.ctx).with_context(|| format!("--from {}", self.from))?;
        let name = data.file_name().context("the dataset has no name")?;
        fs::rename(&data, made.path().join(name)).with_context(|| out.display().to_string())?;
        cards::fetched(
            &self.from,
            name,
            content.episodes,
            content.frames,
            &content.sha256,
            self.any_set,
        )
        .write(made.path())
        .with_context(|| out.display().to_string())?;
        made.commit().with_context(|| out.display().to_string())?;
        Ok((content, out.join(name)))
    }
}

fn said(content: &super::known_set::Content, data: &Path) -> String {
    let (episodes, frames) = (counted(content.episodes, "episode"), counted(content.frames, "frame"));
    format!("{episodes}, {frames} in {}", data.display())
}

fn json(content: &super::known_set::Content, data: &Path, already: bool) -> serde_json::Value {
    json!({
        "data": data, "episodes": content.episodes, "frames": content.frames, "content_sha256": content.sha256,
        "already_there": already,
    })
}

/// The only zarr replay buffer in a folder.
fn find_zarr(folder: &Path) -> Result<Option<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        if folder.join("data").is_dir() && folder.join("meta").is_dir() {
            found.push(folder);
            continue;
        }
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() && !is_hidden(&path) && depth < DEEPEST {
                folders.push((path, depth + 1));
            }
        }
    }
    match found.len() {
        0 | 1 => Ok(found.pop()),
        several => bail!("{}: {several} datasets; expected one", folder.display()),
    }
}

#[cfg(feature = "hub")]
fn download(url: &str, to: &Path, session: &mut Session) -> Result<()> {
    use hub_files::{DownloadLimits, HubSettings};
    let advice = format!(
        "What to do: behind a proxy set HTTPS_PROXY; without a network download {url} elsewhere and give the file: --from FILE"
    );
    let limits = DownloadLimits {
        most_bytes: SIZE.1,
        about_bytes: SIZE.0,
        advice: &advice,
    };
    hub_files::download(url, to, &limits, &HubSettings::from_env()?, &mut session.ctx)
        .with_context(|| format!("--from {url}"))
}

#[cfg(not(feature = "hub"))]
fn download(url: &str, _: &Path, _: &mut Session) -> Result<()> {
    bail!(
        "--from {url}: this program was built without downloads (feature `hub`); download the file and give it: --from FILE"
    )
}
