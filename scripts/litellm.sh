#!/usr/bin/env bash
# The LiteLLM proxy, a server of models that nobody here wrote, on the loopback, with models that answer without a provider.
#
#   scripts/litellm.sh                  starts it, says where it is, and stops it on Ctrl-C
#   scripts/litellm.sh COMMAND...       runs COMMAND with its address in the environment, then stops it
#   scripts/litellm.sh cargo test -p ninefold-llm --features http --test it -- --ignored litellm
#
# Needs curl and openssl. It is installed from PyPI below target/litellm (about 80 s, 600 MB); LITELLM_VENV names a venv that has it already.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
place=$PWD/target/litellm
mkdir -p "$place"
trap 'echo "FAILED: line $LINENO of scripts/litellm.sh" >&2' ERR
started=()
work=$(mktemp -d)

stop() {
  local pid
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
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
export LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_TELEMETRY=False CONFIG_FILE_PATH=$work/config.yaml
"$venv/bin/litellm" --config "$work/config.yaml" --host 127.0.0.1 --port "$port" >"$work/log" 2>&1 &
started+=($!)

# The same over TLS, with a certificate of our own, by a server that speaks HTTP/2 and nothing else.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
  -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
export NINEFOLD_LITELLM_CERTIFICATE=$work/certificate.pem NINEFOLD_LITELLM_HTTP2=https://127.0.0.1:$(free_port)
"$venv/bin/granian" --interface asgi --http 2 --host 127.0.0.1 --port "${NINEFOLD_LITELLM_HTTP2##*:}" \
  --ssl-certificate "$work/certificate.pem" --ssl-keyfile "$work/key.pem" litellm.proxy.proxy_server:app >"$work/log2" 2>&1 &
started+=($!)

# Waits for up to 120 s for an address to answer while its process lives.
await() {
  local pid=$1 log=$2 address=$3 n
  for ((n = 0; n < 1200; n++)); do
    if curl -fsSk -m 2 "$address/health/liveliness" >/dev/null 2>&1; then return; fi
    if ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.1
  done
  echo "the proxy did not start; it said:" >&2
  tail -20 "$log" >&2
  return 1
}
await "${started[0]}" "$work/log" "$NINEFOLD_LITELLM"
await "${started[1]}" "$work/log2" "$NINEFOLD_LITELLM_HTTP2"
echo "LiteLLM: $NINEFOLD_LITELLM, over HTTP/2: $NINEFOLD_LITELLM_HTTP2"
if [ $# -gt 0 ]; then
  "$@"
else
  trap 'exit 0' INT TERM
  while :; do sleep 1; done
fi
