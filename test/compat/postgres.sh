#!/bin/bash
# PostgreSQL's regression and isolation tests, from the source package, on the
# installed server.
# alone: it runs its own units side by side
. "$(dirname "$0")/lib.sh"
suite_name=postgres
PG=$(printf '%s\n' /usr/lib/postgresql/*/bin | tail -n 1)
PG=${PG%/bin}
MAJOR=${PG##*/}

suite_prepare() {
	local source headers
	[ -x "$PG/bin/postgres" ] || { echo "no PostgreSQL server here" && return 1; }
	source=$(compat_source "postgresql-$MAJOR") || { echo "no source of postgresql-$MAJOR" && return 1; }
	echo "$source" >"$CACHE/postgres.path"
	mkdir -p "$CACHE/postgres"
	[ -e "$CACHE/postgres/regress.so" ] && return 0
	headers=$CACHE/postgres/headers
	mkdir -p "$headers"
	(cd "$headers" && apt-get -q download "postgresql-server-dev-$MAJOR" >log 2>&1 && dpkg -x ./*.deb .) ||
		{ echo "no headers of the server" && return 1; }
	# The headers that can be had may be a newer server's: of them only what is generated.
	nice -n 10 ${CC:-gcc} -O1 -w -fPIC -shared -o "$CACHE/postgres/regress.so" \
		-I"$source/src/include" -I"$headers/usr/include/postgresql/$MAJOR/server" "$source/src/test/regress/regress.c" || return 1
	cp "$PG/lib/refint.so" "$PG/lib/autoinc.so" "$CACHE/postgres/"
}
suite_version() {
	"$PG/bin/postgres" --version | awk '{ print $3 }'
}
suite_units() {
	echo regress
	[ -x "$PG/lib/pgxs/src/test/isolation/pg_isolation_regress" ] && echo isolation
}
suite_unit() { # UNIT DIR
	local source status port
	source=$(cat "$CACHE/postgres.path")/src/test/$1
	cp -r "$source" "$2/in"
	cp "$CACHE"/postgres/*.so "$2/in/"
	mkdir "$2/out"
	port=$((12000 + $(od -An -N2 -tu2 /dev/urandom) % 18000))
	local -a runner=("$PG/lib/pgxs/src/test/regress/pg_regress" --schedule="$2/in/parallel_schedule")
	[ "$1" = regress ] || runner=("$PG/lib/pgxs/src/test/isolation/pg_isolation_regress"
		--schedule="$2/in/isolation_schedule")
	COMPAT_SECONDS=3600 compat_run "$SIDE" "$2" "${runner[@]}" --inputdir="$2/in" --outputdir="$2/out" --dlpath="$2/in" \
		--bindir="$PG/bin" --temp-instance="$2/inst" --port=$port --no-locale --encoding=UTF8 \
		--max-concurrent-tests=20 >"$2/log" 2>&1
	status=$?
	sed -nE 's/^(test)? +([a-z0-9_.-]+) +\.\.\. ([a-zA-Z]+).*$/\2\t\3/p' "$2/log"
	printf '[unit]\tstatus %s\n' $status
}
compat_main "$@"
