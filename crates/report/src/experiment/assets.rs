//! Images and videos of a run, for embedding in a page.

use super::ExperimentReport;
use crate::html::data_uri;
use std::collections::BTreeMap;
use std::path::Path;

/// Contents of the files named by [`super::Picture::file`].
#[derive(Clone, Debug, Default)]
pub struct Assets {
    files: BTreeMap<String, Vec<u8>>,
}

impl Assets {
    /// Reads the files that `report` refers to from the run's folder. A file that cannot be read or lies outside the
    /// folder is left out; the page notes it in its place.
    pub fn read(report: &ExperimentReport, folder: &Path) -> Self {
        let inside = |file: &str| {
            Path::new(file)
                .components()
                .all(|c| matches!(c, std::path::Component::Normal(_)))
        };
        let others = report.other_generators.iter().flat_map(|other| &other.pictures);
        let files = (report.pictures.iter().chain(others))
            .filter(|p| inside(&p.file))
            .filter_map(|p| Some((p.file.clone(), pusht_jobs::read_file(folder.join(&p.file)).ok()?)));
        Self { files: files.collect() }
    }

    /// Adds the bytes of a file under the name that the report uses.
    pub fn insert(&mut self, file: &str, bytes: Vec<u8>) {
        self.files.insert(file.to_owned(), bytes);
    }

    /// The file as a `data:` URI with its media type; `None` if it is missing or of an unsupported type.
    pub(crate) fn data_uri(&self, file: &str) -> Option<(&'static str, String)> {
        let kind = match Path::new(file).extension()?.to_str()? {
            "png" => "image/png",
            "gif" => "image/gif",
            "mp4" => "video/mp4",
            _ => return None,
        };
        let bytes = self.files.get(file)?;
        Some((kind, data_uri(kind, bytes)))
    }
}
