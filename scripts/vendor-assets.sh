#!/bin/sh
# Copies what the pages are made of from node_modules into
# templates/assets/vendor, where it is embedded. Run after
# "npm ci --ignore-scripts". Nothing is bundled or changed, except that Tabler's
# data: URIs become files: the Content-Security-Policy allows images from our
# own address only.
set -eu
cd "$(dirname "$0")/.."
from=node_modules
to=templates/assets/vendor
[ -d "$from/@tabler/core" ] || { echo "run npm ci --ignore-scripts first" >&2; exit 1; }

find "$to" -mindepth 1 ! -name .gitkeep -delete
mkdir -p "$to/golos-text" "$to/tabler"
cp "$from"/@fontsource-variable/golos-text/files/golos-text-*-wght-normal.woff2 "$to/golos-text/"
cp "$from/htmx.org/dist/htmx.min.js" "$to/"
cp "$from/@aktivco/rutoken-plugin/rutoken-plugin.min.js" "$to/"
node scripts/extract-data-uris.mjs \
	"$from/@tabler/core/dist/css/tabler.min.css" "$to/tabler.css" "$to/tabler" vendor/tabler
chmod -R u=rwX,go=rX "$to"
