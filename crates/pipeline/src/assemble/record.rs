//! Record of everything needed to repeat a run.

use report::RunRecord;

use super::results::Circumstances;
use crate::{Config, PipelineError};

pub(super) fn record(config: &Config, circumstances: Circumstances<'_>) -> Result<RunRecord, PipelineError> {
    Ok(RunRecord {
        command: circumstances.command.to_owned(),
        folder: circumstances.folder.display().to_string(),
        configuration: config.to_toml()?,
        versions: vec![
            ["pusht-start".to_owned(), env!("CARGO_PKG_VERSION").to_owned()],
            ["burn".to_owned(), "0.22.1".to_owned()],
        ],
        machine: machine(circumstances.device),
        stages: circumstances.stages,
    })
}

fn machine(device: &str) -> Vec<[String; 2]> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    [
        ("device", Some(device.to_owned())),
        ("processor", processor),
        ("cores", Some(cores.to_string())),
        (
            "system",
            Some(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some([name.to_owned(), value?]))
    .collect()
}
