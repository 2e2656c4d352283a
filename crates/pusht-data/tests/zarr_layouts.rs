//! Zarr arrays as zarr-python writes them by default or on request, versions 2 and 3. The chunks are made here, by the
//! specification.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;

use pusht_data::{Episode, ReplayBuffer};
use pusht_jobs::JobContext;
use serde_json::{Value, json};

/// Rows, height and width of the frames.
const SHAPE: [usize; 4] = [5, 4, 6, 3];

/// An array in C order.
#[derive(Clone)]
struct Array {
    name: &'static str,
    dtype: &'static str,
    shape: Vec<usize>,
    chunks: Vec<usize>,
    bytes: Vec<u8>,
}

type Pack = fn(&[u8]) -> Vec<u8>;

fn plain(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    // One run of literals, which is a block of LZ4 for up to 269 bytes.
    let n = bytes.len();
    assert!((15..270).contains(&n));
    let mut out = (n as u32).to_le_bytes().to_vec();
    out.extend([0xF0, (n - 15) as u8]);
    out.extend(bytes);
    out
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg())
        })
    })
}

fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let mut out = zstd(bytes);
    out.extend(crc32c(&out).to_le_bytes());
    out
}

impl Array {
    fn element(&self) -> usize {
        self.bytes.len() / self.shape.iter().product::<usize>()
    }

    /// Numbers of the chunks along every axis, one list per chunk.
    fn keys(&self) -> Vec<Vec<usize>> {
        let sides = self.shape.iter().zip(&self.chunks);
        sides.fold(vec![Vec::new()], |keys, (n, side)| {
            let longer = |key: &Vec<usize>| {
                (0..n.div_ceil(*side))
                    .map(|i| [&key[..], &[i]].concat())
                    .collect::<Vec<_>>()
            };
            keys.iter().flat_map(longer).collect()
        })
    }

    /// Bytes of a chunk of this shape that begins at `first`; what lies outside the array is 7. In order F the first axis is the
    /// fastest.
    fn chunk(&self, first: &[usize], shape: &[usize], order_f: bool) -> Vec<u8> {
        let size = self.element();
        let mut out = Vec::new();
        for place in 0..shape.iter().product::<usize>() {
            let mut rest = place;
            let mut at = vec![0; shape.len()];
            let axes: Vec<usize> = if order_f {
                (0..shape.len()).collect()
            } else {
                (0..shape.len()).rev().collect()
            };
            for axis in axes {
                at[axis] = first[axis] + rest % shape[axis];
                rest /= shape[axis];
            }
            if at.iter().zip(&self.shape).any(|(i, n)| i >= n) {
                out.extend(vec![7; size]);
                continue;
            }
            let flat = at.iter().zip(&self.shape).fold(0, |flat, (i, n)| flat * n + i);
            out.extend(&self.bytes[flat * size..(flat + 1) * size]);
        }
        out
    }

    fn first(&self, key: &[usize]) -> Vec<usize> {
        key.iter().zip(&self.chunks).map(|(i, side)| i * side).collect()
    }

    fn v2(&self, path: &Path, order: &str, separator: &str, compressor: Value, pack: Pack) {
        let folder = path.join(self.name);
        std::fs::create_dir_all(&folder).unwrap();
        let metadata = json!({
            "zarr_format": 2, "shape": self.shape, "chunks": self.chunks, "dtype": self.dtype, "order": order,
            "fill_value": 0, "filters": null, "compressor": compressor, "dimension_separator": separator,
        });
        std::fs::write(folder.join(".zarray"), metadata.to_string()).unwrap();
        for key in self.keys() {
            let names: Vec<String> = key.iter().map(ToString::to_string).collect();
            let file = folder.join(names.join(separator));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, pack(&self.chunk(&self.first(&key), &self.chunks, order == "F"))).unwrap();
        }
    }

    /// Version 3: `codecs` after `bytes`; a chunk for which `pack` returns nothing is not stored.
    fn v3(&self, path: &Path, codecs: Value, fill: Value, pack: &dyn Fn(&Self, &[usize]) -> Vec<u8>) {
        let folder = path.join(self.name);
        std::fs::create_dir_all(&folder).unwrap();
        let metadata = json!({
            "zarr_format": 3, "node_type": "array", "shape": self.shape, "data_type": self.dtype, "fill_value": fill,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": self.chunks}},
            "chunk_key_encoding": {"name": "default"}, "codecs": codecs, "attributes": {},
        });
        std::fs::write(folder.join("zarr.json"), metadata.to_string()).unwrap();
        for key in self.keys() {
            let bytes = pack(self, &key);
            if bytes.is_empty() {
                continue;
            }
            let file = key.iter().fold(folder.join("c"), |file, i| file.join(i.to_string()));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
    }
}

