# The commands of every day. `just` alone lists them; each is one line that works without just, too.

_list:
    @just --list --unsorted

# compile-check, clippy with warnings denied, formatting, and the table of crates
check:
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    .ci/check-rooms
    .ci/check-names
    .ci/check-circles

# the tests, of one crate (`just test pusht-env`) or of all
test crate="":
    cargo test --release {{ if crate == "" { "--workspace" } else { "-p " + crate } }}

# every stage of the experiment in under a minute; its numbers mean nothing
smoke:
    cargo run --release -- experiment --preset smoke --out target/smoke

# the documentation of all crates, warnings denied
doc *options:
    RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps {{ options }}

# everything that is asked of a commit
ci:
    bash .ci/run
