#!/usr/bin/env bash
# The LiteLLM proxy, a server of models that nobody here wrote, on the loopback, with models that answer without a provider.
#
#   scripts/litellm.sh                  starts it, says where it is, and stops it on Ctrl-C
#   scripts/litellm.sh COMMAND...       runs COMMAND with its address in the environment, then stops it
#   scripts/litellm.sh cargo test -p ninefold-llm --features http --test it -- --ignored litellm
#
# It is installed from PyPI below target/litellm (about 80 s, 600 MB); LITELLM_VENV names a venv that has it already.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
place=$PWD/target/litellm
mkdir -p "$place"
trap 'echo "FAILED: line $LINENO of scripts/litellm.sh" >&2' ERR
pid=
work=$(mktemp -d)

stop() {
  if [ -n "$pid" ]; then
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

venv=${LITELLM_VENV:-$place/venv}
if [ ! -x "$venv/bin/litellm" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet 'litellm[proxy]==1.106.2'
fi

port=$(free_port)
upstream=$(free_port)
export NINEFOLD_LITELLM=http://127.0.0.1:$port NINEFOLD_LITELLM_KEY=sk-only-on-the-loopback
# Where the tests put a server of their own behind the proxy.
export NINEFOLD_LITELLM_UPSTREAM=127.0.0.1:$upstream

cat >"$work/config.yaml" <<EOF
model_list:
  - model_name: plain
    litellm_params: { model: openai/gpt-4o-mini, api_key: none, mock_response: "A phase is the unit of timing, of caching and of recovery." }
  - model_name: limited
    litellm_params: { model: openai/gpt-4o-mini, api_key: none, mock_response: litellm.RateLimitError }
  - model_name: broken
    litellm_params: { model: openai/gpt-4o-mini, api_key: none, mock_response: litellm.InternalServerError }
  - model_name: long
    litellm_params: { model: openai/gpt-4o-mini, api_key: none, mock_response: litellm.ContextWindowExceededError }
  - model_name: slow
    litellm_params: { model: openai/gpt-4o-mini, api_key: none, mock_response: "at last", mock_delay: 5 }
  - model_name: scarce
    litellm_params: { model: openai/gpt-4o-mini, api_key: none, mock_response: "one of few", rpm: 2 }
  # Its own chat completions, so that the messages of the other format are streamed.
  - model_name: claude
    litellm_params: { model: hosted_vllm/plain, api_base: "$NINEFOLD_LITELLM/v1", api_key: "$NINEFOLD_LITELLM_KEY" }
  - model_name: behind
    litellm_params: { model: hosted_vllm/behind, api_base: "http://$NINEFOLD_LITELLM_UPSTREAM/v1", api_key: sk-behind }
router_settings:
  num_retries: 0
  disable_cooldowns: true
  optional_pre_call_checks: [enforce_model_rate_limits]
litellm_settings:
  num_retries: 0
general_settings:
  master_key: $NINEFOLD_LITELLM_KEY
EOF
LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_TELEMETRY=False "$venv/bin/litellm" --config "$work/config.yaml" \
  --host 127.0.0.1 --port "$port" >"$work/log" 2>&1 &
pid=$!
for ((n = 0; n < 1200; n++)); do
  if curl -fsS -m 2 "$NINEFOLD_LITELLM/health/liveliness" >/dev/null 2>&1; then break; fi
  if ! kill -0 "$pid" 2>/dev/null; then n=1200; fi
  sleep 0.1
done
if [ "$n" -ge 1200 ]; then
  echo "the proxy did not start; it said:" >&2
  tail -20 "$work/log" >&2
  exit 1
fi
echo "LiteLLM: $NINEFOLD_LITELLM"
if [ $# -gt 0 ]; then
  "$@"
else
  trap 'exit 0' INT TERM
  while :; do sleep 1; done
fi