/// The four arrays of a replay buffer: frames, actions, states, ends.
fn arrays() -> [Array; 4] {
    let floats = |n: usize| (0..n).flat_map(|i| (i as f32 + 0.5).to_le_bytes()).collect();
    let array = |name, dtype, shape: &[usize], bytes| Array {
        name,
        dtype,
        shape: shape.to_vec(),
        chunks: shape.to_vec(),
        bytes,
    };
    let frames = (0..SHAPE.iter().product::<usize>()).map(|i| (i % 251) as u8).collect();
    let ends = [2_i64, 5].iter().flat_map(|end| end.to_le_bytes()).collect();
    [
        array("data/img", "|u1", &SHAPE, frames),
        array("data/action", "<f4", &[5, 2], floats(10)),
        array("data/state", "<f4", &[5, 5], floats(25)),
        array("meta/episode_ends", "<i8", &[2], ends),
    ]
}

fn read(path: &Path) -> Result<Vec<Episode>, String> {
    let buffer = ReplayBuffer::open(path).map_err(|e| e.to_string())?;
    let episodes = buffer.episodes(0..buffer.len(), &mut JobContext::silent());
    // Any part is the same as in the whole.
    for (index, episode) in episodes.iter().flatten().enumerate() {
        let one = buffer.episodes(index..index + 1, &mut JobContext::silent()).unwrap();
        assert_eq!(&one[0], episode);
    }
    episodes.map_err(|e| e.to_string())
}

fn check(path: &Path, what: &str) {
    let episodes = read(path);
    assert!(episodes.is_ok(), "{what}: {episodes:?}");
    let episodes = episodes.unwrap();
    let [frames, ..] = arrays();
    let found: Vec<u8> = episodes
        .iter()
        .flat_map(|e| &e.frames)
        .flat_map(|f| f.as_raw().clone())
        .collect();
    assert_eq!(found, frames.bytes, "{what}");
    assert_eq!(episodes[1].actions[0], [4.5, 5.5], "{what}");
    let last = episodes[1].states.as_ref().unwrap()[2].to_row();
    assert_eq!(last, [20.5, 21.5, 22.5, 23.5, 24.5], "{what}");
}

