#!/usr/bin/env bash
# The HTML report in a real headless Chromium. Installs what is missing: Chromium by apt, playwright-core by npm below target/.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
work=$PWD/target/browser
mkdir -p "$work"

chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chromium" ]; then
  ${SUDO-$([ "$(id -u)" = 0 ] || echo sudo)} apt-get update -qq
  ${SUDO-$([ "$(id -u)" = 0 ] || echo sudo)} apt-get install -y -qq --no-install-recommends chromium
  chromium=$(command -v chromium)
fi
command -v npm >/dev/null || { echo "node and npm are needed for the browser tests" >&2; exit 1; }
if [ ! -d "$work/node_modules/playwright-core" ]; then
  (cd "$work" && npm install --no-audit --no-fund --silent --no-save playwright-core@1.64.1)
fi

cargo build --quiet -p ninefold-profile --example report
report=${CARGO_TARGET_DIR:-target}/debug/examples/report
"$report" "$work/usual.html"
"$report" "$work/hostile.html" 0 '</script><script>hacked=1</script><img src=x onerror=hacked=1>'
"$report" "$work/large.html" 10000

cp tests/browser/*.mjs "$work/"
CHROMIUM=$chromium REPORTS=$work node --test "$work"/*.test.mjs
