//! `pusht demos fetch` with the public demonstrations, if `PUSHT_REFERENCE` points to them.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use common::json;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

const NAME: &str = "pusht_cchi_v7_replay.zarr";

fn real_set() -> Result<PathBuf, String> {
    Ok(test_support::reference()?.join("data/pusht").join(NAME))
}

fn add(writer: &mut zip::ZipWriter<File>, folder: &Path, prefix: &str) {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}/{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            add(writer, &path, &name);
        } else {
            writer.start_file(name, options).unwrap();
            writer.write_all(&std::fs::read(path).unwrap()).unwrap();
        }
    }
}

fn the_public_demonstrations_are_known(set: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut writer = zip::ZipWriter::new(File::create(folder.join("pusht.zip")).unwrap());
    add(&mut writer, set, &format!("pusht/{NAME}"));
    writer.finish().unwrap();
    let fetched = json(folder, &["demos", "fetch", "--out", "human", "--from", "pusht.zip"]);
    assert_eq!(fetched["data"], format!("human/{NAME}"));
    assert_eq!(
        (fetched["episodes"].as_u64(), fetched["frames"].as_u64()),
        (Some(206), Some(25_650))
    );
}

test_support::main!(real_set => [the_public_demonstrations_are_known]);
