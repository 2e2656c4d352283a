#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
use pusht_env::*;
fn main() {
    let mut r = Renderer::new(96, FillRule::Pygame25).unwrap();
    let mut buf = vec![0u8; 96 * 96 * 3];
    let mut scenes = vec![];
    let mut s = 1u64;
    let mut u = || {
        s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (s >> 33) as f64 / (1u64 << 31) as f64
    };
    for _ in 0..1000 {
        scenes.push(Scene::new(
            [u() * 400. + 50., u() * 400. + 50.],
            Pose::new(u() * 250. + 130., u() * 250. + 130., u() * 6.28),
            GOAL,
        ));
    }
    let mut best = f64::MAX;
    for _ in 0..15 {
        let t = std::time::Instant::now();
        for sc in &scenes {
            r.render_into(sc, &mut buf).unwrap();
        }
        best = best.min(t.elapsed().as_secs_f64() / 1000.0 * 1e6);
    }
    println!("{best:.2} us {}", buf[100]);
}
