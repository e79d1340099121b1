#!/bin/sh
# Installs the test server of the Model Context Protocol's makers (Node.js, about 32 MB) into a directory, by npm, and prints the
# path of its program: NINEFOLD_MCP=$(scripts/mcp.sh target/mcp) cargo test -p ninefold-llm --features mcp -- --ignored everything
set -eu
directory=${1:?"usage: scripts/mcp.sh DIRECTORY"}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
program=$directory/node_modules/@modelcontextprotocol/server-everything/dist/index.js
[ -e "$program" ] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$directory" \
  @modelcontextprotocol/server-everything@2026.8.31 >&2
echo "$program"
