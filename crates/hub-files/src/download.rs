//! A file of any address.

use std::fs::{self, OpenOptions};
use std::path::Path;

use pusht_jobs::JobContext;

use crate::fetch::megabytes;
use crate::http::Http;
use crate::transfer::{Transfer, lock};
use crate::{HubError, HubSettings};

/// What is known of a download before it begins.
#[derive(Clone, Debug)]
pub struct DownloadLimits<'a> {
    /// Largest size, bytes.
    pub most_bytes: u64,
    /// Size for the display of the progress, bytes.
    pub about_bytes: u64,
    /// What to do without a network, for messages.
    pub advice: &'a str,
}

/// Downloads `url` to the file `to`, which is there only when it is complete: until then the bytes are in
/// `TO.incomplete`, where the same call continues. The hash is for the caller to check. Of `settings` it uses timeout, attempts
/// and pause.
///
/// # Errors
/// An address that cannot be reached or refuses, a file above the limit, or a folder that cannot be written.
pub fn download(
    url: &str,
    to: &Path,
    limits: &DownloadLimits,
    settings: &HubSettings,
    ctx: &mut JobContext,
) -> Result<(), HubError> {
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(HubError::Answer {
            url: url.to_owned(),
            reason: "expected an address that begins with https:// or http://".to_owned(),
        });
    }
    if settings.offline {
        return Err(HubError::Unreachable {
            url: url.to_owned(),
            reason: "HF_HUB_OFFLINE is set, so that nothing is downloaded".to_owned(),
            advice: limits.advice.to_owned(),
        });
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(HubError::io(folder))?;
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".incomplete");
    let partial = Path::new(&partial);
    let held = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(partial);
    let _held = lock(held.map_err(HubError::io(partial))?, partial, ctx.cancel_flag())?;
    if to.exists() {
        return Ok(());
    }
    let http = Http::new(settings);
    let name = url.rsplit('/').next().unwrap_or(url);
    let task = ctx.task(
        &format!("download {name}"),
        megabytes(limits.about_bytes).max(1),
        "megabyte",
    );
    let transfer = Transfer {
        http: &http,
        url,
        name: None,
        size: None,
        checksum: None,
        most: limits.most_bytes,
        advice: limits.advice,
        cancel: task.cancel_flag(),
        progress: &|bytes| task.advance_to(megabytes(bytes), ""),
    };
    if let Err(error) = transfer.run(partial) {
        if fs::metadata(partial).is_ok_and(|partial| partial.len() == 0) {
            fs::remove_file(partial).map_err(HubError::io(partial))?;
        }
        return Err(error);
    }
    fs::rename(partial, to).map_err(HubError::io(to))?;
    let size = fs::metadata(to).map_err(HubError::io(to))?.len();
    task.finish(&format!("{:.1} MB", size as f64 / 1e6));
    Ok(())
}
