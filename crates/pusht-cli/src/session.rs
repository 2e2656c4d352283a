//! What every command shares: progress, output, errors and exit status.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use dataset_checks::{DatasetFault, check_dataset, dataset_faults};
use named_parts::{DataOptions, chosen_device};
use pusht_data::{Episode, Provenance, Source};
use pusht_env::GOAL;
use pusht_jobs::{Cancelled, JobContext, Silent, cancel_on_ctrl_c, counted, terminal_or_lines};

use crate::outcome::Outcome;

/// Exit status: the command completed, but a check failed.
const FAILED: u8 = 3;
/// Exit status: stopped by Ctrl-C, as shells report it.
const CANCELLED: u8 = 130;

/// Options for the output of the result.
#[derive(Args)]
pub(crate) struct OutputArgs {
    /// Print nothing but errors
    #[arg(long, short, global = true, display_order = 100)]
    quiet: bool,
    /// Write the result as JSON to this file; `-` writes it to standard output instead of the text
    #[arg(long, global = true, value_name = "FILE", display_order = 101)]
    json: Option<PathBuf>,
}

impl OutputArgs {
    fn json_to_stdout(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    /// Refuses, before the command runs, a file that exists and does not hold one JSON value, such as a dataset.
    fn check_json_file(&self) -> Result<()> {
        let Some(path) = self.json.as_deref().filter(|path| path.exists()) else {
            return Ok(());
        };
        let bytes = pusht_jobs::read_file(path).with_context(|| format!("--json {}", path.display()))?;
        ensure!(
            bytes.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok(),
            "--json {}: the file exists and is no JSON result; choose another name",
            path.display()
        );
        Ok(())
    }
}

/// Context of a running command.
pub(crate) struct Session<'a> {
    /// Progress on standard error, stopped by Ctrl-C.
    pub(crate) ctx: JobContext,
    output: &'a OutputArgs,
}

impl Session<'_> {
    /// Prints a line of the result before the command ends.
    #[allow(clippy::print_stdout, reason = "the result of a command is its output")]
    pub(crate) fn print(&self, line: impl std::fmt::Display) {
        if !self.output.quiet && !self.output.json_to_stdout() {
            println!("{line}");
        }
    }

    /// Whether `--json` was given.
    pub(crate) fn writes_json(&self) -> bool {
        self.output.json.is_some()
    }

    /// The file of `--json`.
    pub(crate) fn json_file(&self) -> Option<&Path> {
        self.output.json.as_deref().filter(|_| !self.output.json_to_stdout())
    }

    /// The first `first` episodes of the dataset at `path`, or all.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        options: &DataOptions,
        first: Option<usize>,
    ) -> Result<(Source, Vec<Episode>)> {
        let source = options.open(path, &mut self.ctx)?;
        let count = source.first(first)?;
        let episodes = source.episodes(0..count, &mut self.ctx)?;
        self.ctx
            .say(&format!("{} of {}", counted(count, "episode"), source.name()));
        let warn = |fault: &DatasetFault| self.ctx.say(&format!("warning: {}: {fault}", source.name()));
        check_dataset(&episodes, warn).with_context(|| path.display().to_string())?;
        Ok((source, episodes))
    }

    /// Warns of what cannot be meant in the first `count` episodes of a dataset, in the frames of the first `seen` of them.
    pub(crate) fn warn_of(&mut self, source: &Source, count: usize, seen: usize) -> Result<()> {
        let mut episodes = match seen.min(count) {
            0 => Vec::new(),
            seen => source.episodes(0..seen, &mut self.ctx)?,
        };
        for index in episodes.len()..count {
            let provenance = Provenance {
                source: source.name(),
                index,
                seed: None,
                actions: String::new(),
            };
            episodes.push(Episode {
                frames: Vec::new(),
                actions: source.actions(index)?.to_vec(),
                states: source.states(index)?,
                goal: GOAL,
                provenance,
            });
        }
        for fault in dataset_faults(&episodes, 0)? {
            self.ctx.say(&format!("warning: {}: {fault}", source.name()));
        }
        Ok(())
    }

    #[allow(clippy::print_stdout, reason = "the result of a command is its output")]
    fn tell(&self, outcome: &Outcome) -> Result<()> {
        let json = || match &outcome.json_text {
            Some(text) => Ok(text.clone()),
            None => serde_json::to_string_pretty(&outcome.json).map(|text| text + "\n"),
        };
        if self.output.json_to_stdout() {
            println!("{}", json()?.trim_end());
        } else if let Some(path) = self.json_file() {
            pusht_jobs::write_bytes(path, json()?.as_bytes()).with_context(|| path.display().to_string())?;
        }
        if !outcome.text.is_empty() {
            self.print(outcome.text.trim_end());
        }
        Ok(())
    }
}

/// The command line as typed, for the record.
pub(crate) fn command_line() -> String {
    let mut command = "pusht".to_owned();
    for argument in std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
    {
        let quote = if argument.contains(char::is_whitespace) {
            "'"
        } else {
            ""
        };
        command += &format!(" {quote}{argument}{quote}");
    }
    command
}

/// Runs a command and prints its result. An error and its causes are printed on one line, without causes that the error
/// already quotes and without a backtrace: errors here come from arguments or files.
///
/// If the command is stopped by Ctrl-C, `resumes` adds that the same command continues.
pub(crate) fn run(
    output: &OutputArgs,
    resumes: bool,
    command: impl FnOnce(&mut Session) -> Result<Outcome>,
) -> ExitCode {
    if let Err(error) = output.check_json_file() {
        return fail(&error);
    }
    let cancel = match cancel_on_ctrl_c() {
        Ok(cancel) => cancel,
        Err(error) => return fail(&anyhow::Error::new(error).context("Ctrl-C cannot be caught")),
    };
    let ctx = if output.quiet {
        JobContext::new(Box::new(Silent), cancel.clone())
    } else {
        JobContext::new(terminal_or_lines(), cancel.clone())
    };
    let mut session = Session { ctx, output };
    if let Some(device) = chosen_device() {
        session.ctx.say(&format!("--device auto: {device}"));
    }
    let told = command(&mut session).and_then(|outcome| {
        session.tell(&outcome)?;
        if outcome.failed && output.quiet {
            eprintln!("{}", outcome.text.trim_end());
        }
        Ok(outcome.failed)
    });
    match told {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(FAILED),
        Err(error) if cancel.is_cancelled() => {
            let text = in_one_line(&error);
            // Errors that say more than that the job was cancelled also say how to resume.
            let hint = if resumes && text.ends_with(&Cancelled.to_string()) {
                "; finished work is kept, and the same command continues"
            } else {
                ""
            };
            eprintln!("{text}{hint}");
            ExitCode::from(CANCELLED)
        }
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {}", in_one_line(error));
    ExitCode::FAILURE
}

/// An error and its causes, without those that it already quotes.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
