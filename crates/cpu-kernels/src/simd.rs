//! Instruction sets of the processor, chosen at run time.

/// What the processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// AVX-512: 32 registers of 16 values.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 with fused multiply-add: 16 registers of 8 values.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler may assume of every processor.
    Portable,
}

impl Level {
    /// The best that the processor has.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let v4 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            let v3 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if v4 && v3 {
                return Self::Avx512;
            }
            if v3 {
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}

/// Work whose loops are compiled for each instruction set. `run` and what it calls must be `#[inline(always)]`: only what
/// becomes part of [`vectorized`] is compiled that way. Products and sums are not fused, so the bits are the same for all.
pub(crate) trait Work {
    fn run(self);
}

/// Does the work with the best instructions that the processor has.
#[allow(unsafe_code)]
pub(crate) fn vectorized(work: impl Work) {
    match Level::best() {
        // SAFETY: `Level::best` found the instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(work) },
        // SAFETY: the same.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(work) },
        Level::Portable => work.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512(work: impl Work) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(work: impl Work) {
    work.run();
}
