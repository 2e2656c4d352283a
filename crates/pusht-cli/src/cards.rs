//! Cards of the folders that commands write: `README.md` with the metadata of the Hugging Face Hub, what is known of the content,
//! and how to use it.

use std::ffi::OsStr;
use std::path::Path;

use hub_files::{Card, CardLicense, RepoKind};
use labeling::LabelingSummary;
use pusht_jobs::JobContext;
use serde_json::Value;

/// Writes a card, unless the folder has a `README.md` of its user. That it cannot be written is said and does not make the result
/// of a long command an error.
pub(crate) fn write(card: &Card, folder: &Path, ctx: &mut JobContext) {
    if let Err(error) = card.write(folder) {
        ctx.say(&format!(
            "{} was not written: {error}",
            folder.join(Card::FILE).display()
        ));
    }
}

/// A card of a model that was trained on a dataset, with these of its results (keys of `result`) as rows.
pub(crate) fn trained(title: &str, data: &str, result: &Value, rows: &[(&str, &str)]) -> Card {
    let license = CardLicense::Unknown(format!(
        "It depends on the data that the model was trained on ({data})."
    ));
    let card = Card::new(RepoKind::Model, title, license)
        .with_tags(["pusht-start", "rust", "burn"])
        .with_row("trained on", data);
    with_rows(card, result, rows)
}

/// A card of a dataset in this layout.
pub(crate) fn dataset(title: &str, layout: &str, license: CardLicense) -> Card {
    let card = Card::new(RepoKind::Dataset, title, license).with_tags(["pusht-start"]);
    match layout {
        "lerobot" => card.with_tags(["LeRobot"]).with_data_files("data/*/*.parquet").with_text(
            "A LeRobot v3 dataset at 10 Hz: `observation.image`, `observation.state` (position of the agent) and `action` (its target), px \
             of the 512 × 512 board.",
        ),
        "replay-buffer" => card.with_text(
            "A zarr replay buffer in the layout of Diffusion Policy at 10 Hz: `data/img`, `data/state`, `data/action`, `meta/episode_ends`; \
             positions in px of the 512 × 512 board, angles in rad.",
        ),
        _ => card.with_text("Videos of PushT at 10 frames per second, one per episode."),
    }
}

/// The card of a dataset of labeled videos: the same from one process and from joined parts.
pub(crate) fn labeled(summary: &LabelingSummary, layout: &str) -> Card {
    let license = CardLicense::Unknown("It is that of the videos.".to_owned());
    dataset("Labeled videos of PushT", layout, license)
        .with_tags(["inverse-dynamics"])
        .with_text(
            "The actions were read from the videos; label.json says for each video what was trusted, and why the rest was not.",
        )
        .with_row("videos", summary.videos)
        .with_row("episodes", summary.episodes)
        .with_row("frames at 10 Hz", summary.frames)
        .with_row("frames with a trusted action", summary.trusted)
        .with_usage("pusht train policy --data DIR --out runs/tracked")
}

/// The card of the public demonstrations.
pub(crate) fn fetched(from: &str, name: &OsStr, episodes: usize, frames: usize, sha256: &str, any: bool) -> Card {
    let title = if any {
        "PushT demonstrations"
    } else {
        "Human PushT demonstrations of Diffusion Policy"
    };
    let license =
        CardLicense::Unknown("It is that of the publisher (https://diffusion-policy.cs.columbia.edu).".to_owned());
    let name = name.to_string_lossy();
    let card = dataset(title, "replay-buffer", license)
        .with_row("episodes", episodes)
        .with_row("frames", frames)
        .with_row("from", from)
        .with_row("SHA-256 of the content", sha256)
        .with_usage(format!(
            "pusht train policy --data {name} --policy diffusion-lowdim --out runs/lowdim"
        ));
    if any {
        return card;
    }
    card.with_text(
        "Recorded by Chi et al. for *Diffusion Policy: Visuomotor Policy Learning via Action Diffusion* (RSS 2023). Every number and every \
         pixel was compared with the known set.",
    )
}

/// Adds the values of a result that are there.
pub(crate) fn with_rows(mut card: Card, result: &Value, rows: &[(&str, &str)]) -> Card {
    for (name, key) in rows {
        card = match &result[*key] {
            Value::Null => card,
            Value::String(text) => card.with_row(*name, text),
            Value::Number(number) if number.is_f64() => {
                card.with_row(*name, format!("{:.4}", number.as_f64().unwrap_or_default()))
            }
            value => card.with_row(*name, value),
        };
    }
    card
}

/// License of what the program made without other people's data.
pub(crate) fn own_license() -> CardLicense {
    CardLicense::Known("mit".to_owned())
}