/// Writes the four arrays, the frames as told, the others as plain chunks of version 2, and reads them back.
fn with_frames(what: &str, write: impl FnOnce(&mut Array, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    for mut array in arrays().into_iter().skip(1) {
        array.chunks[0] = 2;
        array.v2(folder.path(), "C", ".", Value::Null, plain);
    }
    write(&mut arrays()[0], folder.path());
    check(folder.path(), what);
}

#[test]
fn compressors_of_version_2() {
    for (id, pack) in [("gzip", gzip as Pack), ("zlib", zlib), ("zstd", zstd), ("lz4", lz4)] {
        for chunks in [[2, 4, 6, 3], [5, 2, 4, 2]] {
            with_frames(id, |frames, path| {
                frames.chunks = chunks.to_vec();
                frames.v2(path, "C", ".", json!({"id": id, "level": 1}), pack);
            });
        }
    }
}

#[test]
fn orders_separators_and_chunks_of_any_shape() {
    for order in ["C", "F"] {
        for separator in [".", "/"] {
            for chunks in [[2, 4, 6, 3], [5, 4, 6, 3], [2, 3, 4, 2], [1, 1, 6, 3], [7, 9, 9, 9]] {
                with_frames(&format!("{order} {separator} {chunks:?}"), |frames, path| {
                    frames.chunks = chunks.to_vec();
                    frames.v2(path, order, separator, json!({"id": "gzip", "level": 1}), gzip);
                });
            }
        }
    }
}

#[test]
fn numbers_of_any_type() {
    let write = |ends: &dyn Fn(usize) -> Vec<u8>, dtype: &'static str| {
        let folder = tempfile::tempdir().unwrap();
        for mut array in arrays() {
            if array.name == "meta/episode_ends" {
                array.dtype = dtype;
                array.bytes = [2, 5].into_iter().flat_map(ends).collect();
                array.chunks = vec![1];
            }
            array.v2(folder.path(), "C", ".", Value::Null, plain);
        }
        folder
    };
    type Number<'a> = (&'static str, &'a dyn Fn(usize) -> Vec<u8>);
    let ends: [Number; 11] = [
        ("|u1", &|n| vec![n as u8]),
        ("|i1", &|n| vec![n as u8]),
        ("<u2", &|n| (n as u16).to_le_bytes().to_vec()),
        ("<i2", &|n| (n as i16).to_le_bytes().to_vec()),
        ("<u4", &|n| (n as u32).to_le_bytes().to_vec()),
        ("<i4", &|n| (n as i32).to_le_bytes().to_vec()),
        (">i4", &|n| (n as i32).to_be_bytes().to_vec()),
        ("<u8", &|n| (n as u64).to_le_bytes().to_vec()),
        (">i8", &|n| (n as i64).to_be_bytes().to_vec()),
        ("<f4", &|n| (n as f32).to_le_bytes().to_vec()),
        ("<f8", &|n| (n as f64).to_le_bytes().to_vec()),
    ];
    for (dtype, bytes) in ends {
        check(write(bytes, dtype).path(), dtype);
    }
    let refused = |bytes: &dyn Fn(usize) -> Vec<u8>, dtype| read(write(bytes, dtype).path()).unwrap_err();
    let error = refused(&|n| (n as i32 - 4).to_le_bytes().to_vec(), "<i4");
    assert!(error.contains("meta/episode_ends, row 0: found -2"), "{error}");
    let error = refused(&|n| (n as f64 + 0.5).to_le_bytes().to_vec(), "<f8");
    assert!(error.contains("row 0: found 2.5"), "{error}");
    let error = refused(&|_| f64::NAN.to_le_bytes().to_vec(), "<f8");
    assert!(error.contains("row 0: found NaN"), "{error}");
    let error = refused(&|n| (u64::MAX - n as u64).to_le_bytes().to_vec(), "<u8");
    assert!(error.contains("expected rising ends"), "{error}");

    // Frames as numbers of other types.
    for (dtype, wide) in [
        (
            "<f4",
            &(|b| f32::from(b).to_le_bytes().to_vec()) as &dyn Fn(u8) -> Vec<u8>,
        ),
        ("<f8", &|b| f64::from(b).to_le_bytes().to_vec()),
        (">u2", &|b| u16::from(b).to_be_bytes().to_vec()),
        ("<i8", &|b| i64::from(b).to_le_bytes().to_vec()),
    ] {
        with_frames(dtype, |frames, path| {
            frames.dtype = dtype;
            frames.bytes = frames.bytes.iter().copied().flat_map(wide).collect();
            frames.v2(path, "C", ".", Value::Null, plain);
        });
    }
}

