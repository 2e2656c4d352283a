#!/usr/bin/env bash
# What of the tests on another backend does not fit into .ci/run: the build as users have it (autotune and fusion, all
# optimizations), the small recordings of the published implementations, and the program from training to rollout.
#
#   tools/backends-all.sh [DEVICE]      DEVICE: wgpu (default) or cuda
#
# About an hour on two cores through Mesa's software Vulkan driver (Debian: mesa-vulkan-drivers), minutes on a GPU. What it
# prints is recorded in docs/results/backends.md.
set -uo pipefail
cd "$(dirname "$0")/.."
device="${1:-wgpu}"
case "$device" in
  wgpu) features=wgpu ;;
  cuda | cuda:*) features=cuda ;;
  *) echo "$0: unknown device $device; expected wgpu or cuda" >&2; exit 2 ;;
esac
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT
failed=0
step() {
  local name="$1" start=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then echo "passed $name: $((SECONDS - start)) s"; else echo "FAILED $name: $((SECONDS - start)) s"; failed=1; fi
}

step "every family, as users have the backend" \
  env PUSHT_TEST_DEVICE="$device" cargo test --release -p backend-tests --features "$features" --no-fail-fast

step "the program is built" cargo build --release -p pusht-cli --features "$features"
pusht=target/release/pusht
recordings=()
for crate in ltx-video cosmos-predict unified-video-action t5-encoder; do
  for case in "crates/$crate"/tests/fixtures/*/; do
    case "$case" in */tokenizer/) ;; *) recordings+=("$case") ;; esac
  done
done
step "recordings of the published implementations" "$pusht" parity model "${recordings[@]}" --device "$device"

step "demonstrations" "$pusht" demos record --out "$out/demos.jsonl" --episodes 4 --steps 40
for policy in tracked cnn diffusion-lowdim; do
  small=()
  [ "$policy" = diffusion-lowdim ] && small=(--set 'diffusion.unet.down_dims=[16,32]' --set diffusion.sampler_steps=4)
  step "training of $policy" "$pusht" train policy --policy "$policy" --data "$out/demos.jsonl" --out "$out/$policy" \
    --epochs 1 --steps-per-epoch 3 --batch-size 8 "${small[@]}" --device "$device"
  for where in "$device" cpu; do
    step "rollout of $policy on $where" "$pusht" rollout --policy "$out/$policy/policy.safetensors" --json "$out/$policy-${where%%:*}.json" \
      --episodes 2 --steps 8 --device "$where"
  done
done
step "the device that is best here" "$pusht" rollout --policy "$out/tracked/policy.safetensors" --json "$out/auto.json" \
  --episodes 1 --steps 2 --device auto
exit "$failed"
