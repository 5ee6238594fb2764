#!/bin/bash
# No tracked file names a machine's own path or a package host.
. "$(dirname "$0")/../lib-lint.sh"

machine='(^|[^A-Za-z0-9_.-])/(work|root|home/[a-z])/'
hosts='[a-z0-9.-]+\.(debian|ubuntu)\.(org|com|net)/(debian|ubuntu|security)|snapshot\.debian|deb\.nodesource|packages\.cloud|pypi\.org/simple|registry\.npmjs|proxy\.golang'
lint() {
	lint_files "$1" | grep -v '^test/lint/paths.sh$' |
		(cd "$1" && xargs -d '\n' grep -sHnIE "$machine|$hosts") | cut -c1-160
}
plant() {
	mkdir -p "$1/docs"
	echo "see /""work/somewhere" >"$1/docs/planted.md"
}
lint_main paths
