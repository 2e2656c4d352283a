//! Models by name: fine-tuned, generated with and measured, with random models of a few thousand parameters.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

use pusht_data::{Demonstrations, Simulation, demonstrate, open};
use pusht_env::{ExpertConfig, FillRule, Frame, GOAL, Pose, Renderer, Scene};
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
        (
            "--model object:none --new-starts",
            "--new-starts: object-latent models do not bring the T to its goal",
            1,
        ),
        (
            "--model pixel --new-starts --data demos.jsonl",
            "cannot be used with",
            2,
        ),
        ("--model pixel --new-starts --part all", "cannot be used with", 2),
        (
            "--model pixel --data demos.jsonl --first-start 3",
            "cannot be used with",
            2,
        ),
        (
            "--model pixel --new-starts --first-start 99999999999",
            "--first-start 99999999999",
            1,
        ),
        (
            "--model pixel --start a.png --environment gym-pusht",
            "cannot be used with",
            2,
        ),
        ("--model pixel: --new-starts", "names no video model", 2),
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

#[test]
fn the_pixel_model_begins_at_new_starts_and_says_how_near_its_clips_came() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let generate = "generate --model pixel --new-starts --frames 5 --out clips";
    let made = json(here, &format!("{generate} --count 1"));
    assert_eq!(
        (&made["plan"]["model"], &made["plan"]["frames"]),
        (&"pixel".into(), &5.into())
    );
    assert_eq!(made["plan"]["ends"]["resets"]["first_seed"], 2_000_000);
    let clip = &made["clips"][0];
    assert_eq!(
        (&clip["start"], &clip["end"]),
        (&"reset 2000000".into(), &"goal".into())
    );
    assert_eq!(
        (&clip["arrival"]["reached"], &clip["arrival"]["seen"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        (&made["arrivals"]["clips"], &made["arrivals"]["reached"]),
        (&1.into(), &0.into())
    );
    // More clips are added, the first is as it was.
    let output = pusht(here, &format!("{generate} --count 2"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(
            "0 of 2 clips reached the end (the T within 20 px of the 512 board and 20° of it), 0 of them exactly"
        ),
        "{text}"
    );
    assert!(text.contains("not reached, kept as they are: 0000 ("), "{text}");
    let more = json(here, &format!("{generate} --count 2"));
    assert_eq!(&more["clips"][0], clip);
    let quality = json(here, "audit quality --clips clips");
    assert_eq!(
        (&quality["measured"]["clips"], &quality["arrivals"]["clips"]),
        (&2.into(), &2.into())
    );
    let output = pusht(here, "audit quality --clips clips");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("| frames with exactly one agent, share | ") && text.contains("reached the end"),
        "{text}"
    );
    let (text, _) = refused(here, &format!("{generate} --first-start 7"));
    assert!(text.contains("first_seed = 2000000, now it is 7"), "{text}");
}

#[test]
fn starts_that_the_pixel_model_cannot_use_are_refused_and_ends_out_of_reach_stated() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let draw = |side: u32, agent: [f64; 2], block: Pose| {
        Renderer::new(side, FillRule::default())
            .unwrap()
            .render(&Scene::new(agent, block, GOAL))
    };
    let save = |name: &str, frame: &Frame| frame.save(here.join(name)).unwrap();
    let (agent, block, nowhere) = (
        [300.0, 400.0],
        Pose::new(200.0, 150.0, 1.0),
        Pose::new(f64::NAN, 0.0, 0.0),
    );
    let good = draw(96, agent, block);
    save("good.png", &good);
    save("large.png", &draw(300, agent, block));
    save("far.png", &draw(96, [100.0, 100.0], Pose::new(380.0, 380.0, 3.0)));
    save("no-t.png", &draw(96, agent, nowhere));
    save("no-agent.png", &draw(96, [f64::NAN; 2], block));
    save("turned.png", &Frame::from_fn(96, 96, |x, y| *good.get_pixel(y, 95 - x)));
    save("blank.png", &Frame::new(96, 96));
    let generate = |ends: &str| format!("generate --model pixel --count 1 --frames 4 --out clips {ends}");
    for (ends, said) in [
        ("--start no-t.png", "clip 0 (no-t.png): start frame: no gray T is seen"),
        (
            "--start no-agent.png",
            "clip 0 (no-agent.png): start frame: no blue agent is seen",
        ),
        (
            "--start good.png --end no-t.png",
            "clip 0 (good.png to no-t.png): end frame: no gray T",
        ),
        (
            "--start turned.png",
            "turned.png\" cannot be a clip's first or last frame: the board is turned",
        ),
        ("--start blank.png", "shows no PushT board"),
        ("--start good.png --frames 1", "frames"),
    ] {
        let (text, status) = refused(here, &generate(ends));
        assert!(text.contains(said) && status != 0, "{ends}: {text}");
    }
    // A picture of another size is brought to 96 × 96 px first.
    let made = json(
        here,
        &format!(
            "{} --out large",
            generate("--start large.png").replace(" --out clips", "")
        ),
    );
    assert_eq!(made["clips"][0]["start"], "large.png");
    let made = json(
        here,
        &format!(
            "{} --out far",
            generate("--start good.png --end far.png").replace(" --out clips", "")
        ),
    );
    let arrival = &made["clips"][0]["arrival"];
    assert_eq!(arrival["reached"], false);
    assert!(arrival["px"].as_f64().unwrap() > 100.0, "{arrival}");
    // The last frame is the model's own.
    let last = image::open(here.join("far/frames/0000/frame_000003.png"))
        .unwrap()
        .to_rgb8();
    assert_ne!(last, image::open(here.join("far.png")).unwrap().to_rgb8());
}
