#!/bin/sh
# Make .typing/kcc/, the tree of links through which mypy sees the folders as one package.
set -eu
cd "$(dirname "$0")/.."
rm -rf .typing && mkdir -p .typing/kcc
for file in kcc/*; do ln -s "../../$file" ".typing/$file"; done
for folder in frontend ir backend linker device kernels; do ln -s "../../$folder" ".typing/kcc/$folder"; done
