//! `pusht parity`.

mod env;
mod model;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::session::Session;

/// Compare the environment and the models with recordings of their published implementations
#[derive(Subcommand)]
pub(crate) enum Parity {
    Env(env::Env),
    Model(model::Model),
}

impl Parity {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self {
            Self::Env(command) => command.run(session),
            Self::Model(command) => command.run(session),
        }
    }
}

/// Result for one folder.
struct Compared {
    text: String,
    report: Value,
    passed: bool,
}

/// Compares the folders one by one and prints each result at once. An error in one folder does not stop the others.
fn each(folders: &[PathBuf], session: &mut Session, compare: impl Fn(&Path) -> Result<Compared>) -> Result<Outcome> {
    let (mut compared, mut errors, mut passed) = (Vec::new(), Vec::new(), true);
    for folder in folders {
        session.ctx.check()?;
        session.print(folder.display());
        match compare(folder) {
            Ok(Compared {
                text,
                report,
                passed: own,
            }) => {
                session.print(text);
                compared.push(json!({ "folder": folder, "passed": own, "report": report }));
                passed &= own;
            }
            Err(error) => errors.push(format!("{error:#}")),
        }
    }
    if !errors.is_empty() {
        bail!("{}", errors.join("\nerror: "));
    }
    let json = json!({ "passed": passed, "folders": compared });
    Ok(Outcome::new("", &json)?.failed_if(!passed))
}
