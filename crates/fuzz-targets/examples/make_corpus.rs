//! Writes the first inputs of every fuzz target to `fuzz/corpus`, small files of this workspace's own writers:
//!
//! `cargo run --release -p fuzz-targets --example make_corpus`
//!
//! The pickles come from `fuzz/make_pickles.py`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use eval::{AlongDemonstration, GoalProtocol, GoalRow, GoalTask, rollout_to_goals};
use fuzz_targets::{FuzzTarget, pack_files};
use labeling::{LabelJob, Settings};
use nn_kit::save_safetensors;
use pusht_data::{Demonstrations, Simulation, demonstrate, open};
use pusht_env::{EnvConfig, State};
use pusht_jobs::JobContext;
use pusht_play::{PlayCommand, PlaySession, PlaySettings};
use video_io::{Frame, VideoOptions, save_video};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = Corpus(top.join("fuzz/corpus"));
    let temp = tempfile::tempdir()?;
    let temp = temp.path();
    videos(&out, temp, &top.join("crates/video-io/tests/fixtures"))?;
    datasets(&out, temp)?;
    records(&out, temp)?;
    requests(&out)?;
    play(&out, temp)?;
    weights(&out, temp, &top.join("crates/bc-policy/tests/fixtures"))?;
    Ok(())
}

struct Corpus(PathBuf);

impl Corpus {
    fn add(&self, target: FuzzTarget, name: &str, input: &[u8]) -> Result {
        let folder = self.0.join(target.name());
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), input)?)
    }
}

/// Twelve small frames of a disc that moves.
fn frames(side: u32) -> Vec<Frame> {
    let disc = |t: u32| {
        Frame::from_fn(side, side, |x, y| {
            let inside = x.abs_diff(8 + t).pow(2) + y.abs_diff(12).pow(2) < 25;
            image::Rgb(if inside { [65, 105, 225] } else { [255, 255, 255] })
        })
    };
    (0..6).map(disc).collect()
}

fn videos(out: &Corpus, temp: &Path, fixtures: &Path) -> Result {
    for name in ["whole.mp4", "whole.gif", "folder"] {
        save_video(temp.join(name), &frames(32), VideoOptions::default())?;
    }
    let whole = fs::read(temp.join("whole.mp4"))?;
    out.add(FuzzTarget::MP4, "ours", &whole)?;
    out.add(FuzzTarget::GIF, "ours", &fs::read(temp.join("whole.gif"))?)?;
    out.add(FuzzTarget::PNG, "ours", &pack_folder(&temp.join("folder"), 2)?)?;
    out.add(FuzzTarget::H264, "ours", &coded(&whole, b"avcC")?)?;
    for name in [
        "av1",
        "baseline",
        "fragmented",
        "high_bframes",
        "main_slices",
        "open_gop",
        "variable_rate",
    ] {
        let file = fs::read(fixtures.join(format!("{name}.mp4")))?;
        out.add(FuzzTarget::MP4, name, &file)?;
        match name {
            "av1" => out.add(FuzzTarget::AV1, name, &coded(&file, b"av1C")?)?,
            "fragmented" => {}
            _ => out.add(FuzzTarget::H264, name, &coded(&file, b"avcC")?)?,
        }
    }
    Ok(())
}

/// Configuration and samples of a whole MP4 file whose samples follow each other in `mdat`.
fn coded(file: &[u8], configuration: &[u8; 4]) -> Result<Vec<u8>> {
    let sizes = body(file, b"stsz")?;
    let sizes = sizes[12..].chunks_exact(4).map(number);
    let mut media = body(file, b"mdat")?;
    let mut samples = Vec::new();
    for size in sizes {
        let (sample, rest) = media
            .split_at_checked(size)
            .ok_or("samples that do not follow each other")?;
        samples.push(("sample", sample));
        media = rest;
    }
    let first = ("configuration", body(file, configuration)?);
    Ok(pack_files(std::iter::once(first).chain(samples.into_iter().take(8))))
}

/// Content of the first box of a kind, wherever it is.
fn body<'a>(file: &'a [u8], kind: &[u8; 4]) -> Result<&'a [u8]> {
    let at = file.windows(4).position(|bytes| bytes == kind).ok_or("no such box")?;
    let short = number(&file[at - 4..at]);
    // A size of 1 stands for one of 8 bytes after the kind.
    let (start, size) = match short {
        1 => (at + 12, number(&file[at + 4..at + 12])),
        short => (at + 4, short),
    };
    Ok(file.get(start..at - 4 + size).ok_or("a box that is cut off")?)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, &b| n << 8 | usize::from(b))
}

