//! What a pixel world does where it was not trained: another goal, other colors, a larger agent.
//!
//! `cargo run --release --example world_limits -- runs/pixel/pixel/world.safetensors` (without a file: the base world)
#![allow(clippy::print_stdout, reason = "the table is the output")]

use anyhow::Result;
use burn::tensor::Device;
use pixel_world::PixelWorld;
use pusht_jobs::JobContext;
use world_eval::UnseenScene;

fn main() -> Result<()> {
    let (device, mut ctx) = (Device::flex(), JobContext::terminal()?);
    let world = match std::env::args().nth(1) {
        Some(file) => PixelWorld::load(file.as_ref(), &device)?,
        None => PixelWorld::base(&device)?,
    };
    println!("| scene | one agent | agent's area | T off after 16 steps, px of 96 | after 47 |\n|---|---|---|---|---|");
    for scene in UnseenScene::ALL {
        let found = scene.measure(&world, 50, &mut ctx)?;
        let [after16, after47] = found.off;
        println!(
            "| {} | {:.3} | {:.2} | {after16:.2} | {after47:.2} |",
            scene.name, found.one_agent, found.agent_area
        );
    }
    Ok(())
}
