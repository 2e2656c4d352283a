//! Settings that need less memory.

use crate::config::FinetuneConfig;
use crate::family::Format;

/// Settings that need less memory than the given ones, and the changes to them.
pub(crate) struct Smaller {
    pub(crate) config: FinetuneConfig,
    pub(crate) changes: Vec<String>,
}

/// Cumulative changes, the least costly first.
pub(crate) fn smaller(config: &FinetuneConfig) -> Vec<Smaller> {
    let steps: [fn(&mut FinetuneConfig) -> String; 7] = [
        |c| {
            c.accumulate = c.batch_size;
            format!("accumulate={}", c.accumulate)
        },
        |c| {
            c.checkpointing = true;
            "checkpointing=true".to_owned()
        },
        |c| {
            c.text_8bit = true;
            "text_8bit=true".to_owned()
        },
        |c| {
            c.format = Format::Bf16;
            "format=bf16".to_owned()
        },
        |c| {
            c.full = false;
            "full=false".to_owned()
        },
        |c| {
            c.frames = c.frames.min(17);
            format!("frames={}", c.frames)
        },
        |c| {
            (c.width, c.height) = (c.width.min(256), c.height.min(256));
            format!("width={} height={}", c.width, c.height)
        },
    ];
    let (mut config, mut changes, mut all) = (config.clone(), Vec::new(), Vec::new());
    for step in steps {
        let before = config.clone();
        let change = step(&mut config);
        if config != before {
            changes.push(change);
            all.push(Smaller {
                config: config.clone(),
                changes: changes.clone(),
            });
        }
    }
    all
}
