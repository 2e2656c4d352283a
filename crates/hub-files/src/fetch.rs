//! Downloads the files of a repository into the cache.

use std::fs::{self, OpenOptions};
use std::path::Path;

use pusht_jobs::{JobContext, Task, counted};

use crate::cache::RepoCache;
use crate::checksum::Checksum;
use crate::http::Http;
use crate::listing::Listing;
use crate::paths::percent_encoded;
use crate::selection::select;
use crate::transfer::{Transfer, lock};
use crate::{Hub, HubError, HubFolder, HubLayout, HubName, RepoKind};

/// A file that is not in the cache.
struct MissingFile<'a> {
    path: &'a str,
    size: u64,
    checksum: &'a Checksum,
}

impl Hub {
    /// Finds the files on the Hub and downloads those that are not in the cache.
    pub(crate) fn fetch(
        &self,
        name: &HubName,
        layouts: &[HubLayout],
        ctx: &mut JobContext,
    ) -> Result<HubFolder, HubError> {
        let (http, cache) = (Http::new(&self.settings), RepoCache::new(&self.settings.cache, name));
        let advice = self.by_hand(name);
        let list = Listing::get(&http, name, &advice, ctx.cancel_flag())?;
        let paths: Vec<&str> = list.files.iter().map(|file| file.path.as_str()).collect();
        let selected = select(name, layouts, &paths)?;
        let mut missing = Vec::new();
        for &at in &selected.files {
            let (size, checksum) = list.checks(at)?;
            let path = paths[at];
            if has_size(&cache.snapshot(&list.commit).join(path), size) {
                continue;
            }
            if has_size(&cache.blob(checksum.hash()), size) {
                cache.link(&list.commit, path, checksum.hash())?;
                continue;
            }
            missing.push(MissingFile { path, size, checksum });
        }
        if !missing.is_empty() {
            let total = missing.iter().map(|file| file.size).fold(0, u64::saturating_add);
            let task = ctx.task(
                &format!("download {}", name.repository()),
                megabytes(total).max(1),
                "megabyte",
            );
            let present = |file: &MissingFile| {
                let partial = fs::metadata(cache.blob(&format!("{}.incomplete", file.checksum.hash())));
                partial.map_or(0, |partial| partial.len().min(file.size))
            };
            task.resume(megabytes(missing.iter().map(present).fold(0, u64::saturating_add)));
            let job = FileJob {
                http: &http,
                cache: &cache,
                name,
                commit: &list.commit,
                advice: &advice,
            };
            let mut before = 0;
            for file in &missing {
                let progress = |bytes: u64| task.advance_to(megabytes(before + bytes), file.path);
                job.run(file, &task, &progress)?;
                before = before.saturating_add(file.size);
            }
            task.finish(&format!(
                "{}, {:.1} MB",
                counted(missing.len(), "file"),
                total as f64 / 1e6
            ));
        }
        cache.remember(name.revision(), &list.commit)?;
        Ok(HubFolder {
            path: cache.snapshot(&list.commit).join(&selected.result),
            name: name.at(&list.commit),
        })
    }
}

/// What the downloads of all files share.
struct FileJob<'a> {
    http: &'a Http<'a>,
    cache: &'a RepoCache,
    name: &'a HubName,
    commit: &'a str,
    advice: &'a str,
}

impl FileJob<'_> {
    fn run(&self, file: &MissingFile, task: &Task, progress: &dyn Fn(u64)) -> Result<(), HubError> {
        let Self {
            http,
            cache,
            name,
            commit,
            advice,
        } = *self;
        let hash = file.checksum.hash();
        let (blob, partial, lock_file) = (
            cache.blob(hash),
            cache.blob(&format!("{hash}.incomplete")),
            cache.lock(hash),
        );
        for path in [&blob, &lock_file] {
            let folder = path.parent().unwrap_or(path);
            fs::create_dir_all(folder).map_err(HubError::io(folder))?;
        }
        let held = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_file);
        let _held = lock(held.map_err(HubError::io(&lock_file))?, &lock_file, task.cancel_flag())?;
        // Another process may have finished it while this one waited.
        if !has_size(&blob, file.size) {
            let dataset = match name.kind {
                RepoKind::Model => "",
                RepoKind::Dataset => "datasets/",
            };
            let url = format!(
                "{}/{dataset}{}/resolve/{commit}/{}",
                http.settings.endpoint,
                name.repository(),
                percent_encoded(file.path, true)
            );
            let transfer = Transfer {
                http,
                url: &url,
                name: Some(name),
                size: Some(file.size),
                checksum: Some(file.checksum),
                most: file.size,
                advice,
                cancel: task.cancel_flag(),
                progress,
            };
            transfer.run(&partial)?;
            fs::rename(&partial, &blob).map_err(HubError::io(&blob))?;
        }
        progress(file.size);
        cache.link(commit, file.path, hash)
    }
}

fn has_size(path: &Path, size: u64) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == size)
}

/// 10⁶ bytes, rounded.
pub(crate) fn megabytes(bytes: u64) -> usize {
    usize::try_from((bytes.saturating_add(500_000)) / 1_000_000).unwrap_or(usize::MAX)
}
