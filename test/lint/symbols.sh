#!/bin/bash
# The laws that only compiled objects can tell, whatever their headers say: who calls
# whom, who defines names of libc, what is taken from libc.  The objects are those of the
# sources that are there now.
. "$(dirname "$0")/../lib-lint.sh"
. "$(dirname "$0")/../lib-house.sh"

# objects SOURCE...: the object of each
objects() {
	local source
	for source; do
		echo "$B/obj/${source%.c}.o"
	done
}
# imported: what libvprof.imports allows
imported() {
	sed -n '/^#/d; s/ : .*//p' "$TOP/libvprof/libvprof.imports" | tr ' ' '\n' | grep .
}

# symbols OBJECT...: "FOLDER FILE KIND NAME" of each, KIND being D(efined) or U(sed).
# That a file uses a hook which it defines itself is told by a relocation only.
symbols() {
	{
		nm -A -P "$@" | awk '$3 ~ /[TDBRVWCGSui]/ { print $1, "D", $2 }
			$3 ~ /[Uwv]/ { print $1, "U", $2 }'
		readelf -rW "$@" | awk -v hooked="$T/hooked" -v file="$1:" '
			BEGIN { while ((getline name <hooked) > 0) hook[name] }
			/^File: / { file = $2 ":" }
			/^Relocation section/ { code = !/\.rela\.(debug|eh_frame)/ }
			{ sub(/@.*/, "", $5) }
			code && $5 in hook { print file, "U", $5 }'
	} | sed -nE 's,^([^ ]*/)?(libvprof|vprof-report|gen)/(.*)\.o: (.) ([^@ ]*).*,\2 \3 \4 \5,p' |
		awk '{ folder = $2; if (!sub("/.*", "", folder)) folder = "main"
			if ($1 == "gen") folder = "base"
			print folder, $1 "/" $2 ".c", $3, $4 }' | sort -u
}

# upward RANKS: symbols on stdin, a line for each that a lower folder calls in a higher one
upward() {
	awk -v ranks="$1" "$AWK_RANKS"'
	BEGIN { read_ranks(ranks, rank) }
	!($1 in rank) { print $2 ": a folder that has no rank"; next }
	$3 == "D" { where[$4] = $1; file[$4] = $2; next }
	{ used[NR] = $0 }
	END {
		for (i in used) {
			split(used[i], s, " ")
			if (!(s[4] in where) || where[s[4]] == s[1])
				continue
			if (rank[where[s[4]]] >= rank[s[1]])
				print s[2] " calls " s[4] "() of " file[s[4]] ": " s[1] "/ must not know " where[s[4]] "/"
		}
	}' | sort
}

# names: symbols of the library on stdin; what is defined or taken by whom it should not be
names() {
	awk -v hooked="$T/hooked" -v allowed="$T/known" '
	BEGIN {
		while ((getline name <hooked) > 0) hook[name]
		while ((getline name <allowed) > 0) known[name]
	}
	$3 == "D" {
		known[$4]
		if ($4 in hook && $1 != "hooks")
			print $2 " defines " $4 ": only hooks/ defines names of libc"
		else if (!($4 in hook) && $4 !~ /^(vp|vpje|vprof_v1)_/)
			print $2 " defines " $4 ": neither a name of ours nor one of the list of hooks"
		next
	}
	$4 in hook {
		print $2 " calls " $4 "(), a hook of ours: base/real.h has the function behind it"
		next
	}
	{ used[NR] = $0 }
	END {
		for (i in used) {
			split(used[i], s, " ")
			if (!(s[4] in known) && s[4] !~ /^(__start_|__stop_|_GLOBAL_OFFSET_TABLE_$)/)
				print s[2] " takes " s[4] " from libc: libvprof.imports does not have it"
		}
	}' | sort
}

# What is linked into the library besides: the private allocator, the compiler's
# arithmetic, the part of libc that is never shared.
linked() {
	nm -P "$B/libvpje.a" "$(gcc -print-libgcc-file-name)" \
		"$(gcc -print-file-name=libc_nonshared.a)" 2>/dev/null |
		awk '$2 ~ /[TDBRVWC]/ { print $1 }' | sort -u
}
private_calls() { # ARCHIVE
	nm -P "$1" | awk '$2 ~ /[Uwv]/ { print $1 }' | sort -u | comm -12 - "$T/hooked" |
		sed 's/.*/the private allocator calls &(), a hook of ours: base\/jemalloc.redefine/'
}

# laws PROGRAM SYMBOLS...: what is wrong with these
laws() {
	local program=$1
	shift
	cat "$@" >"$T/all"
	case $program in
	libvprof)
		upward "$LIBRARY_RANKS" <"$T/all"
		names <"$T/all" ;;
	vprof-report) upward "$REPORT_RANKS" <"$T/all" ;;
	esac
}

