//! The command line, for the record.

/// This call of the example `name` as the README writes it, with the backends that are in this binary.
pub fn command(name: &str) -> String {
    let mut command = "cargo run --release".to_owned();
    for (built, backend) in [(cfg!(feature = "cuda"), "cuda"), (cfg!(feature = "wgpu"), "wgpu")] {
        if built {
            command += &format!(" --features {backend}");
        }
    }
    command += &format!(" --example {name} --");
    for argument in std::env::args().skip(1) {
        let quote = if argument.contains(char::is_whitespace) {
            "'"
        } else {
            ""
        };
        command += &format!(" {quote}{argument}{quote}");
    }
    command
}
