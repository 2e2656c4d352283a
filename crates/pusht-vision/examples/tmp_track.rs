#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]
use pusht_env::*;
use pusht_vision::*;
fn rd<T: npyz::Deserialize>(dir: &str, n: &str) -> Vec<T> {
    npyz::NpyFile::new(std::io::BufReader::new(
        std::fs::File::open(format!("{dir}/{n}.npy")).unwrap(),
    ))
    .unwrap()
    .into_vec()
    .unwrap()
}
fn med(v: &mut Vec<f64>) -> String {
    v.sort_by(f64::total_cmp);
    let n = v.len();
    format!(
        "median {:.4} 90% {:.4} 99% {:.4} max {:.4} mean {:.4}",
        v[n / 2],
        v[n * 9 / 10],
        v[n * 99 / 100],
        v[n - 1],
        v.iter().sum::<f64>() / n as f64
    )
}
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let step: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let img: Vec<u8> = rd(&dir, "img");
    let st: Vec<f64> = rd(&dir, "state");
    let t = Tracker::new(GOAL).unwrap();
    let mut ea = vec![];
    let mut eb = vec![];
    let mut et = vec![];
    let mut ca = vec![];
    let mut cb = vec![];
    let mut miss = 0;
    let mut bias = [0f64; 5];
    let mut n = 0.0;
    let mut bad = vec![];
    let mut time = 0.0;
    for i in (0..st.len() / 5).step_by(step) {
        let f = Frame::from_raw(96, 96, img[i * 27648..(i + 1) * 27648].to_vec()).unwrap();
        let s = &st[i * 5..i * 5 + 5];
        let t0 = std::time::Instant::now();
        let r = t.track(&f).unwrap();
        time += t0.elapsed().as_secs_f64();
        let Some(q) = r.state() else {
            miss += 1;
            println!("miss {i} {r:?} {s:?}");
            continue;
        };
        n += 1.0;
        let (dx, dy) = (q.agent[0] - s[0], q.agent[1] - s[1]);
        let (bx, by) = (q.block.x - s[2], q.block.y - s[3]);
        let dt = unwrap_angle(0.0, q.block.angle - s[4]);
        let (sn, cs) = s[4].sin_cos();
        bias[0] += dx;
        bias[1] += dy;
        bias[2] += bx;
        bias[3] += by;
        bias[4] += -sn * bx + cs * by;
        ea.push(dx.hypot(dy));
        eb.push(bx.hypot(by));
        et.push(dt.abs());
        ca.push(r.agent_confidence);
        cb.push(r.block_confidence);
        if dx.hypot(dy) > 4.0 || bx.hypot(by) > 4.0 {
            bad.push((
                i,
                dx.hypot(dy),
                bx.hypot(by),
                dt,
                r.agent_confidence,
                r.block_confidence,
            ));
        }
    }
    println!(
        "agent {}\nT {}\nangle {}\nca {}\ncb {}\nmiss {miss} bias {:?}\n time {:.1} us",
        med(&mut ea),
        med(&mut eb),
        med(&mut et),
        med(&mut ca),
        med(&mut cb),
        bias.map(|b| b / n),
        time / n * 1e6
    );
    for b in bad.iter().take(15) {
        println!("{b:?}");
    }
}
