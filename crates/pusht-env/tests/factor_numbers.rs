//! Values of stable-worldmodel's factors as its numbers, and back.
#![allow(clippy::unwrap_used)]

use pusht_env::EnvConfig;
use pusht_env::stable_worldmodel::{FactorName, FactorSet, FactorValue, Factors, ResetOptions, Scale, SwmPushT};

#[test]
fn values_as_numbers() {
    let drawn = {
        let mut env = SwmPushT::new(EnvConfig::stable_worldmodel()).unwrap();
        let variation = FactorSet::all();
        env.reset(
            3,
            &ResetOptions {
                variation,
                ..ResetOptions::default()
            },
        )
        .unwrap();
        env.factors().clone()
    };
    for name in FactorName::ALL {
        for factors in [&drawn, &Factors::default()] {
            let value = name.value(factors);
            let read = FactorValue::from_numbers(name, &value.numbers()).unwrap();
            let single = matches!(value, FactorValue::AgentScale(Scale::Single(_)))
                || matches!(
                    value,
                    FactorValue::BlockScale(Scale::Single(_)) | FactorValue::GoalScale(Scale::Single(_))
                );
            assert_eq!(if single { read.in_single() } else { read }, value);
        }
        assert!(FactorValue::from_numbers(name, &[]).is_err());
        assert!(FactorValue::from_numbers(name, &[1.0; 4]).is_err());
    }
    for (name, numbers, expected) in [
        (FactorName::AgentColor, vec![1.0, 2.0, 256.0], "integers from 0 to 255"),
        (FactorName::AgentColor, vec![1.0, 2.0, 0.5], "integers from 0 to 255"),
        (FactorName::BlockShape, vec![8.0], "expected 0 to 7"),
        (FactorName::BlockShape, vec![f64::NAN], "an integer from 0 to 7"),
        (FactorName::RenderGoal, vec![2.0], "expected 0 or 1"),
        (FactorName::BlockAngle, vec![1.0, 2.0], "one number"),
        (FactorName::AgentVelocity, vec![1.0], "two numbers"),
    ] {
        let error = FactorValue::from_numbers(name, &numbers).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