/// All files below a folder, the first `most` of each folder, packed.
fn pack_folder(folder: &Path, most: usize) -> Result<Vec<u8>> {
    fn collect(root: &Path, folder: &Path, most: usize, files: &mut BTreeMap<String, Vec<u8>>) -> Result {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
        entries.sort();
        for path in entries.iter().filter(|p| p.is_dir()) {
            collect(root, path, most, files)?;
        }
        for path in entries.iter().filter(|p| p.is_file()).take(most) {
            let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
            files.insert(name, fs::read(path)?);
        }
        Ok(())
    }
    let mut files = BTreeMap::new();
    collect(folder, folder, most, &mut files)?;
    Ok(pack_files(
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
    ))
}

fn demonstrations(temp: &Path) -> Result<PathBuf> {
    let path = temp.join("demos.jsonl");
    let plan = Demonstrations {
        episodes: 2,
        first_seed: 0,
        max_steps: 3,
        simulation: Simulation::GYM_PUSHT,
        expert: Default::default(),
        threads: 1,
    };
    demonstrate(&path, &plan, &mut JobContext::silent())?;
    Ok(path)
}

fn datasets(out: &Corpus, temp: &Path) -> Result {
    let source = open(demonstrations(temp)?)?;
    let zarr = temp.join("set.zarr");
    pusht_data::write_replay_buffer(
        &zarr,
        &source.lengths(),
        source.stream(0..source.len()),
        &mut JobContext::silent(),
    )?;
    out.add(FuzzTarget::ZARR, "ours", &pack_folder(&zarr, 64)?)?;
    let set = temp.join("lerobot");
    pusht_data::write_lerobot(&set, source.stream(0..source.len()), 6, &mut JobContext::silent())?;
    out.add(FuzzTarget::LEROBOT_INFO, "ours", &fs::read(set.join("meta/info.json"))?)?;
    for table in [
        "meta/episodes/chunk-000/file-000.parquet",
        "data/chunk-000/file-000.parquet",
    ] {
        let name = if table.starts_with("meta") { "episodes" } else { "rows" };
        out.add(
            FuzzTarget::LEROBOT_TABLES,
            name,
            &pack_files([(table, fs::read(set.join(table))?.as_slice())]),
        )?;
    }
    Ok(())
}

fn records(out: &Corpus, temp: &Path) -> Result {
    out.add(FuzzTarget::RECORDS, "demonstrations", &fs::read(demonstrations(temp)?)?)?;
    let labels = temp.join("labels.jsonl");
    let job = LabelJob {
        settings: Settings { fps: Some(10) },
        ..LabelJob::new(vec![temp.join("whole.gif")])
    };
    job.run(&labels, &mut JobContext::silent())?;
    let text = fs::read_to_string(&labels)?.replace(&temp.display().to_string(), "clips");
    out.add(FuzzTarget::RECORDS, "labels", text.as_bytes())?;
    let scores = br#"{"clip.mp4": {"adherence": 2, "responsibility": 1, "physics": 4.5}}"#;
    out.add(FuzzTarget::RECORDS, "scores", scores)?;
    let generation = r#"{"schema":1,"plan":{"model":"object:m","model_name":"object-latent","sampling":{},"prompt":null,
        "ends":"frames","frames":9,"frame_rate":10,"seed":0},"clips":[]}"#;
    out.add(FuzzTarget::RECORDS, "generation", generation.as_bytes())?;
    let rollout = r#"{"schema":1,"protocol":"gym-pusht","policy":"still","episodes":[]}"#;
    out.add(FuzzTarget::RECORDS, "rollout", rollout.as_bytes())?;
    out.add(FuzzTarget::RECORDS, "goals", goals()?.as_bytes())
}

/// A rollout of one step to a goal.
fn goals() -> Result<String> {
    let state = State::from_row([100.0, 120.0, 250.0, 260.0, 0.5]);
    let task = GoalTask {
        start: GoalRow { episode: 0, row: 0 },
        state,
        velocity: [10.0, 0.0],
        before: state,
        goal: state,
        demonstrated: vec![[110.0, 120.0]],
    };
    let protocol = GoalProtocol {
        episodes: 1,
        budget: 1,
        ..GoalProtocol::default()
    };
    let (env, mut ctx) = (EnvConfig::diffusion_policy(), JobContext::silent());
    let run = rollout_to_goals(&mut AlongDemonstration, &[task], &protocol, env, None, &mut ctx)?;
    Ok(run.record.to_json(None)?)
}

