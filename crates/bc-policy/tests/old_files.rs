//! Settings that earlier versions wrote, in configurations and in policy files, are read under the names they had then.
#![allow(clippy::unwrap_used)]

use bc_policy::{PolicyConfig, PolicyKind, TrackedConfig};

#[test]
fn the_steps_that_a_policy_takes_before_it_looks_again() {
    let before = r#"{"width":256,"layers":3,"horizon":16,"execute":4,"noise":0.0}"#;
    let config: TrackedConfig = serde_json::from_str(before).unwrap();
    assert_eq!(config.n_action_steps, 4);
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(text, before.replace("execute", "n_action_steps"));
    let whole = PolicyConfig::new("tracked".parse::<PolicyKind>().unwrap(), 0);
    let text = serde_json::to_string(&whole).unwrap();
    // The first one is that of the policy on tracked states.
    let before = text.replacen("n_action_steps", "execute", 1);
    assert_eq!(serde_json::from_str::<PolicyConfig>(&before).unwrap(), whole);
}

#[test]
fn former_keys_are_those_that_are_read() {
    let whole = PolicyConfig::new(PolicyKind::TRACKED, 0);
    let text = serde_json::to_string(&whole).unwrap();
    for (before, now) in PolicyConfig::FORMER_KEYS {
        let former = text.replacen(&format!("\"{now}\":"), &format!("\"{before}\":"), 1);
        assert_ne!(former, text, "{now}");
        assert_eq!(
            serde_json::from_str::<PolicyConfig>(&former).unwrap(),
            whole,
            "{before}"
        );
    }
}
