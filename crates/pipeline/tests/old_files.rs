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

#[test]
fn the_fraction_of_the_learning_rate_over_a_preset_that_sets_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    std::fs::write(&path, "[policy.train]\nfinal_learning_rate = 0.5\n").unwrap();
    let config = Config::load("smoke", Some(&path), &[]).unwrap();
    assert_eq!(config.policy.train.final_learning_rate_fraction, 0.5);
    let settings = [
        "video.train.fit.final_learning_rate=0.25",
        "idm.learned.train.final_learning_rate=0.125",
    ];
    let config = Config::load("smoke", None, &settings.map(str::to_owned)).unwrap();
    let text = config.to_toml().unwrap();
    for fraction in ["0.25", "0.125"] {
        assert!(
            text.contains(&format!("final_learning_rate_fraction = {fraction}")),
            "{text}"
        );
    }
    assert!(!text.contains("final_learning_rate = "), "{text}");
}
