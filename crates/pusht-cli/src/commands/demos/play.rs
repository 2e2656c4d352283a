//! `pusht demos play`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Result, ensure};
use bc_policy::ObsSource;
use clap::Args;
use named_parts::{PolicyChoice, device_name, locate_policy};
use pusht_data::Simulation;
use pusht_jobs::counted;
use pusht_play::{GuidedPolicy, PlayServer, PlaySettings};
use serde_json::json;

use super::Environment;
use crate::outcome::Outcome;
use crate::session::Session;

/// Play in the browser: record your own demonstrations, or watch a policy (--policy) and take over from it
///
/// The page is served until Ctrl-C; the same command continues, also in the middle of an episode. Saved episodes are in
/// DIR/demonstrations.jsonl, for `pusht train policy --data`; where you took over from a policy they say so step by step.
#[derive(Args)]
pub(crate) struct Play {
    /// Folder of the recorded episodes; created if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A policy that plays until you press the mouse: still, random, expert, the file of a trained policy, a folder with a
    /// LeRobot diffusion policy, or hub:OWNER/NAME, either of them on the Hugging Face Hub
    #[arg(long, value_name = "still|random|expert|FILE|DIR|hub:OWNER/NAME")]
    policy: Option<String>,
    /// Source of positions and states of a trained policy: `frames` or `state`, as in `pusht rollout`
    #[arg(long, value_name = "frames|state", requires = "policy")]
    sees: Option<ObsSource>,
    /// Device of a trained policy: cpu, cuda, wgpu or auto [default: cpu]
    #[arg(long, value_name = "NAME", requires = "policy", value_parser = device_name)]
    device: Option<String>,
    /// Start seed of the first episode; the others follow in order, after those in --out. Rollouts are scored on seeds from
    /// 100000 on
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Maximum steps per episode, 10 a second; an episode ends earlier on success
    #[arg(long, value_name = "N", default_value_t = 1000)]
    steps: usize,
    /// Environment whose start states and images are used
    #[arg(long, value_name = "NAME", default_value = "diffusion-policy")]
    environment: Environment,
    /// Port of the page; 0: any free port
    #[arg(long, value_name = "N", default_value_t = 8643)]
    port: u16,
    /// Address to listen on; on other than a loopback address the page requires a token, which the printed link
    /// contains
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// A token of your own, at least 16 letters and digits
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
}

impl Play {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let settings = PlaySettings {
            simulation: self.environment.into(),
            first_seed: self.seed,
            max_steps: self.steps,
            address: SocketAddr::new(self.listen, self.port),
            token: self.token.clone(),
            ..PlaySettings::new(&self.out)
        };
        let guide = self.guide(settings.simulation, session)?;
        let server = PlayServer::open(&settings, guide)?;
        let view = server.session().view();
        let data = server.session().data().to_path_buf();
        session.print(format!("play at {}", server.url()));
        if self.listen.is_unspecified() {
            session.print("from elsewhere: the same link, with this machine's name or address in it");
        }
        session.print(format!(
            "{} in {}; Ctrl-C ends it; the same command goes on",
            counted(view.saved, "episode"),
            data.display()
        ));
        let summary = server.run(&mut session.ctx)?;
        let (saved, unfinished) = (summary.saved, summary.unfinished_steps);
        let mut text = format!("{} in {}", counted(saved, "episode"), data.display());
        if saved > 0 {
            text += &format!("; `pusht train policy --data {}` trains on them", data.display());
        }
        if unfinished > 0 {
            text += &format!(
                "\nan unfinished episode of {}, with which the same command goes on",
                counted(unfinished, "step")
            );
        }
        let json = json!({ "data": data, "episodes": saved, "unfinished_steps": unfinished });
        Ok(Outcome::new(text, &json)?)
    }

    fn guide(&self, simulation: Simulation, session: &mut Session) -> Result<Option<GuidedPolicy>> {
        let Some(policy) = &self.policy else {
            return Ok(None);
        };
        ensure!(
            !policy.is_empty(),
            "--policy: expected still, random, expert, a file or a folder"
        );
        let policy = locate_policy(policy, &mut session.ctx)?;
        let choice = PolicyChoice {
            policy: &policy,
            seed: None,
            sees: self.sees,
            device: self.device.as_deref(),
        };
        Ok(Some(GuidedPolicy::new(choice.open()?, choice.sha256()?, simulation)))
    }
}
