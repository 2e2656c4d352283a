//! numpy's `RandomState(seed)`: the Mersenne twister MT19937 with the legacy distributions.

const N: usize = 624;
const M: usize = 397;

pub(super) struct Mt19937 {
    key: [u32; N],
    position: usize,
}

impl Mt19937 {
    pub fn new(seed: u32) -> Self {
        let mut key = [seed; N];
        for i in 1..N {
            let previous = key[i - 1];
            key[i] = 1_812_433_253u32
                .wrapping_mul(previous ^ previous >> 30)
                .wrapping_add(i as u32);
        }
        Self { key, position: N }
    }

    fn twist(&mut self) {
        for i in 0..N {
            let y = (self.key[i] & 0x8000_0000) | (self.key[(i + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.key[i] = self.key[(i + M) % N] ^ y >> 1 ^ odd;
        }
        self.position = 0;
    }

    fn next_u32(&mut self) -> u32 {
        if self.position == N {
            self.twist();
        }
        let mut y = self.key[self.position];
        self.position += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// Uniform in [low, high): masks to the next power of two and draws again when out of range.
    pub fn integer(&mut self, low: u32, high: u32) -> f64 {
        let largest = high - 1 - low;
        let mask = (largest + 1).next_power_of_two() - 1;
        loop {
            let value = self.next_u32() & mask;
            if value <= largest {
                return f64::from(low + value);
            }
        }
    }

    /// Uniform in [0, 1).
    fn uniform(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// Standard normal, by the polar method; the first of each pair.
    pub fn normal(&mut self) -> f64 {
        loop {
            let x1 = 2.0 * self.uniform() - 1.0;
            let x2 = 2.0 * self.uniform() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if r2 < 1.0 && r2 != 0.0 {
                return (-2.0 * r2.ln() / r2).sqrt() * x2;
            }
        }
    }
}
