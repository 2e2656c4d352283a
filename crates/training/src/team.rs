//! Several GPUs of one host: Burn's distributed data parallel mechanism within this crate's loop.
//!
//! Every device has a replica of the model and of the optimizer, and a thread. A batch is divided into one part per
//! device; parameters are marked as distributed, so that Burn averages their gradients over the devices (NCCL) within
//! `backward`; every replica then makes the same update. Only the first device validates, averages and saves.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;
use burn::tensor::distributed::{DistributedConfig, DistributedContext, ReduceOperation};

use crate::replica::{Part, Replica};
use crate::{Objective, ObjectiveError};

/// Lock for Burn's gradient exchange, one per process.
static EXCHANGE: Mutex<()> = Mutex::new(());

/// The replicas except the first, each on its own thread.
pub(crate) struct Team {
    workers: Vec<Worker>,
    exchange: Option<Exchange>,
}

struct Worker {
    jobs: Sender<Job>,
    ready: Receiver<Result<(), ObjectiveError>>,
    values: Receiver<Tensor<1>>,
}

enum Job {
    Loss(Part),
    /// Waits for the backward pass of all devices.
    Backward,
    Step(f64),
}

/// Stops Burn's exchange when it is dropped.
struct Exchange {
    _context: DistributedContext,
    _only: MutexGuard<'static, ()>,
}

impl Team {
    /// Places replicas of `first` on `devices`, in threads of `scope`; without devices the team has only the first.
    /// With `exchange`, gradients are averaged over all devices, which only CUDA can do.
    pub(crate) fn start<'scope, 'env, M: Module + 'env, O: Objective<M> + Sync>(
        scope: &'scope Scope<'scope, 'env>,
        first: &mut Replica<M>,
        devices: &[Device],
        objective: &'env O,
        exchange: bool,
    ) -> Self {
        let mut all = first.model.devices();
        all.extend(devices.iter().map(|device| device.clone().autodiff()));
        let exchange = (exchange && !devices.is_empty()).then(|| {
            let only = EXCHANGE.lock().unwrap_or_else(PoisonError::into_inner);
            let config = DistributedConfig {
                all_reduce_op: ReduceOperation::Mean,
            };
            Exchange {
                _context: DistributedContext::init(all, config),
                _only: only,
            }
        });
        let workers = devices.iter().map(|device| {
            // `valid` and `train` give the replica its own statistics (batch norm).
            let model = first.model.valid().train().fork(&device.clone().autodiff());
            let mut replica = Replica::new(model, first.optimizer.clone(), first.clip_norm, first.precision);
            if exchange.is_some() {
                replica.distribute();
            }
            let (jobs, todo) = channel();
            let (told, ready) = channel();
            let (done, values) = channel();
            scope.spawn(move || work(replica, objective, &todo, &told, &done));
            Worker { jobs, ready, values }
        });
        let workers = workers.collect();
        if exchange.is_some() {
            first.distribute();
        }
        Self { workers, exchange }
    }

    /// Number of devices.
    pub(crate) fn len(&self) -> usize {
        1 + self.workers.len()
    }

    /// Computes loss and gradients of one part per device; returns the mean of the losses, on the first device.
    pub(crate) fn gradients<M: Module>(
        &self,
        first: &mut Replica<M>,
        objective: &impl Objective<M>,
        parts: &[Part],
    ) -> Result<Tensor<1>, ObjectiveError> {
        for (worker, part) in self.workers.iter().zip(&parts[1..]) {
            worker.send(Job::Loss(part.clone()))?;
        }
        let loss = first.loss(objective, &parts[0]);
        // All losses first: a device without a loss would leave the others waiting for its gradients.
        let told: Vec<_> = self.workers.iter().map(|worker| worker.ready.recv()).collect();
        let loss = loss?;
        for told in told {
            told.map_err(|_| GONE)??;
        }
        for worker in &self.workers {
            worker.send(Job::Backward)?;
        }
        let mut sum = first.backward(loss);
        let device = sum.device();
        for worker in &self.workers {
            sum = sum + worker.values.recv().map_err(|_| GONE)?.to_device(&device);
        }
        Ok(if self.workers.is_empty() {
            sum
        } else {
            sum.div_scalar(self.len() as f64)
        })
    }

    /// Updates the replica on every device.
    pub(crate) fn step<M: Module>(&self, first: &mut Replica<M>, rate: f64) -> Result<(), ObjectiveError> {
        for worker in &self.workers {
            worker.send(Job::Step(rate))?;
        }
        first.step(rate);
        Ok(())
    }
}

