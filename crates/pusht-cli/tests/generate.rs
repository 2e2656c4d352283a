//! Models by name: fine-tuned, generated with and measured, with random models of a few thousand parameters.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

use pusht_data::{Demonstrations, Simulation, demonstrate, open};
use pusht_env::ExpertConfig;
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use serde_json::Value;
use video_gen::{ObjectLatentConfig, TrainSettings};

fn pusht(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pusht"))
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output()
        .unwrap()
}

/// The JSON that a command gives.
fn json(folder: &Path, arguments: &str) -> Value {
    let output = pusht(folder, &format!("{arguments} --json -"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command refuses with, and its exit status.
fn refused(folder: &Path, arguments: &str) -> (String, i32) {
    let output = pusht(folder, arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    (text, output.status.code().unwrap())
}

fn record(path: &Path) {
    let some = Demonstrations {
        episodes: 4,
        first_seed: 0,
        max_steps: 300,
        simulation: Simulation::DIFFUSION_POLICY,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    demonstrate(path, &some, &mut JobContext::silent()).unwrap();
}

#[test]
fn a_tiny_model_is_fine_tuned_generates_and_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    record(&here.join("demos.jsonl"));
    json(here, "finetune --model ltx:tiny --make-tiny");
    let (text, status) = refused(here, "finetune --model ltx:tiny --make-tiny");
    assert!(text.contains("is there already") && status == 1, "{text}");
    let (text, status) = refused(here, "finetune --model ltx:tiny --make-tiny --steps 3");
    assert!(text.contains("--steps") && status == 2, "{text}");
    let (text, status) = refused(here, "finetune --model pixel:tiny --data demos.jsonl --out tuned");
    assert!(text.contains("pusht train video") && status == 1, "{text}");

    let tuned = json(
        here,
        "finetune --model ltx:tiny --data demos.jsonl --out tuned --steps 2 --set frames=9 --set width=64 --set height=64 \
         --set clips=2 --set batch_size=2 --set accumulate=2 --set tokens=12 --set rank=2 --set valid_clips=0 --set sample_clips=0",
    );
    assert_eq!(tuned["train_clips"], 2);
    let generate = "generate --model ltx:tiny --lora tuned/adapters.safetensors --data demos.jsonl --part all --steps 1 --out clips";
    let made = json(here, &format!("{generate} --count 2"));
    // What was left open is as in the training.
    let (plan, clips) = (&made["plan"], &made["clips"]);
    assert_eq!((&plan["frames"], &plan["sampling"]["tokens"]), (&9.into(), &12.into()));
    let adapters = plan["adapters"].as_str().unwrap();
    assert!(
        adapters.contains("of rank 2, scale 1: alpha is not stated"),
        "{adapters}"
    );
    assert_eq!(clips.as_array().unwrap().len(), 2);
    assert!(clips[0]["start"].as_str().unwrap().starts_with("episode "));
    assert!(here.join("clips/overview.png").is_file());
    let more = json(here, &format!("{generate} --count 3"));
    assert_eq!(more["clips"][1], clips[1]);
    let (text, status) = refused(here, &format!("{generate} --seed 1"));
    assert!(text.contains("seed = 0, now it is 1") && status == 1, "{text}");

    let output = pusht(here, "audit quality --clips clips");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("| cross-fade | 3 |"), "{text}");
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("The clips of ltx-video, compared with cross-fades"),
        "{last}"
    );
    let quality = json(here, "audit quality --clips clips");
    assert_eq!(quality["quality"]["rows"][3]["name"], "demonstrations");
}

#[test]
fn options_that_a_model_does_not_have_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    json(here, "finetune --model ltx:tiny --make-tiny");
    for (arguments, said, code) in [
        (
            "--model ltx:tiny --end-frame shifted --data demos.jsonl",
            "LTX-Video models have no end_frame",
            1,
        ),
        ("--model ltx:tiny --guidance nan --data demos.jsonl", "finite", 2),
        ("--model ltx:tiny --size 64 --data demos.jsonl", "WIDTHxHEIGHT", 2),
        (
            "--model ltx:tiny --part half --data demos.jsonl",
            "train, test or all",
            2,
        ),
        ("--model ltx:tiny --no-end --start a.png", "cannot be used with", 2),
        ("--model ltx:tiny --part all --start a.png", "--part", 2),
        ("--model ltx:tiny --end a.png --data demos.jsonl", "--end", 2),
        (
            "--model object:none --data demos.jsonl",
            "there is no object-latent model",
            1,
        ),
        ("--model sora:x --data demos.jsonl", "names no video model", 2),
        ("--model ltx:tiny", "--start", 2),
        ("--model ltx:tiny", "--data", 2),
        ("--model ltx:tiny --memory 0 --data demos.jsonl", "gigabytes above 0", 2),
    ] {
        let (text, status) = refused(here, &format!("generate {arguments} --out clips"));
        assert!(text.contains(said) && status == code, "{arguments}: {status} {text}");
        assert!(!here.join("clips").exists(), "{arguments}");
    }
    let (text, status) = refused(here, "audit quality --clips nowhere");
    assert!(text.contains("nowhere") && status == 1, "{text}");
}

#[test]
fn an_object_latent_model_is_measured_and_generates() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let data = here.join("demos.jsonl");
    record(&data);
    let mut settings = TrainSettings::smoke();
    settings.model = ObjectLatentConfig::new()
        .with_width(16)
        .with_depth(1)
        .with_heads(2)
        .with_max_frames(18)
        .with_sampling_steps(2);
    (
        settings.fit.epochs,
        settings.fit.steps_per_epoch,
        settings.fit.batch_size,
    ) = (1, Some(2), 2);
    let mut ctx = JobContext::silent();
    let episodes = open(&data).unwrap().episodes(0..2, &mut ctx).unwrap();
    let episodes: Vec<_> = episodes.iter().collect();
    let spec = TrainSpec::new(settings).with_train(episodes.iter().copied());
    let model = spec.run(&mut ctx).unwrap().model;
    model.save(&here.join("model.safetensors")).unwrap();

    let output = pusht(here, "audit object-model --model model.safetensors --data demos.jsonl");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("start and end"), "{text}");
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("Between given first and last states, the T moves"),
        "{last}"
    );
    let motion = json(here, "audit object-model --model model.safetensors --data demos.jsonl");
    assert_eq!(
        (&motion["frames"], &motion["table"][0]["clips"]),
        (&18.into(), &"data".into())
    );

    let generate = "generate --model object:model.safetensors --data demos.jsonl --count 1 --frames 9 --out clips";
    assert_eq!(json(here, generate)["plan"]["frames"], 9);
    let (text, _) = refused(here, &format!("{generate} --guidance 2"));
    assert!(text.contains("object-latent models have no guidance"), "{text}");
}
