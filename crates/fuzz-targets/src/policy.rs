//! Policies of LeRobot.

use bc_policy::BcPolicy;
use burn::tensor::Device;

use crate::scratch::Scratch;

thread_local! {
    static FOLDER: Scratch = Scratch::new();
}

pub(crate) fn lerobot_policy(input: &[u8]) {
    FOLDER.with(|folder| {
        let policy = folder.files("policy", input);
        let _ = BcPolicy::load(&policy, &Device::flex());
    });
}