impl Drop for Team {
    /// The threads end before the exchange does.
    fn drop(&mut self) {
        self.workers.clear();
        self.exchange = None;
    }
}

const GONE: &str = "the thread of another device has ended early; its message is above";

impl Worker {
    fn send(&self, job: Job) -> Result<(), ObjectiveError> {
        self.jobs.send(job).map_err(|_| GONE.into())
    }
}

fn work<M: Module>(
    mut replica: Replica<M>,
    objective: &impl Objective<M>,
    jobs: &Receiver<Job>,
    ready: &Sender<Result<(), ObjectiveError>>,
    values: &Sender<Tensor<1>>,
) {
    let mut loss = None;
    for job in jobs {
        // The receiver may have failed meanwhile; then the result is dropped, and the jobs end too.
        match job {
            Job::Loss(part) => {
                let computed = replica.loss(objective, &part);
                let _ = ready.send(computed.map(|computed| loss = Some(computed)));
            }
            Job::Backward => {
                if let Some(loss) = loss.take() {
                    let _ = values.send(replica.backward(loss));
                }
            }
            Job::Step(rate) => replica.step(rate),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Precision, Step};
    use burn::nn::{Linear, LinearConfig};
    use burn::optim::AdamWConfig;
    use burn::tensor::TensorData;

    /// Item i has the value i; item 99 fails.
    struct Sum;

    impl Objective<Linear> for Sum {
        fn items(&self) -> usize {
            100
        }

        fn loss(&self, model: &Linear, items: &[usize], _: Step) -> Result<Tensor<1>, ObjectiveError> {
            if items.contains(&99) {
                return Err("item 99".into());
            }
            let x: Vec<f32> = items.iter().map(|&i| i as f32).collect();
            let x = Tensor::<2>::from_data(TensorData::new(x, [items.len(), 1]), &model.devices()[0]);
            Ok(model.forward(x).mean())
        }

        fn validate(&self, _: &Linear) -> Result<Option<f64>, ObjectiveError> {
            Ok(None)
        }
    }

    fn part(items: &[usize]) -> Part {
        Part {
            items: items.to_vec(),
            step: Step::default(),
            weight: 1.0,
        }
    }

    /// Tests the protocol without the exchange, which the CPU lacks.
    #[test]
    fn parts_are_computed_side_by_side_and_a_failure_is_told() {
        let device = Device::flex();
        let model = crate::init_seeded(1, &device, |device| {
            LinearConfig::new(1, 1).with_bias(false).init(device)
        });
        let weight: f32 = model.weight.val().try_into_scalar().unwrap();
        let mut first = Replica::new(model.train(), AdamWConfig::new().init(), None, Precision::F32);
        std::thread::scope(|scope| {
            let team = Team::start(scope, &mut first, &[device.clone(), device.clone()], &Sum, false);
            assert_eq!(team.len(), 3);
            let parts = [part(&[1, 2]), part(&[3, 4]), part(&[5, 6])];
            let loss = team.gradients(&mut first, &Sum, &parts).unwrap();
            let loss: f32 = loss.try_into_scalar().unwrap();
            assert!((loss - 3.5 * weight).abs() < 1e-6, "{loss} {weight}");
            team.step(&mut first, 0.1).unwrap();
            for failing in 0..3 {
                let mut parts = parts.clone();
                parts[failing].items.push(99);
                let error = team.gradients(&mut first, &Sum, &parts).unwrap_err();
                assert_eq!(error.to_string(), "item 99");
            }
        });
        let moved: f32 = first.model.weight.val().try_into_scalar().unwrap();
        assert!((moved - (weight - 0.1)).abs() < 1e-3, "{moved} {weight}");
    }
}
