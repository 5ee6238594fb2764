# What the lints know of the house; sourced.
# shellcheck shell=bash disable=SC2034

# Folders from the lowest to the highest.  A file has the rank of its folder, and knows its
# own folder and what is lower; folders joined by a comma know nothing of each other.
LIBRARY_RANKS='base ring stack sample thread track leak helper control hooks'
REPORT_RANKS='cli base input symbols model output,export text findings,pictures verbs main'

# In awk, read_ranks(RANKS, RANK): rank[FOLDER] of each
AWK_RANKS='function read_ranks(ranks, rank,   group, folder, n, m, i, j) {
	n = split(ranks, group, " ")
	for (i = 1; i <= n; i++) {
		m = split(group[i], folder, ",")
		for (j = 1; j <= m; j++)
			rank[folder[j]] = i
	}
}'

# hooks_listed LIBVPROF: NAME of libvprof.exports, NAME@VERSION of libvprof.map, one a line
hooks_listed() {
	sed 's/#.*//' "$1/libvprof.exports" | tr -s ' \t' '\n\n' | grep .
	tr '\n\t' '  ' <"$1/libvprof.map" | sed -E 's,/\*([^*]|\*[^/])*\*/,,g' | tr '}' '\n' |
		sed -nE 's/^[^{]*[ ;]?(GLIBC_[0-9.]+) *\{ *global:([^:]*;) *(local:.*)?$/\1 \2/p' |
		while read -r version names; do
			tr -s '; ' '\n\n' <<<"$names" | grep . | sed "s/\$/@$version/"
		done
}