cd "$TOP" || exit 1
hooks_listed libvprof/base/real.def | sed 's/@.*//' | sort -u >"$T/hooked"
imported >"$T/known"
linked >>"$T/known"
mapfile -t library < <(objects libvprof/*/*.c)
mapfile -t report < <(objects vprof-report/*.c vprof-report/*/*.c vprof-report/*/*/*.c)
report+=("$B/obj/gen/profile.pb-c.o")
status=0
found=$(
	for object in "${library[@]}" "${report[@]}" "$B/libvpje.a"; do
		[ -f "$object" ] || echo "$object is not built"
	done
	grep -qx malloc "$T/hooked" || echo "the list of hooks is not found"
	symbols "${library[@]}" >"$T/libvprof"
	symbols "${report[@]}" >"$T/vprof-report"
	laws libvprof "$T/libvprof"
	laws vprof-report "$T/vprof-report"
	private_calls "$B/libvpje.a"
)
if [ -n "$found" ]; then
	sed 's/^/FAIL symbols: /' <<<"$found"
	status=1
else
	echo "ok symbols: nothing calls upward, so no two folders each other"
fi

# Every law has its own planted violation: sees WHAT PROGRAM/FOLDER/ TEXT MESSAGE
sees() {
	local file=${2}planted found
	mkdir -p "$T/planted/$2"
	printf '%b\n' "$3" >"$T/planted/$file.c"
	gcc -c -fPIC -fno-builtin -o "$T/planted/$file.o" "$T/planted/$file.c" || exit 1
	found=$(symbols "$T/planted/$file.o" | laws "${2%%/*}" "$T/${2%%/*}" -)
	if grep -q "^$file.c $4" <<<"$found"; then
		echo "ok symbols sees: $1"
	else
		echo "FAIL symbols does not see: $1"
		status=1
	fi
}
lib() { # WHAT FOLDER TEXT MESSAGE
	sees "$1" "libvprof/$2/" "$3" "$4"
}
lib "a call upward by a prototype in a .c" base \
	'void vp_begin(void);\nvoid vp_p(void) { vp_begin(); }' 'calls vp_begin'
lib "a call upward by an inline function of a lower header" track \
	'void vp_begin(void);\nstatic inline void gate(void) { vp_begin(); }\nvoid vp_p(void) { gate(); }' 'calls vp_begin'
lib "an address of something higher" ring \
	'int vp_waits_record(void);\nvoid *vp_p = vp_waits_record;' 'calls vp_waits_record'
lib "a name of libc defined outside hooks/" track 'void free(void *p) { (void)p; }' 'defines free'
lib "one defined by its assembler name" base \
	'void *vp_p(unsigned long n) __asm__("malloc");\nvoid *vp_p(unsigned long n) { return (void *)n; }' 'defines malloc'
for name in prctl execl mtx_lock epoll_wait; do
	lib "$name defined in base/" base "int $name(void) { return 0; }" "defines $name"
done
lib "a version of a name defined outside hooks/" base \
	'int vp_p(void) { return 0; }\n__asm__(".symver vp_p,pthread_cond_wait@GLIBC_2.2.5");' 'defines pthread_cond_wait'
lib "a hook that no list has" hooks 'int clock_gettime(void) { return 0; }' 'defines clock_gettime'
lib "a call of a hook" helper \
	'int pthread_join(unsigned long, void **);\nint vp_p(void) { return pthread_join(0, 0); }' 'calls pthread_join'
lib "a call of a hook by its neighbour" hooks \
	'int execve(void) { return 0; }\nint execv(void) { return execve(); }' 'calls execve'
lib "libc's allocation" base 'char *strdup(const char *);\nvoid *vp_p(void) { return strdup(""); }' 'takes strdup'
lib "stdio" base 'void perror(const char *);\nvoid vp_p(void) { perror("x"); }' 'takes perror'
lib "a system call by libc" ring 'int mkdir(const char *, int);\nint vp_p(void) { return mkdir("", 0); }' 'takes mkdir'
rep() { # WHAT FOLDER TEXT MESSAGE
	sees "$1" "vprof-report/$2/" "$3" "$4"
}
rep "models that call their output" model 'void vr_table_print(void);\nvoid vr_p(void) { vr_table_print(); }' 'calls vr_table_print'
rep "input that calls models" input 'void vr_profile_close(void);\nvoid vr_p(void) { vr_profile_close(); }' 'calls vr_profile_close'
rep "exports that call tables" export 'void vr_table_print(void);\nvoid vr_p(void) { vr_table_print(); }' 'calls vr_table_print'
# The private allocator, which is an archive: one of a single member.
printf 'int pthread_join(void);\nint vpje_p(void) { return pthread_join(); }\n' >"$T/planted/je.c"
gcc -c -o "$T/planted/je.o" "$T/planted/je.c" && ar rcs "$T/planted/je.a" "$T/planted/je.o"
if [ -n "$(private_calls "$T/planted/je.a")" ]; then
	echo "ok symbols sees: a hook called by the private allocator"
else
	echo "FAIL symbols does not see: a hook called by the private allocator"
	status=1
fi
exit $status