fn play(out: &Corpus, temp: &Path) -> Result {
    // Lines that are no commands are steps.
    let commands = r#"{"do":"move","x":10,"y":500,"down":false}
{"do":"start"}
.
.
{"do":"move","x":300.5,"y":-20,"down":true}
.
.
.
.
.
.
.
.
.
{"do":"slow","times":4}
{"do":"undo"}
{"do":"pause"}
{"do":"take-over"}
{"do":"give-back"}
{"do":"start"}
.
{"do":"save"}
{"do":"start"}
.
{"do":"restart"}
{"do":"next"}
{"do":"undo"}
"#;
    out.add(FuzzTarget::PLAY, "commands", commands.as_bytes())?;
    let settings = PlaySettings::new(temp.join("played"));
    let mut session = PlaySession::open(&settings, None)?;
    session.handle(PlayCommand::Start)?;
    for _ in 0..12 {
        session.tick()?;
    }
    session.handle(PlayCommand::Undo)?;
    drop(session);
    let unfinished = fs::read(settings.out.join("unfinished.jsonl"))?;
    out.add(FuzzTarget::PLAY, "unfinished", &unfinished)
}

fn requests(out: &Corpus) -> Result {
    let head = "Host: localhost\r\nX-Session: SESSION\r\n";
    let rating = r#"{"clip":"CLIP","adherence":2,"responsibility":1,"physics":3,"request":"r1","seconds":2.5}"#;
    let post = |path: &str, body: &str| {
        let length = body.len();
        format!("POST {path} HTTP/1.1\r\n{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    };
    // The clip's name is 16 characters long.
    let rating = post("/api/rating", rating).replace(
        &format!("Content-Length: {}", rating.len()),
        &format!("Content-Length: {}", rating.len() + 12),
    );
    let chunked = format!(
        "POST /api/session HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\nc\r\n{{\"name\":\"c\"}}\r\n0\r\n\r\n"
    );
    for (name, request) in [
        ("page", format!("GET / HTTP/1.1\r\n{head}\r\n")),
        (
            "state",
            format!("GET /api/state HTTP/1.1\r\n{head}\r\nGET /rate.js HTTP/1.1\r\n{head}\r\n"),
        ),
        ("frames", format!("GET /api/frames/CLIP?ahead HTTP/1.1\r\n{head}\r\n")),
        ("session", post("/api/session", r#"{"name":"c","take_over":true}"#)),
        ("rating", rating),
        ("leave", post("/api/leave", "")),
        ("chunked", chunked),
        (
            "upgrade",
            format!("GET / HTTP/1.1\r\n{head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
        ),
    ] {
        out.add(FuzzTarget::RATING_PAGE, name, request.as_bytes())?;
    }
    Ok(())
}

fn weights(out: &Corpus, temp: &Path, fixtures: &Path) -> Result {
    use burn::tensor::TensorData;
    let tensor = |shape: [usize; 2]| TensorData::new(vec![0.5_f32; shape[0] * shape[1]], shape);
    let path = temp.join("x.safetensors");
    save_safetensors(
        &path,
        &BTreeMap::from([
            ("a.weight".to_owned(), tensor([2, 3])),
            ("b".to_owned(), tensor([1, 1])),
        ]),
    )?;
    out.add(FuzzTarget::SAFETENSORS, "ours", &fs::read(&path)?)?;
    let layer = "transformer.transformer_blocks.0.attn1.to_q";
    let adapters = BTreeMap::from([
        (format!("{layer}.lora_A.weight"), tensor([2, 4])),
        (format!("{layer}.lora_B.weight"), tensor([4, 2])),
    ]);
    save_safetensors(&path, &adapters)?;
    out.add(FuzzTarget::ADAPTER, "ours", &fs::read(&path)?)?;
    for name in ["corners-0.3", "picture-0.4"] {
        let policy = pack_folder(&fixtures.join("lerobot").join(name), 64)?;
        if policy.len() < 100_000 {
            out.add(FuzzTarget::LEROBOT_POLICY, name, &policy)?;
        }
    }
    Ok(())
}
