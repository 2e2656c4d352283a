//! `pusht audit` of a folder of videos.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::Args;
use clip_audit::fvd::I3d;
use clip_review::{RealSet, ReviewJob, Verdicts, VerdictsError};
use named_parts::{DataOptions, device_name};
use pipeline::{Config, RunOptions};
use rating::Ratings;
use report::write_clips;

use super::judge::JudgeOptions;
use super::{people, train};
use crate::outcome::Outcome;
use crate::session::{Session, command_line};

#[derive(Args)]
pub(crate) struct Clips {
    /// MP4 or GIF files, folders of PNG files, or folders of these
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    video: Vec<PathBuf>,
    /// Folder for the report
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Frames per second of the videos, in place of the rate in the files (generators often write 8 or 24 for 10)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    fps: Option<u32>,
    /// Real episodes to compare the clips' trajectories with; with --train also the demonstrations to train on, in
    /// place of the expert's
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Published weights of I3D (rgb_imagenet.pt): add the Fréchet video distance to the real episodes
    #[arg(long, value_name = "FILE", requires = "data")]
    i3d: Option<PathBuf>,
    /// Human ratings of the same clips: a database of `pusht rate`
    #[arg(long, value_name = "FILE")]
    ratings: Option<PathBuf>,
    /// Train policies on the clips, on demonstrations, and on both, in OUT/experiment; takes as long as
    /// `pusht experiment`
    #[arg(long)]
    train: bool,
    /// With --train: preset of the experiment: smoke, cpu, strong or paper
    #[arg(long, default_value = "cpu", requires = "train")]
    preset: String,
    /// With --train: override one setting of the preset, for example `--set seeds=[0,1,2]`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "train")]
    settings: Vec<String>,
    /// With --train: if OUT/experiment holds a finished experiment with other settings, rerun the stages that differ
    #[arg(long, requires = "train")]
    overwrite: bool,
    /// Device for --train and --i3d: cpu, cuda, cuda:1, wgpu or auto [default: cpu]
    #[arg(long, value_name = "NAME", value_parser = device_name)]
    device: Option<String>,
}

impl Clips {
    pub(crate) fn run(mut self, reading: &DataOptions, judge: &JudgeOptions, session: &mut Session) -> Result<Outcome> {
        ensure!(
            self.device.is_none() || self.train || self.i3d.is_some(),
            "--device: only --train and --i3d compute on a device"
        );
        reading.need(self.data.is_some())?;
        // Settings are checked before any work.
        let config = self.train.then(|| self.config()).transpose()?;
        let i3d = (self.i3d.as_ref()).map(|file| anyhow::Ok(I3d::load(file, &training::device(self.device())?)?));
        let i3d = i3d.transpose()?;
        let ratings = self.ratings.as_deref().map(Ratings::read).transpose()?;
        let job = ReviewJob {
            video: self.video.clone(),
            fps: self.fps,
            out: self.out.clone(),
        };
        // Confirmed before the work begins.
        let judging = judge.plan(&job, session)?;
        self.data = reading.locate_given(self.data.as_deref(), &mut session.ctx)?;
        let source = reading.open_given(self.data.as_deref(), &mut session.ctx)?;
        let real = source.as_ref().map(RealSet::read).transpose()?;
        let mut verdicts = job.run(real.as_ref(), &mut session.ctx)?;
        if let (Some(net), Some(source)) = (&i3d, &source) {
            match job.fvd(source, |cut| net.features(cut), &mut session.ctx) {
                Ok(found) => verdicts.fvd = Some(found),
                Err(error @ VerdictsError::Cancelled(_)) => return Err(error.into()),
                Err(error) => verdicts.notes.push(format!("no FVD: {error}")),
            }
        }
        if let Some(ratings) = &ratings {
            people::add(ratings, &mut verdicts)?;
        }
        let judged = judging.map(|judging| judging.add(ratings.as_ref(), &mut verdicts, session));
        let judged = judged.transpose()?;
        self.write(&verdicts)?;
        let page = self.out.join("report.html");
        let mut text = verdicts.text();
        text += &judged
            .as_ref()
            .map_or_else(String::new, |(line, _)| format!("{line}\n"));
        if let Some(config) = &config {
            session.print(&text);
            session.print(format!("clip by clip: {}; policies now", page.display()));
            let trained = train::train(config, &self.options(reading), &mut verdicts, &mut session.ctx);
            self.write(&verdicts)?;
            text = trained?;
        }
        text += &format!("report: {}", page.display());
        let unread = verdicts.totals.failed == verdicts.totals.clips;
        if unread {
            text += "\nno video could be read; the report says why of each";
        }
        let unjudged = judged.is_some_and(|(_, any)| !any);
        Ok(Outcome::new(text, &verdicts)?.failed_if(unread || unjudged))
    }

    fn device(&self) -> &str {
        self.device.as_deref().unwrap_or("cpu")
    }

    /// The experiment on these clips.
    fn config(&self) -> Result<Config> {
        let [folder] = &self.video[..] else {
            bail!("--train takes the clips of one folder; put them below one");
        };
        Ok(Config::load(&self.preset, None, &self.settings)?.on_clips(folder, self.fps)?)
    }

    fn options(&self, reading: &DataOptions) -> RunOptions {
        RunOptions {
            data: self.data.clone(),
            reading: reading.source(),
            out: self.out.join("experiment"),
            overwrite: self.overwrite,
            device: self.device().to_owned(),
            command: command_line(),
        }
    }

    fn write(&self, verdicts: &Verdicts) -> Result<()> {
        verdicts.write(&self.out)?;
        Ok(write_clips(verdicts, &self.out)?)
    }
}
