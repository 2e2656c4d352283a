//! numpy's `default_rng(seed)`.

const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

/// The generator of numpy's `default_rng(seed)`, number for number: PCG64 (XSL-RR 128/64), seeded by `SeedSequence`.
///
/// ```
/// let mut rng = pusht_env::NumpyRng::new(0);
/// // numpy.random.default_rng(0).random()
/// assert_eq!(rng.uniform(), 0.6369616873214543);
/// ```
#[derive(Clone, Debug)]
pub struct NumpyRng {
    state: u128,
    increment: u128,
    /// The upper half of a word whose lower half was used for an integer.
    spare: Option<u32>,
}

impl NumpyRng {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        let words = seed_sequence(seed);
        let join = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        let mut rng = Self {
            state: 0,
            increment: join(words[2], words[3]) << 1 | 1,
            spare: None,
        };
        rng.advance();
        rng.state = rng.state.wrapping_add(join(words[0], words[1]));
        rng.advance();
        rng
    }

    fn advance(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    fn next_u64(&mut self) -> u64 {
        self.advance();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    fn next_u32(&mut self) -> u32 {
        if let Some(high) = self.spare.take() {
            return high;
        }
        let word = self.next_u64();
        self.spare = Some((word >> 32) as u32);
        word as u32
    }

    /// Uniform in [low, high).
    pub(crate) fn integer(&mut self, low: u32, high: u32) -> f64 {
        f64::from(low + self.below(high - low))
    }

    /// numpy's `integers(range)` for a range of up to 32 bits: uniform in [0, range), by Lemire's method; 0 if the range is
    /// empty.
    pub fn below(&mut self, range: u32) -> u32 {
        if range == 0 {
            return 0;
        }
        // 2³² mod range: products whose lower half is below it would favor some results.
        let rejected = range.wrapping_neg() % range;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(range);
            if product as u32 >= rejected {
                return (product >> 32) as u32;
            }
        }
    }

    /// numpy's `random()`: uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * 2f64.powi(-53)
    }
}

/// The hash of numpy's `SeedSequence`: a constant that changes with every use.
struct Hash {
    constant: u32,
    multiplier: u32,
}

impl Hash {
    fn mix(&mut self, value: u32) -> u32 {
        let value = value ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.multiplier);
        let value = value.wrapping_mul(self.constant);
        value ^ value >> 16
    }
}

/// `SeedSequence(seed).generate_state(4, uint64)`.
fn seed_sequence(seed: u64) -> [u64; 4] {
    let mut hash = Hash {
        constant: 0x43b0_d7e5,
        multiplier: 0x931e_8875,
    };
    let mut pool = [seed as u32, (seed >> 32) as u32, 0, 0].map(|word| hash.mix(word));
    for from in 0..4 {
        for to in 0..4 {
            if from != to {
                let hashed = hash.mix(pool[from]);
                let mixed = pool[to]
                    .wrapping_mul(0xca01_f9dd)
                    .wrapping_sub(hashed.wrapping_mul(0x4973_f715));
                pool[to] = mixed ^ mixed >> 16;
            }
        }
    }
    let mut hash = Hash {
        constant: 0x8b51_f9dd,
        multiplier: 0x58f3_8ded,
    };
    let words: [u32; 8] = std::array::from_fn(|i| hash.mix(pool[i % 4]));
    std::array::from_fn(|i| u64::from(words[2 * i + 1]) << 32 | u64::from(words[2 * i]))
}
