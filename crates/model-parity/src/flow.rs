//! Comparison of flow schedules with recordings of the published implementation.

use burn::tensor::{Device, Tensor};

use diffusion_schedulers::{FlowSchedule, FlowScheduler, FlowStart, Scheduler};

use crate::{Case, Check, Model, ParityError, SCHEDULE};

/// Schedules whose recordings can be compared here.
pub const FLOW_MODELS: &[Model] = &[Model {
    class: "FlowMatchEulerDiscreteScheduler",
    run: schedule,
}];

fn schedule(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let scheduler: FlowScheduler = case.setting("/scheduler")?;
    let steps = case.size("/num_inference_steps")?;
    let start = match case.config()["set_timesteps_mode"].as_str() {
        Some("n") => FlowStart::Own,
        Some("linspace" | "sigmas") => FlowStart::Even,
        Some("linear_quadratic") => FlowStart::LinearQuadratic,
        other => {
            return Err(case.config_error(format!(
                "set_timesteps_mode is {other:?}; expected n, linspace or linear_quadratic"
            )));
        }
    };
    let tokens = if scheduler.use_dynamic_shifting {
        case.size("/image_seq_len")?
    } else {
        0
    };
    let mut checks = Vec::new();
    if let (true, Some(mu)) = (scheduler.use_dynamic_shifting, case.config()["mu"].as_f64()) {
        checks.push(Check {
            name: "mu".into(),
            values: 1,
            error: ((scheduler.mu(tokens) - mu) / mu).abs(),
            limit: SCHEDULE,
        });
    }
    let schedule = scheduler.schedule(steps, start, tokens);
    let schedule = schedule.map_err(|error| case.config_error(error.to_string()))?;
    let timesteps: Vec<f64> = schedule
        .timesteps()
        .iter()
        .map(|t| t * scheduler.num_train_timesteps)
        .collect();
    checks.push(case.check_numbers("sigmas", schedule.times(), SCHEDULE)?);
    checks.push(case.check_numbers("timesteps", &timesteps, SCHEDULE)?);
    if case.has("x0") {
        checks.extend(steps_of(case, &schedule, scheduler.num_train_timesteps, device)?);
    }
    Ok(checks)
}

/// Compares recorded steps along the velocity tanh(x − target · t).
fn steps_of(case: &Case, schedule: &FlowSchedule, per_time: f64, device: &Device) -> Result<Vec<Check>, ParityError> {
    let target: Tensor<3> = case.tensor("target", device)?;
    let mut x: Tensor<3> = case.tensor("x0", device)?;
    let mut checks = Vec::new();
    for (i, &t) in schedule.timesteps().iter().enumerate() {
        let velocity = (x.clone() - target.clone().mul_scalar(t)).tanh();
        let own = format!("per_token.{i}");
        x = if case.has(&own) {
            let times: Vec<f64> = case.numbers(&own)?.iter().map(|t| t / per_time).collect();
            let [batch, tokens, _] = x.dims();
            if times.len() != batch * tokens {
                return Err(case.config_error(format!("{own} has {} times; expected {}", times.len(), batch * tokens)));
            }
            schedule.step_tokens(x, velocity, &times)
        } else {
            schedule.step(x, velocity, i, Tensor::zeros_like)
        };
        let name = format!("step.{i}");
        if case.has(&name) {
            checks.push(case.check(&name, x.clone(), SCHEDULE)?);
        }
    }
    Ok(checks)
}
