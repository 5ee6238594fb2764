# Turns what --help, or VPROF_OPTIONS=help=1, prints into entries of a man page, so that no
# page can lack an option, and into the table of keys of the README.
#   awk -v part=commands|options|keys|table -f options.awk HELP
function clean(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	if (text ~ /^[.']/) text = "\\&" text
	return text
}
function entry(term, text) {
	printf ".TP\n.B %s\n%s\n", clean(term), clean(text)
}
part == "commands" && /^[A-Z].*:/ { inside = /^Commands:/; next }
part == "options" && /^[A-Z]/ { inside = /^Options/; next }
part == "commands" && inside && /^  [a-z]/ {
	text = $0
	sub(/^ *[a-z]+ +/, "", text)
	entry($1, text)
}
part == "options" && inside && /^ +-/ {
	text = $0
	sub(/^ +/, "", text)
	at = match(text, /  +/)
	if (!at) at = match(text, / [a-z]/) # a long name leaves one blank
	entry(substr(text, 1, at - 1), substr(text, at + (RLENGTH > 2 || substr(text, at, 2) == "  " ? RLENGTH : 1)))
	next
}
part == "options" && inside && /^ +[^ ]/ { # goes on
	sub(/^ +/, "")
	print clean($0)
}
part == "keys" && /^libvprof: [a-z_]+=/ {
	text = $0
	sub(/^libvprof: [^ ]+ +/, "", text)
	entry($2, text)
}
part == "table" && /^libvprof: [a-z_]+=/ {
	text = $0
	sub(/^libvprof: [^ ]+ +/, "", text)
	fallback = ""
	if (match(text, / \(default .*\)$/)) {
		fallback = " `" substr(text, RSTART + 10, RLENGTH - 11) "`"
		text = substr(text, 1, RSTART - 1)
	}
	key = values = $2
	sub(/=.*/, "", key)
	sub(/^[^=]*=/, "", values)
	gsub(/[|]/, "`, `", values)
	gsub(/%({[A-Z]+}|[a-z])/, "`&`", text)
	printf "| `%s` | `%s` | %s |%s |\n", key, values, text, fallback
}
