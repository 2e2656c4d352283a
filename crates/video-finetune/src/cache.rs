//! Cache of latents and text embeddings on disk, so that neither autoencoder nor text encoder is in memory while the
//! transformer trains.
//!
//! A file's name is a hash of its inputs: fingerprints of the model's files, the relevant settings, the pixels of the
//! clip or the text of the prompt. Existing files are reused.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use nn_kit::{Checkpoint, save_safetensors};
use pusht_env::Frame;
use pusht_jobs::{Hasher, JobContext, counted, files_at};

use crate::clips::{ClipData, ClipPlace};
use crate::error::FinetuneError;

/// Number of bytes read in a file at its start and end, and in between.
const END: u64 = 1 << 20;
const SAMPLE: u64 = 4096;
const SAMPLES: u64 = 256;

/// Training data of one clip.
#[derive(Clone, Debug)]
pub(crate) struct Latents {
    /// Latents of the clip, `[channels, frames, rows, columns]`.
    pub(crate) clip: TensorData,
    /// Latents for conditioning on its last frame, `[channels, 1, rows, columns]`.
    pub(crate) last: TensorData,
}

/// Cache folder of latents and embeddings.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(crate) fn open(folder: &Path) -> Result<Self, FinetuneError> {
        std::fs::create_dir_all(folder).map_err(FinetuneError::io("creating", folder))?;
        Ok(Self {
            folder: folder.to_path_buf(),
        })
    }

    /// Reads the tensors with a key, if they exist and are intact.
    pub(crate) fn get(&self, kind: &str, key: &str, names: [&str; 2]) -> Option<[TensorData; 2]> {
        let file = Checkpoint::open(&self.path(kind, key)).ok()?;
        Some([file.values(names[0]).ok()?, file.values(names[1]).ok()?])
    }

    pub(crate) fn put(
        &self,
        kind: &str,
        key: &str,
        names: [&str; 2],
        tensors: [TensorData; 2],
    ) -> Result<(), FinetuneError> {
        let path = self.path(kind, key);
        let named = names.map(String::from).into_iter().zip(tensors);
        save_safetensors(&path, &named.collect::<BTreeMap<_, _>>()).map_err(FinetuneError::io("writing", &path))
    }

    fn path(&self, kind: &str, key: &str) -> PathBuf {
        self.folder.join(format!("{kind}-{key}.safetensors"))
    }

    /// Latents of clips in the order of their places, and a key of all of them. `open` is called for the first one that
    /// is missing; `made` identifies the method.
    pub(crate) fn latents<E>(
        &self,
        clips: Clips<'_>,
        made: &str,
        mut open: impl FnMut() -> Result<E, FinetuneError>,
        mut encode: impl FnMut(&E, &[Frame]) -> Result<Latents, FinetuneError>,
        ctx: &mut JobContext,
    ) -> Result<(Vec<Latents>, String), FinetuneError> {
        const NAMES: [&str; 2] = ["clip", "last"];
        let (mut encoder, mut keys) = (None, String::new());
        let (mut all, mut new) = (Vec::with_capacity(clips.places.len()), 0);
        let task = ctx.task("clips to latents", clips.places.len(), "clip");
        clips.data.each(clips.places, clips.frames, &mut |done, frames| {
            task.check()?;
            let key = clip_key(made, frames);
            keys += &key;
            let latents = match self.get("clip", &key, NAMES) {
                Some([clip, last]) => Latents { clip, last },
                None => {
                    let encoder = match &mut encoder {
                        Some(encoder) => encoder,
                        none => none.insert(open()?),
                    };
                    let latents = encode(encoder, frames)?;
                    self.put("clip", &key, NAMES, [latents.clip.clone(), latents.last.clone()])?;
                    new += 1;
                    latents
                }
            };
            all.push(latents);
            task.advance_to(done + 1, "");
            Ok(())
        })?;
        task.finish(&format!("{}, {new} of them new", counted(all.len(), "clip")));
        Ok((all, text_key(made, &keys)))
    }
}

/// Clips of a dataset.
#[derive(Clone, Copy)]
pub(crate) struct Clips<'a> {
    pub(crate) data: &'a ClipData,
    pub(crate) places: &'a [ClipPlace],
    pub(crate) frames: usize,
}

/// The key of a clip's latents.
fn clip_key(made: &str, frames: &[Frame]) -> String {
    let mut hash = Hasher::new();
    hash.bytes(made);
    for frame in frames {
        hash.bytes(frame.width().to_le_bytes());
        hash.bytes(frame.height().to_le_bytes());
        hash.bytes(frame.as_raw());
    }
    short(hash)
}

/// The key of a text.
pub(crate) fn text_key(made: &str, text: &str) -> String {
    let mut hash = Hasher::new();
    hash.bytes(made);
    hash.bytes([0]);
    hash.bytes(text);
    short(hash)
}

/// Fingerprint of a file, or of the files of a folder: names, lengths, start and end and 256 places in between. Trained
/// weights differ everywhere; reading all of them would take a minute for the largest.
pub(crate) fn fingerprint(path: &Path) -> Result<String, FinetuneError> {
    let files = files_at(path).map_err(FinetuneError::io("reading", path))?;
    let mut hash = Hasher::new();
    for file in files {
        hash.bytes(file.file_name().unwrap_or_default().as_encoded_bytes());
        samples(&file, &mut hash).map_err(FinetuneError::io("reading", &file))?;
    }
    Ok(short(hash))
}

fn samples(path: &Path, hash: &mut Hasher) -> std::io::Result<()> {
    let mut file = pusht_jobs::open_file(path)?;
    let length = file.metadata()?.len();
    hash.bytes(length.to_le_bytes());
    let mut take = |from: u64, count: u64| -> std::io::Result<()> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        (&file).take(count).read_to_end(&mut bytes)?;
        hash.bytes(&bytes);
        Ok(())
    };
    if length <= 2 * END + SAMPLES * SAMPLE {
        return take(0, length);
    }
    take(0, END)?;
    for i in 0..SAMPLES {
        take(END + i * ((length - 2 * END) / SAMPLES), SAMPLE)?;
    }
    take(length - END, END)
}

fn short(hash: Hasher) -> String {
    let mut key = hash.finish();
    key.truncate(32);
    key
}
