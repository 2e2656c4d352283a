//! Output head: the network's raw numbers to its estimate of the clean clip.
//!
//! Three properties of every demonstration are built in, so that they need not be learned: the clip starts and, if
//! prescribed, ends at the given states; it is parameterized by its steps, so that a T at rest is a row of zeros; and
//! the T's steps are damped where the agent does not touch it.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use crate::latent::DISTANCE;

/// Distance between the surfaces of agent and T at which the T's steps are halved, px: demonstrations are sampled at 10
/// Hz, and the agent moves some px between frames.
const REACH: f64 = 3.0;
/// Width of that transition, px.
const SOFTNESS: f64 = 1.0;

/// Assembles the clean clip, px, `[batch, N, 6]`, from steps.
///
/// `steps`, px, `[batch, N, 6]`: frame i minus frame i − 1, the first row is ignored; `start` and `end`, px,
/// `[batch, 1, 6]`; `pinned` `[batch, 1, 1]`, 1 where the last frame is prescribed and 0 elsewhere; `time`
/// `[batch, 1, 1]`.
pub fn assemble(steps: Tensor<3>, start: Tensor<3>, end: Tensor<3>, pinned: Tensor<3>, time: Tensor<3>) -> Tensor<3> {
    let [_, frames, _] = steps.dims();
    let steps = steps.narrow(1, 1, frames - 1);
    let (agent, block) = (steps.clone().narrow(2, 0, 2), steps.narrow(2, 2, 4));
    let agent = pin(agent.clone(), agent.ones_like(), &start, &end, &pinned, 0);
    let agent = path(agent, &start, 0);
    let gap = agent.clone().narrow(2, DISTANCE, 1);
    let nearer = gap
        .clone()
        .narrow(1, 1, frames - 1)
        .min_pair(gap.narrow(1, 0, frames - 1));
    let touch = sigmoid(nearer.sub_scalar(REACH).neg().div_scalar(SOFTNESS));
    // At high noise the agent's position is unknown, and nothing is damped.
    let blur = time.clone() * time;
    let block = block * (touch.clone() * blur.clone().neg().add_scalar(1.0) + blur);
    let block = pin(block.clone(), activity(&block), &start, &end, &pinned, 2);
    Tensor::cat(vec![agent, path(block, &start, 2)], 2)
}

/// Motion of the T in each step: its weight in a correction.
fn activity(block: &Tensor<3>) -> Tensor<3> {
    block.clone().detach().square().sum_dim(2).add_scalar(1e-4)
}

/// Distributes the error at the last frame over the steps, by weight.
fn pin(
    steps: Tensor<3>,
    weight: Tensor<3>,
    start: &Tensor<3>,
    end: &Tensor<3>,
    pinned: &Tensor<3>,
    first: usize,
) -> Tensor<3> {
    let channels = steps.dims()[2];
    let whole = end.clone().narrow(2, first, channels) - start.clone().narrow(2, first, channels);
    let missing = (whole - steps.clone().sum_dim(1)) * pinned.clone();
    let share = weight.clone() / weight.sum_dim(1);
    steps + missing * share
}

/// Positions from steps, first frame included.
fn path(steps: Tensor<3>, start: &Tensor<3>, first: usize) -> Tensor<3> {
    let channels = steps.dims()[2];
    let start = start.clone().narrow(2, first, channels);
    Tensor::cat(vec![start.clone(), steps.cumsum(1) + start], 1)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::geometry::LEVER;

    fn tensor<const N: usize>(rows: [[f32; 6]; N]) -> Tensor<3> {
        Tensor::<2>::from_floats(rows, &Device::flex()).reshape([1, N, 6])
    }

    fn clip(steps: Tensor<3>, end: Option<[f32; 6]>) -> Vec<f32> {
        let start = tensor([[0.0, 30.0, 0.0, 0.0, LEVER as f32, 0.0]]);
        let (pinned, time) = (f32::from(u8::from(end.is_some())), 0.0);
        let one = |x: f32| Tensor::<1>::from_floats([x], &Device::flex()).reshape([1, 1, 1]);
        let clean = assemble(steps, start, tensor([end.unwrap_or_default()]), one(pinned), one(time));
        clean.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn a_t_that_is_not_touched_hardly_moves() {
        // The agent is 30 px from the surface; every step moves the T by 2 px.
        let row = [0.0, 0.0, 0.0, 2.0, 0.0, 0.0];
        let z = clip(tensor([row; 5]), None);
        assert!(z[4 * 6 + 3] < 0.01, "{z:?}");
        // Approaching by 15 px a step it touches the T after two steps.
        let row = [0.0, -15.0, 0.0, 2.0, 0.0, 0.0];
        let z = clip(tensor([row; 5]), None);
        assert!(z[6 + 3] < 0.01 && z[4 * 6 + 3] > 3.0, "{z:?}");
    }

    #[test]
    fn a_prescribed_end_is_reached_by_the_steps_that_move() {
        let (rest, push) = ([0.0, -15.0, 0.0, 0.0, 0.0, 0.0], [0.0, -15.0, 0.0, 2.0, 0.0, 0.0]);
        let end = [9.0, 0.0, 0.0, 6.0, LEVER as f32, 0.0];
        let z = clip(tensor([rest, rest, rest, push, push]), Some(end));
        for k in 0..6 {
            assert!((z[4 * 6 + k] - end[k]).abs() < 1e-4, "{z:?}");
        }
        assert!(z[2 * 6 + 3].abs() < 0.1, "{z:?}");
    }
}
