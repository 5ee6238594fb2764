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

# hooks_listed DEF: the names of libc that base/real.def, and calls.def beside it, say are
# exported, one a line, NAME or NAME@VERSION
hooks_listed() {
	sed -nE 's/^(HOOK|HOOK_EARLY|HOOK_VARIADIC|HOOK_CALL|HOOK_CALL_[A-Z_]+|ALSO|ALSO_CALL)\(([a-zA-Z_0-9]+),.*/\2/p
		s/^HOOK_IN_TWO\(([a-zA-Z_0-9]+),.*/\1@GLIBC_2.2.5\n\1@GLIBC_2.3.2/p' "$1" "${1%/*}/calls.def"
}
