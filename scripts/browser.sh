#!/usr/bin/env bash
# Tries the profile's HTML page in a real Chromium. Needs Node 20; installs Chromium (Debian, Ubuntu) where none is found, and
# playwright-core into target/browser.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${CHROMIUM:-}" ]; then
  for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then CHROMIUM=$(command -v "$name") && break; fi
  done
fi
if [ -z "${CHROMIUM:-}" ]; then
  ${SUDO-$([ "$(id -u)" = 0 ] || echo sudo)} apt-get update -qq
  ${SUDO-$([ "$(id -u)" = 0 ] || echo sudo)} apt-get install -y -qq --no-install-recommends chromium
  CHROMIUM=$(command -v chromium)
fi
export CHROMIUM

if [ ! -d target/browser/node_modules/playwright-core ]; then
  mkdir -p target/browser
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --prefix target/browser --no-audit --no-fund --no-package-lock --silent playwright-core@1.65
fi

cargo build --quiet -p ninefold-profile --example report
node --test tests/browser/*.test.mjs