#[test]
fn version_3_with_its_codecs() {
    let bytes = json!({"name": "bytes"});
    for (name, codecs, pack) in [
        ("none", json!([bytes]), plain as Pack),
        (
            "gzip",
            json!([bytes, {"name": "gzip", "configuration": {"level": 1}}]),
            gzip,
        ),
        (
            "zlib",
            json!([bytes, {"name": "numcodecs.zlib", "configuration": {"level": 1}}]),
            zlib,
        ),
        (
            "lz4",
            json!([bytes, {"name": "numcodecs.lz4", "configuration": {"acceleration": 1}}]),
            lz4,
        ),
        (
            "crc32c",
            json!([bytes, {"name": "zstd", "configuration": {"level": 0, "checksum": false}}, {"name": "crc32c"}]),
            with_checksum,
        ),
    ] {
        with_frames(name, |frames, path| {
            frames.dtype = "uint8";
            frames.chunks = vec![3, 4, 4, 3];
            frames.v3(path, codecs, json!(0), &|array, key| {
                pack(&array.chunk(&array.first(key), &array.chunks, false))
            });
        });
    }
    let transpose = json!({"name": "transpose", "configuration": {"order": [3, 2, 1, 0]}});
    with_frames("transpose", |frames, path| {
        frames.dtype = "uint8";
        frames.chunks = vec![3, 4, 4, 3];
        frames.v3(path, json!([transpose, bytes]), json!(0), &|array, key| {
            array.chunk(&array.first(key), &array.chunks, true)
        });
    });
}

/// A shard of parts of this shape, with its index at the end.
fn shard(array: &Array, key: &[usize], part: &[usize]) -> Vec<u8> {
    let (mut data, mut index) = (Vec::new(), Vec::new());
    let inside = Array {
        shape: array.chunks.clone(),
        chunks: part.to_vec(),
        ..array.clone()
    };
    for part_key in inside.keys() {
        let first: Vec<usize> = array
            .first(key)
            .iter()
            .zip(inside.first(&part_key))
            .map(|(a, b)| a + b)
            .collect();
        if first.iter().zip(&array.shape).any(|(i, n)| i >= n) {
            index.extend([u64::MAX; 2]);
            continue;
        }
        let bytes = zstd(&array.chunk(&first, part, false));
        index.extend([data.len() as u64, bytes.len() as u64]);
        data.extend(bytes);
    }
    let index: Vec<u8> = index.iter().flat_map(|n| n.to_le_bytes()).collect();
    data.extend(&index);
    data.extend(crc32c(&index).to_le_bytes());
    data
}

#[test]
fn shards_are_read_part_by_part() {
    for (chunks, part) in [
        ([2, 4, 6, 3], [1, 4, 6, 3]),
        ([5, 4, 6, 3], [2, 4, 6, 3]),
        ([6, 4, 6, 3], [3, 2, 3, 3]),
    ] {
        let chunks: Vec<usize> = chunks.to_vec();
        let codecs = json!([{"name": "sharding_indexed", "configuration": {
            "chunk_shape": part, "index_location": "end",
            "codecs": [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 0, "checksum": false}}],
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
        }}]);
        // The side of a shard is a multiple of its parts'.
        let mut chunks: Vec<usize> = chunks;
        chunks[0] = chunks[0].next_multiple_of(part[0]);
        with_frames(&format!("{chunks:?} of {part:?}"), |frames, path| {
            frames.dtype = "uint8";
            frames.chunks = chunks;
            frames.v3(path, codecs, json!(0), &|array, key| shard(array, key, &part));
        });
    }
}

#[test]
fn a_missing_chunk_is_filled_only_where_it_can_be_meant() {
    let frames = |fill: u8, left_out: fn(&[usize]) -> bool| {
        let folder = tempfile::tempdir().unwrap();
        for array in arrays().into_iter().skip(1) {
            array.v2(folder.path(), "C", ".", Value::Null, plain);
        }
        let [mut frames, ..] = arrays();
        frames.dtype = "uint8";
        frames.chunks = vec![5, 2, 6, 3];
        frames.v3(folder.path(), json!([{"name": "bytes"}]), json!(fill), &|array, key| {
            if left_out(key) {
                Vec::new()
            } else {
                array.chunk(&array.first(key), &array.chunks, false)
            }
        });
        read(folder.path())
    };
    // The lower half of the frames is white, so that it was not stored.
    let episodes = frames(255, |key| key[1] == 1).unwrap();
    let pixels = episodes[0].frames[1].as_raw();
    assert_eq!((pixels[35], pixels[36], pixels[71]), (107, 255, 255));
    // Zero may just as well be an incomplete copy; so may be frames of one color.
    for error in [frames(0, |key| key[1] == 1), frames(255, |_| true)] {
        let error = error.unwrap_err();
        assert!(
            error.contains("is missing") && error.contains("write_empty_chunks=True"),
            "{error}"
        );
    }
}

