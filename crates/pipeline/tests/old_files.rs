//! Configurations that earlier versions wrote are read under the names they had then.
#![allow(clippy::unwrap_used)]

use pipeline::Config;

/// As files have it now.
fn steps(config: &Config) -> u64 {
    let policy = serde_json::to_value(&config.policy).unwrap();
    policy["tracked"]["n_action_steps"].as_u64().unwrap()
}

#[test]
fn a_config_toml() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    std::fs::write(&path, "[policy.tracked]\nexecute = 4\n").unwrap();
    let config = Config::load("smoke", Some(&path), &[]).unwrap();
    assert_eq!(steps(&config), 4);
    let setting = ["policy.tracked.execute=2".to_owned()];
    assert_eq!(steps(&Config::load("smoke", None, &setting).unwrap()), 2);
    assert!(config.to_toml().unwrap().contains("n_action_steps = 4"));
}
