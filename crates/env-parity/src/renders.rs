//! Images: rendered from recorded scenes, and during recorded rollouts.

use std::path::Path;

use pusht_env::{ContactTick, FillRule, Frame, GOAL, Pose, Renderer, Scene, draw_marker};

use crate::npz::{Array, Npz};
use crate::rollouts::STATE;
use crate::tally::Tally;
use crate::{ParityError, json};

/// Compares observations of gym-pusht, 96 × 96.
pub(crate) fn compare_observations(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    let agent_pos: Array<f64> = npz.array("agent_pos", &[None, Some(2)])?;
    let scenes = compare_pictures(path, &mut npz, 96, tally)?;
    for (i, scene) in scenes.iter().enumerate() {
        tally.compare("agent_pos", 0.0, &scene.agent, agent_pos.row(i));
    }
    Ok(())
}

/// Compares images of gym-pusht's `render()`, 680 × 680 with the action marker.
pub(crate) fn compare_visualizations(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    compare_pictures(path, &mut npz, 680, tally)?;
    Ok(())
}

fn compare_pictures(path: &Path, npz: &mut Npz, size: u32, tally: &mut Tally) -> Result<Vec<Scene>, ParityError> {
    let side = Some(size as usize);
    let image: Array<u8> = npz.array("image", &[None, side, side, Some(3)])?;
    let n = Some(image.len());
    let state: Array<f64> = npz.array("state", &[n, STATE])?;
    let lines: Array<f64> = npz.array("contact_lines", &[n, None, Some(4)])?;
    let count: Array<i64> = npz.array("contact_count", &[n])?;
    let action: Array<f32> = npz.array("action", &[n, Some(2)])?;
    let mut renderer = Renderer::new(size, FillRule::Pygame26).map_err(|e| ParityError::unreadable(path, &e))?;
    let mut scenes = Vec::with_capacity(image.len());
    for i in 0..image.len() {
        let s = state.row(i);
        let kept = usize::try_from(count.data[i]).unwrap_or(0);
        let scene = Scene {
            agent: [s[0], s[1]],
            block: Pose::new(s[4], s[5], s[6]),
            goal: GOAL,
            contacts: lines
                .row(i)
                .chunks_exact(4)
                .take(kept)
                .map(|l| ContactTick {
                    from: [l[0], l[1]],
                    to: [l[2], l[3]],
                })
                .collect(),
        };
        tally.equal("contact_count", scene.contacts.len() as f64, count.data[i] as f64);
        let mut frame = renderer.render(&scene);
        if size == 680 {
            let a = action.row(i);
            draw_marker(&mut frame, [a[0], a[1]]);
        }
        compare_image(tally, "image", &frame, image.row(i));
        scenes.push(scene);
    }
    if size == 96 {
        compare_counts(path, &scenes, tally)?;
    }
    Ok(scenes)
}

/// Compares the number of images with contacts with that in the note.
fn compare_counts(path: &Path, scenes: &[Scene], tally: &mut Tally) -> Result<(), ParityError> {
    let note = path.with_file_name("renders.json");
    if let Some(recorded) = json::read(&note)?.and_then(|note| note.get("with_contact_lines")?.as_f64()) {
        let found = scenes.iter().filter(|scene| !scene.contacts.is_empty()).count();
        tally.equal("json with_contact_lines", found as f64, recorded);
    }
    Ok(())
}

/// Compares every byte of an image.
pub(crate) fn compare_image(tally: &mut Tally, name: &str, frame: &Frame, recorded: &[u8]) {
    let numbers = |bytes: &[u8]| bytes.iter().map(|&b| f64::from(b)).collect::<Vec<_>>();
    tally.compare(name, 0.0, &numbers(frame), &numbers(recorded));
}

/// An image in diffusion_policy's format: channels first, divided by 255 in float32.
pub(crate) fn channels_first(frame: &Frame) -> Vec<f64> {
    (0..3)
        .flat_map(|channel| frame.pixels().map(move |p| f64::from(f32::from(p.0[channel]) / 255.0)))
        .collect()
}