#[test]
fn what_is_not_read_is_named_with_its_remedy() {
    let refused = |codecs: Value| {
        let folder = tempfile::tempdir().unwrap();
        arrays()[3].v3(folder.path(), codecs, json!(0), &|array, key| {
            array.chunk(key, &array.chunks, false)
        });
        read(folder.path()).unwrap_err()
    };
    let error = refused(json!([{"name": "bytes"}, {"name": "numcodecs.lzma", "configuration": {}}]));
    assert!(
        error.contains("meta/episode_ends") && error.contains("the codec lzma") && error.contains("Blosc"),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    arrays()[3].v2(folder.path(), "C", ".", json!({"id": "bz2", "level": 1}), plain);
    assert!(read(folder.path()).unwrap_err().contains("the codec bz2"));
}

#[test]
fn metadata_that_is_no_object_is_refused() {
    for file in [
        "data/action/.zarray",
        "data/action/zarr.json",
        "meta/episode_ends/.zarray",
    ] {
        for text in ["2", "[]", "\"codecs\"", "null", "[{\"codecs\": []}]"] {
            let folder = tempfile::tempdir().unwrap();
            for array in arrays() {
                array.v2(folder.path(), "C", ".", Value::Null, plain);
            }
            std::fs::write(folder.path().join(file), text).unwrap();
            let error = read(folder.path()).unwrap_err();
            assert!(error.contains(file) && error.contains("no object"), "{text}: {error}");
        }
    }
}

#[test]
fn pointers_of_git_lfs_are_named() {
    const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
    for file in ["data/img/0.0.0.0", "data/action/.zarray", "meta/episode_ends/0"] {
        let folder = tempfile::tempdir().unwrap();
        for array in arrays() {
            array.v2(folder.path(), "C", ".", json!({"id": "gzip", "level": 1}), gzip);
        }
        std::fs::write(folder.path().join(file), POINTER).unwrap();
        let error = read(folder.path()).unwrap_err();
        assert!(error.contains(file) && error.contains("git lfs pull"), "{error}");
    }
}

#[test]
fn chunks_that_unpack_to_more_than_they_state_are_refused() {
    for (id, pack) in [("gzip", gzip as Pack), ("zlib", zlib), ("zstd", zstd)] {
        let folder = tempfile::tempdir().unwrap();
        for array in arrays().into_iter().skip(1) {
            array.v2(folder.path(), "C", ".", Value::Null, plain);
        }
        arrays()[0].v2(folder.path(), "C", ".", json!({"id": id, "level": 1}), plain);
        std::fs::write(folder.path().join("data/img/0.0.0.0"), pack(&vec![0; 1 << 26])).unwrap();
        let error = read(folder.path()).unwrap_err();
        assert!(error.contains("unpacks to more than"), "{id}: {error}");
    }
    // The metadata itself states more than the file can hold.
    for (shape, chunks) in [
        ([1_u64 << 40, 4, 6, 3], [1_u64 << 40, 4, 6, 3]),
        ([5, 8000, 8000, 3], [5, 1, 1, 1]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for array in arrays().into_iter().skip(1) {
            array.v2(folder.path(), "C", ".", Value::Null, plain);
        }
        let [frames, ..] = arrays();
        frames.v2(folder.path(), "C", ".", json!({"id": "gzip", "level": 1}), gzip);
        let file = folder.path().join("data/img/.zarray");
        let mut metadata: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        (metadata["shape"], metadata["chunks"]) = (json!(shape), json!(chunks));
        std::fs::write(file, metadata.to_string()).unwrap();
        assert!(read(folder.path()).is_err());
    }
}
