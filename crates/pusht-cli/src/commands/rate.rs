//! `pusht rate`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::{ArgGroup, Args};
use pusht_jobs::counted;
use rating::{Ratings, Server, ServerSummary, Settings, read_audit_scores};
use serde_json::{Map, Value, json};
use traj_metrics::Bootstrap;

use crate::outcome::Outcome;
use crate::session::Session;

/// Let people rate clips of unnamed models in the browser (--video), and evaluate the ratings (--export, --report)
///
/// The page is served until Ctrl-C; the same command continues with the same ratings.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["video", "export", "report"]))]
pub(crate) struct Rate {
    /// Serve the page for this folder of clips: MP4 (H.264, AV1) or GIF files, folders of PNG files, or folders of
    /// these
    #[arg(long, value_name = "DIR")]
    video: Option<PathBuf>,
    /// Database of the ratings; created if missing
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Port of the page; 0: any free port
    #[arg(long, value_name = "N", default_value_t = 8642, conflicts_with_all = ["export", "report"])]
    port: u16,
    /// Address to listen on; on other than a loopback address the page requires a token, which the printed link
    /// contains
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1", conflicts_with_all = ["export", "report"])]
    listen: IpAddr,
    /// A token of your own, at least 16 letters and digits
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["export", "report"])]
    token: Option<String>,
    /// Frames per second of the clips, in place of the rate in the files (PNG folders: 10)
    #[arg(long, value_name = "N", conflicts_with_all = ["export", "report"], value_parser = clap::value_parser!(u32).range(1..=240))]
    fps: Option<u32>,
    /// Seed of the order of the clips in a new database, and of the intervals of --report [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write all ratings as CSV
    #[arg(long, value_name = "FILE", conflicts_with = "video")]
    export: Option<PathBuf>,
    /// Write ratings.csv, report.json and report.md: means, intervals, agreement
    #[arg(long, value_name = "DIR", conflicts_with = "video")]
    report: Option<PathBuf>,
    /// With --report: an audit's scores to correlate with, such as scores.json of `pusht audit`. JSON: {"clip.mp4":
    /// {"adherence": 2, "responsibility": 1, "physics": 4.5}, …}
    #[arg(long, value_name = "FILE", requires = "report")]
    audit: Option<PathBuf>,
}

/// `1 person`, `3 people`.
fn people(count: usize) -> String {
    let noun = if count == 1 { "person" } else { "people" };
    format!("{count} {noun}")
}

impl Rate {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        if let Some(video) = &self.video {
            return self.serve(video, session);
        }
        ensure!(
            self.seed.is_none() || self.report.is_some(),
            "--seed: ratings are exported as they are; --report has intervals, which are drawn"
        );
        let ratings = Ratings::read(&self.db)?;
        let (mut text, mut json) = (Vec::new(), Map::new());
        if let Some(file) = &self.export {
            ratings.save_csv(file)?;
            text.push(format!(
                "{} in {}",
                counted(ratings.ratings.len(), "rating"),
                file.display()
            ));
            json.insert("ratings".to_owned(), ratings.ratings.len().into());
        }
        if let Some(folder) = &self.report {
            let audit = self.audit.as_deref().map(read_audit_scores).transpose()?;
            let bootstrap = Bootstrap {
                seed: self.seed.unwrap_or(0),
                ..Bootstrap::default()
            };
            let report = ratings.report(audit.as_ref(), bootstrap)?;
            ratings.write_report(&report, folder)?;
            text.push(format!(
                "{} of {} by {}; report.md, report.json and ratings.csv in {}",
                counted(report.ratings, "rating"),
                counted(report.clips.len(), "clip"),
                people(report.raters.len()),
                folder.display()
            ));
            json.insert("report".to_owned(), serde_json::to_value(&report)?);
        }
        Ok(Outcome::new(text.join("\n"), &Value::from(json))?)
    }

    fn serve(&self, video: &Path, session: &mut Session) -> Result<Outcome> {
        let settings = Settings {
            video: video.into(),
            db: self.db.clone(),
            address: SocketAddr::new(self.listen, self.port),
            token: self.token.clone(),
            seed: self.seed.unwrap_or(0),
            fps: self.fps,
        };
        let server = Server::open(&settings, &mut session.ctx)?;
        session.print(format!(
            "{} to rate at {}",
            counted(server.clips(), "clip"),
            server.url()
        ));
        if self.listen.is_unspecified() {
            session.print("from elsewhere: the same link, with this machine's name or address in it");
        }
        session.print("Ctrl-C ends it; the same command goes on");
        let ServerSummary { ratings, raters } = server.run(&mut session.ctx)?;
        let db = self.db.display();
        let text = format!(
            "{} of {} in {db}; `pusht rate --db {db} --report DIR` evaluates them",
            counted(usize::try_from(ratings).unwrap_or(usize::MAX), "rating"),
            people(usize::try_from(raters).unwrap_or(usize::MAX))
        );
        Ok(Outcome::new(text, &json!({ "ratings": ratings, "raters": raters }))?)
    }
}
