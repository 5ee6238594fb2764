# libvprof.  `make help` lists the targets; everything is built under build/.
MAKEFLAGS += --no-builtin-rules
VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
CXX := $(if $(filter default undefined,$(origin CXX)),g++,$(CXX))
OBJCOPY ?= objcopy
AR := $(if $(filter default undefined,$(origin AR)),ar,$(AR))
B := build

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes
BASE := -std=gnu11 -D_GNU_SOURCE -Iinclude -DVPROF_VERSION_STRING='"$(VERSION)"' -g $(WARN) -MMD -MP
OPT ?= -O2
LIB_CFLAGS := $(BASE) $(OPT) -fPIC -fvisibility=hidden -fno-omit-frame-pointer \
	-ftls-model=initial-exec -fno-builtin-malloc -fno-builtin-calloc \
	-fno-builtin-realloc -fno-builtin-free -fcf-protection=none \
	-fno-tree-slp-vectorize -Ilibvprof
REPORT_CFLAGS := $(BASE) $(OPT) -Ivprof-report -isystem $B/gen
MONITOR_CFLAGS := $(BASE) $(OPT) -Imonitor
VIRTUOSO_CFLAGS := $(BASE) $(OPT) -Iexamples/virtuoso
RUN_CFLAGS := $(BASE) $(OPT) -Ivprof-run -Ivprof-report
UNIT_CFLAGS := $(BASE) $(OPT) -Itest/unit
# Probes must make the calls they are written to make, and keep their frames.
PROBE_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Iinclude -g -O1 -Wall -Wextra -Wmissing-prototypes \
	-fno-builtin -fno-optimize-sibling-calls -MMD -MP
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
UBSAN := -fsanitize=undefined -fno-sanitize-recover=undefined

# $(call cflags,SOURCE): the flags of a source file, by its directory.
cflags = $(if $(filter libvprof/%,$1),$(LIB_CFLAGS),\
	$(if $(filter vprof-report/%,$1),$(REPORT_CFLAGS),\
	$(if $(filter monitor/%,$1),$(MONITOR_CFLAGS),\
	$(if $(filter vprof-run/%,$1),$(RUN_CFLAGS),\
	$(if $(filter examples/virtuoso/%,$1),$(VIRTUOSO_CFLAGS),\
	$(UNIT_CFLAGS) $(call unit_includes,$1))))))
unit_includes = $(if $(filter test/unit/test_vp_%,$1),-Ilibvprof,\
	$(if $(filter test/unit/test_monitor_%,$1),-Imonitor,\
	$(if $(filter test/unit/test_virtuoso_%,$1),-Iexamples/virtuoso,-Ivprof-report)))

LIB_SRC := $(sort $(wildcard libvprof/*/*.c))
REPORT_SRC := $(sort $(wildcard vprof-report/*.c vprof-report/*/*.c vprof-report/*/*/*.c))
RUN_SRC := $(sort $(wildcard vprof-run/*.c))
MONITOR_SRC := $(sort $(wildcard monitor/*.c))
VIRTUOSO_SRC := $(sort $(wildcard examples/virtuoso/*.c))
UNIT_SRC := $(sort $(wildcard test/unit/test_*.c))
PROBE_SRC := $(sort $(wildcard test/probe/*.c))
BENCH_WORK := $(patsubst test/bench/work/%.c,$B/test/bench/%,$(sort $(wildcard test/bench/work/*.c))) \
	$(patsubst test/bench/work/%.cpp,$B/test/bench/%,$(wildcard test/bench/work/*.cpp))

# Objects live under obj/, because build/monitor is a program.
LIB_OBJ := $(LIB_SRC:%.c=$B/obj/%.o)
# vprof-report/cli/ is what both command-line programs use.
RUN_OBJ := $(patsubst %.c,$B/obj/%.o,$(RUN_SRC) $(wildcard vprof-report/cli/*.c))
REPORT_PB := profile.pb-c
REPORT_OBJ := $(REPORT_SRC:%.c=$B/obj/%.o) $(REPORT_PB:%=$B/obj/gen/%.o)
MONITOR_OBJ := $(MONITOR_SRC:%.c=$B/obj/%.o)
VIRTUOSO_OBJ := $(VIRTUOSO_SRC:%.c=$B/obj/%.o)
UNIT := $(UNIT_SRC:%.c=$B/%)

MAN := $(patsubst docs/man/%.in,$B/man/%,$(sort $(wildcard docs/man/*.in)))

# A probe called plugin_* becomes a shared object, static_* a static program.
PROBES := $(patsubst test/probe/%.c,$B/test/probe/%,$(filter-out test/probe/plugin_%,$(PROBE_SRC))) \
	$(patsubst test/probe/%.c,$B/test/probe/%.so,$(filter test/probe/plugin_%,$(PROBE_SRC))) \
	$(patsubst test/probe/%.cpp,$B/test/probe/%.so,$(wildcard test/probe/plugin_*.cpp)) \
	$(patsubst test/probe/%.cpp,$B/test/probe/%,$(filter-out test/probe/plugin_%,$(wildcard test/probe/*.cpp)))

REPORT_LIBS := -ldw -lelf -liberty -ljansson -lcsv -lcairo -lprotobuf-c -lz -lzstd -lm
APP_LIBS := -lcsv -lm -lpthread
CHECK_LIBS := -lcheck_pic -lsubunit -lrt -lm -lpthread

.PHONY: all demo check check-compat run-compat check-leak-peers check-unit check-inject check-consumers check-golden check-lint asan ubsan bench fuzz \
	format format-check tidy install uninstall clean help setup setup-test run-demo run-check probes
.DEFAULT_GOAL := all
all: ## build everything
all: $B/libvprof.so $B/vprof-report $B/vprof-run $B/monitor $B/virtuoso

# --- compiling ---------------------------------------------------------------
# The walk needs every register.
%/libvprof/stack/capture.o: LIB_CFLAGS += -fomit-frame-pointer
# Hooks jump, however little is optimised.
%/libvprof/hooks/malloc.o: LIB_CFLAGS += -foptimize-sibling-calls
%/libvprof/hooks/dl.o: LIB_CFLAGS += -foptimize-sibling-calls
$B/obj/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(call cflags,$<) $(CFLAGS) -c -o $@ $<

$B/asan/obj/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC "$< (asan)"
	$Q$(CC) $(call cflags,$<) $(ASAN) $(CFLAGS) -c -o $@ $<

$B/ubsan/obj/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC "$< (ubsan)"
	$Q$(CC) $(call cflags,$<) $(UBSAN) $(CFLAGS) -c -o $@ $<

# Messages of the pprof export; protoc-c's code is not held to our warnings.
$B/gen/%.pb-c.c $B/gen/%.pb-c.h: vprof-report/export/%.proto
	@mkdir -p $(@D)
	$(say) PROTOC $<
	$Qprotoc-c --c_out=$B/gen --proto_path=$(<D) $<

# A rule each: one pattern rule with three targets would count all as made.
compile_generated = $Q$(CC) -std=gnu11 -g $(OPT) -w $1 $(CFLAGS) -c -o $@ $<
$B/obj/gen/%.o: $B/gen/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(call compile_generated)
$B/asan/obj/gen/%.o: $B/gen/%.c
	@mkdir -p $(@D)
	$(say) CC "$< (asan)"
	$(call compile_generated,$(ASAN))
$B/ubsan/obj/gen/%.o: $B/gen/%.c
	@mkdir -p $(@D)
	$(say) CC "$< (ubsan)"
	$(call compile_generated,$(UBSAN))

$B/obj/vprof-report/export/pprof.o $B/asan/obj/vprof-report/export/pprof.o \
	$B/ubsan/obj/vprof-report/export/pprof.o: $B/gen/profile.pb-c.h

# --- products ----------------------------------------------------------------
$B/monitor: $(MONITOR_OBJ)
	$(say) LD $@
	$Q$(CC) -o $@ $^ $(LDFLAGS) $(APP_LIBS)

$B/vprof-run: $(RUN_OBJ)
	$(say) LD $@
	$Q$(CC) -o $@ $^ $(LDFLAGS) -ljansson -lm

$B/virtuoso: $(VIRTUOSO_OBJ)
	$(say) LD $@
	$Q$(CC) -o $@ $^ $(LDFLAGS) $(APP_LIBS)

# jemalloc's symbols get our prefix, so that its memory and its names never
# mix with the host's; its C++ operators are left out.
$B/libvpje.a: libvprof/base/jemalloc.redefine
	@mkdir -p $(@D)
	$(say) OBJCOPY $@
	$Qcp /usr/lib/*/libjemalloc_pic.a $@.tmp && $(AR) d $@.tmp jemalloc_cpp.pic.o && \
	$(OBJCOPY) --redefine-syms=$< $@.tmp && mv $@.tmp $@

$B/libvprof.so: $(LIB_OBJ) $B/libvpje.a libvprof/libvprof.map
	$(say) LD $@
	$Q$(CC) -shared -o $@ $(LIB_OBJ) $B/libvpje.a $(LDFLAGS) \
		-Wl,--version-script=libvprof/libvprof.map -Wl,-z,defs -Wl,-z,now \
		-Wl,-soname,libvprof.so -Wl,--exclude-libs,ALL

# --- variants: plain, asan, ubsan --------------------------------------------
# $(call variant,DIRECTORY,FLAGS): vprof-report and the unit tests. The sources
# of the library run here inside ordinary programs, without the hooks; archives
# leave out what a test does not use.
define variant
$1/vprof-report: $(REPORT_SRC:%.c=$1/obj/%.o) $(REPORT_PB:%=$1/obj/gen/%.o)
	$$(say) LD $$@
	$$Q$(CC) $2 -o $$@ $$^ $(LDFLAGS) $(REPORT_LIBS)

$1/unit-vp.a: $(patsubst %.c,$1/obj/%.o,$(filter-out libvprof/hooks/%,$(LIB_SRC)))
$1/unit-report.a: $(patsubst %.c,$1/obj/%.o,$(filter-out vprof-report/main.c,$(REPORT_SRC))) \
	$(REPORT_PB:%=$1/obj/gen/%.o)
$1/unit-monitor.a: $(patsubst %.c,$1/obj/%.o,$(filter-out monitor/main.c,$(MONITOR_SRC)))
$1/unit-virtuoso.a: $(patsubst %.c,$1/obj/%.o,$(filter-out examples/virtuoso/main.c,$(VIRTUOSO_SRC)))
$1/unit-%.a:
	$$(say) AR $$@
	$$Qrm -f $$@ && $(AR) rcs $$@ $$^

$1/test/unit/test_vp_%: $1/obj/test/unit/test_vp_%.o $1/unit-vp.a $B/libvpje.a
	@mkdir -p $$(@D)
	$$(say) LD $$@
	$$Q$(CC) $2 -o $$@ $$< -Wl,--start-group $$(wordlist 2,3,$$^) -Wl,--end-group \
		$(LDFLAGS) $(CHECK_LIBS) -ldl -lm

$1/test/unit/test_monitor_%: $1/obj/test/unit/test_monitor_%.o $1/unit-monitor.a
	@mkdir -p $$(@D)
	$$(say) LD $$@
	$$Q$(CC) $2 -o $$@ $$^ $(LDFLAGS) $(CHECK_LIBS) $(APP_LIBS)

$1/test/unit/test_virtuoso_%: $1/obj/test/unit/test_virtuoso_%.o $1/unit-virtuoso.a
	@mkdir -p $$(@D)
	$$(say) LD $$@
	$$Q$(CC) $2 -o $$@ $$^ $(LDFLAGS) $(CHECK_LIBS) $(APP_LIBS)

$1/test/unit/test_%: $1/obj/test/unit/test_%.o $1/unit-report.a
	@mkdir -p $$(@D)
	$$(say) LD $$@
	$$Q$(CC) $2 -o $$@ $$^ $(LDFLAGS) $(CHECK_LIBS) $(REPORT_LIBS)

.SECONDARY: $(UNIT_SRC:%.c=$1/obj/%.o)
endef
$(eval $(call variant,$B,))
$(eval $(call variant,$B/asan,$(ASAN)))
$(eval $(call variant,$B/ubsan,$(UBSAN)))

# --- fuzzing -----------------------------------------------------------------
# $B/asan/fuzz_NAME FILE... runs a target on files; $B/fuzz/NAME is a libFuzzer of clang.
FUZZ := $(patsubst test/fuzz/fuzz_%.c,%,$(sort $(wildcard test/fuzz/fuzz_*.c)))
FUZZ_CC ?= clang-14
# An offset of nothing from no array is no fault that we hunt.
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=pointer-overflow -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -w
FUZZ_HEADERS := test/fuzz/fuzz.h test/golden/mkprof.h $(wildcard include/*.h)
FUZZ_DEP := $(patsubst %.c,$B/fuzz/obj/%.o,$(REPORT_SRC)) $(REPORT_PB:%=$B/fuzz/obj/gen/%.o)
as_function := -Dmain=vr_main -Wno-missing-prototypes

$B/asan/fuzz/main.o: vprof-report/main.c
	@mkdir -p $(@D)
	$(say) CC "$< (asan)"
	$Q$(CC) $(REPORT_CFLAGS) $(ASAN) $(as_function) $(CFLAGS) -c -o $@ $<

$B/asan/fuzz_%: test/fuzz/fuzz_%.c test/fuzz/replay.c $B/asan/fuzz/main.o $B/asan/unit-report.a $(FUZZ_HEADERS)
	$(say) CC $<
	$Q$(CC) $(REPORT_CFLAGS) $(ASAN) $(CFLAGS) -MF $@.d -o $@ $(filter %.c %.o %.a,$^) $(LDFLAGS) $(REPORT_LIBS)

$B/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC "$< (fuzz)"
	$Q$(FUZZ_CC) $(call cflags,$<) $(FUZZ_FLAGS) $(if $(filter %/main.c,$<),$(as_function)) -c -o $@ $<
$B/fuzz/obj/gen/%.o: $B/gen/%.c
	@mkdir -p $(@D)
	$Q$(FUZZ_CC) -std=gnu11 -g $(OPT) -w $(FUZZ_FLAGS) -c -o $@ $<
$B/fuzz/obj/vprof-report/export/pprof.o: $B/gen/profile.pb-c.h

$(FUZZ:%=$B/fuzz/%): $B/fuzz/%: test/fuzz/fuzz_%.c $(FUZZ_DEP) $(FUZZ_HEADERS)
	$(say) CC "$< (fuzz)"
	$Q$(FUZZ_CC) $(REPORT_CFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -MF $@.d -o $@ \
		$(filter %.c %.o,$^) $(LDFLAGS) $(REPORT_LIBS)

# --- probes ------------------------------------------------------------------
$B/test/probe/plugin_%.so: test/probe/plugin_%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(PROBE_CFLAGS) -fPIC -shared -o $@ $<

$B/test/probe/plugin_%.so: test/probe/plugin_%.cpp
	@mkdir -p $(@D)
	$(say) CXX $<
	$Q$(CXX) -g -O1 -Wall -Wextra -fPIC -shared -o $@ $<

$B/test/probe/%: test/probe/%.cpp
	@mkdir -p $(@D)
	$(say) CXX $<
	$Q$(CXX) -g -O1 -std=gnu++17 -Wall -Wextra -fno-builtin -o $@ $<

$B/test/probe/static_%: test/probe/static_%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(PROBE_CFLAGS) -static -o $@ $<

$B/test/probe/%: test/probe/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(PROBE_CFLAGS) -o $@ $< -ldl -lpthread -lm

# --- oracle: the library with its walks compared with libunwind's ------------
ORACLE := $B/test/oracle
ORACLES := $(ORACLE)/libvprof-oracle.so \
	$(patsubst test/oracle/%.cpp,$(ORACLE)/%,$(wildcard test/oracle/*.cpp))
ORACLE_OBJ := $(LIB_SRC:%.c=$(ORACLE)/obj/%.o) $(ORACLE)/obj/test/oracle/oracle.o
$(ORACLE)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC "$< (oracle)"
	$Q$(CC) $(LIB_CFLAGS) -DVPROF_ORACLE $(CFLAGS) -c -o $@ $<

$(ORACLE)/libvprof-oracle.so: $(ORACLE_OBJ) $B/libvpje.a libvprof/libvprof.map
	$(say) LD $@
	$Q$(CC) -shared -o $@ $(ORACLE_OBJ) $B/libvpje.a $(LDFLAGS) \
		-Wl,--version-script=libvprof/libvprof.map -Wl,-z,defs -Wl,-z,now \
		-Wl,-soname,libvprof.so -Wl,--exclude-libs,ALL

$(ORACLE)/%: test/oracle/%.cpp
	@mkdir -p $(@D)
	$(say) CXX $<
	$Q$(CXX) -O3 -fomit-frame-pointer -std=gnu++17 -Wall -Wextra -o $@ $< -lpthread

probes: $(PROBES) $(ORACLES)

# The leak probes once more, linked with LeakSanitizer: a peer to compare with.
LSAN_PROBES := $(patsubst test/probe/%.c,$B/test/lsan/%,$(wildcard test/probe/leak_*.c)) \
	$(patsubst test/probe/%.cpp,$B/test/lsan/%,$(wildcard test/probe/leak_*.cpp)) \
	$B/test/lsan/plugin_leak.so
$B/test/lsan/%.so: $B/test/probe/%.so
	@mkdir -p $(@D)
	$Qcp $< $@

$B/test/lsan/%: test/probe/%.cpp
	@mkdir -p $(@D)
	$(say) CXX "$< (lsan)"
	$Q$(CXX) -g -O1 -std=gnu++17 -Wall -Wextra -fno-builtin -fsanitize=leak -o $@ $<

$B/test/lsan/%: test/probe/%.c
	@mkdir -p $(@D)
	$(say) CC "$< (lsan)"
	$Q$(CC) $(PROBE_CFLAGS) -fsanitize=leak -o $@ $< -ldl -lpthread -lm

# --- running -----------------------------------------------------------------
setup:
	$Q.setup/install-packages packages.txt
setup-test:
	$Q.setup/install-packages packages.txt packages-test.txt

# Set-up may install the compiler, so what needs it runs in a second make.
demo: setup ## install what is missing, build, profile virtuoso and the monitor for two symbols
	$Q$(MAKE) --no-print-directory run-demo
run-demo: all
	$Qrm -rf $B/demo
	$Q$B/vprof-run --symbols BTC/USDT SOL/USDT --duration 5 --out $B/demo

check: setup-test ## install what is missing, build, run every test
	$Q$(MAKE) --no-print-directory run-check
run-check: all probes $(UNIT) $(MAN) $B/asan/vprof-report $(FUZZ:%=$B/asan/fuzz_%)
	$Qtest/run.sh $(sort $(wildcard test/lint/*.sh)) $(UNIT) \
		$(sort $(wildcard test/golden/*.sh)) $(sort $(wildcard test/inject/*.sh)) \
		$(sort $(wildcard test/consumers/*.sh))

check-unit: $(UNIT) ## unit tests
	$Qtest/run.sh $(UNIT)
check-inject: all probes $B/asan/vprof-report $(FUZZ:%=$B/asan/fuzz_%) ## tests on programs run under the library; T=name for one
	$Qtest/run.sh $(if $T,$(T:%=test/inject/%.sh),$(sort $(wildcard test/inject/*.sh)))
check-consumers: all probes ## exports as other programs read them; T=name for one
	$Qtest/run.sh $(if $T,$(T:%=test/consumers/%.sh),$(sort $(wildcard test/consumers/*.sh)))
check-golden: all ## reports of stored ring files against stored output
	$Qtest/run.sh $(sort $(wildcard test/golden/*.sh))
check-lint: all ## layers, exports, sizes, paths, shell scripts
	$Qtest/run.sh $(sort $(wildcard test/lint/*.sh))
check-leak-peers: all probes $(LSAN_PROBES) ## leak probes under libvprof, valgrind and LeakSanitizer: who is right
	$Qtest/bench/leak_peers.sh
check-compat: ## other projects' test suites bare and preloaded; S="cpython git" for some (docs/compat.md)
	$Q.setup/install-packages packages.txt packages-test.txt test/compat/packages.txt
	$Q$(MAKE) --no-print-directory run-compat
run-compat: all
	$QT_SCRIPT_LIMIT=14400 test/run.sh $(if $S,$(S:%=test/compat/%.sh),$(addprefix test/compat/,cpython.sh perl.sh redis.sh postgres.sh git.sh))
asan: $B/asan/vprof-report $(UNIT:$B/%=$B/asan/%) ## unit tests under AddressSanitizer
	$Qtest/run.sh $(UNIT:$B/%=$B/asan/%)
ubsan: $B/ubsan/vprof-report $(UNIT:$B/%=$B/ubsan/%) ## unit tests under UndefinedBehaviorSanitizer
	$Qtest/run.sh $(UNIT:$B/%=$B/ubsan/%)
fuzz: $(if $T,$B/fuzz/$T) ## let a fuzzer find crashes of vprof-report: T=record (or baseline ...) SECONDS=1800
	$Qtest/fuzz/run.sh "$T" "$(SECONDS)"
bench: all $(BENCH_WORK) $B/test/probe/cpu_split ## measure costs beside bare runs and peers; G="heap cpu" for some
	$Qtest/bench/run.sh $G

# perf walks frame pointers; it shall have some.
$B/test/bench/burn: PROBE_CFLAGS += -fno-omit-frame-pointer

$B/test/bench/many_samples: test/bench/work/many_samples.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(BASE) $(OPT) -o $@ $<

# The library's own unwinder in an ordinary program: its objects, hooks left out.
$B/test/bench/unwind_frames: test/bench/work/unwind_frames.c $B/unit-vp.a $B/libvpje.a
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(PROBE_CFLAGS) -Iinclude -Ilibvprof -O2 -o $@ $< \
		-Wl,--whole-archive $B/unit-vp.a -Wl,--no-whole-archive $B/libvpje.a -ldl -lpthread

$B/test/bench/%: test/bench/work/%.cpp
	@mkdir -p $(@D)
	$(say) CXX $<
	$Q$(CXX) -O2 -g -std=gnu++17 -Wall -Wextra -o $@ $<

$B/test/bench/%: test/bench/work/%.c
	@mkdir -p $(@D)
	$(say) CC $<
	$Q$(CC) $(PROBE_CFLAGS) -O2 -o $@ $< -lpthread

# --- housekeeping ------------------------------------------------------------
C_FILES = $(shell git ls-files '*.c' '*.h')
format: ## format every C file in place
	clang-format -i $(C_FILES)
format-check: ## say which C files are not formatted
	clang-format --dry-run -Werror $(C_FILES)

tidy: ## clang-tidy over library, report and programs
	@for f in $(LIB_SRC) $(REPORT_SRC) $(MONITOR_SRC) $(VIRTUOSO_SRC); do \
		echo "  TIDY    $$f"; \
		clang-tidy --quiet --checks='-*,clang-analyzer-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier' \
			$$f -- -std=gnu11 -D_GNU_SOURCE -Iinclude -Ilibvprof -Ivprof-report \
			-Imonitor -Iexamples/virtuoso -DVPROF_VERSION_STRING='"$(VERSION)"' || exit 1; \
	done

# Man pages take their commands and options from the programs themselves.
$B/man/%: docs/man/%.in docs/man/options.awk $B/libvprof.so $B/vprof-report $B/vprof-run
	@mkdir -p $(@D)
	$(say) MAN $@
	$Qdocs/man/page $< $B '$(VERSION)' >$@.tmp && mv $@.tmp $@

D = $(DESTDIR)$(PREFIX)
INSTALLED_BIN := vprof-report vprof-run monitor virtuoso
man_dir = $D/share/man/man$(subst .,,$(suffix $1))
install: all $(MAN) ## install under PREFIX (default /usr/local), below DESTDIR
	install -d $D/lib/pkgconfig $D/bin $D/include $D/share/vprof/feed \
		$(sort $(foreach m,$(MAN),$(call man_dir,$m))) $D/share/bash-completion/completions
	install -m 755 $B/libvprof.so $D/lib/
	install -m 755 $(INSTALLED_BIN:%=$B/%) $D/bin/
	install -m 644 $(wildcard include/*.h) $D/include/
	install -m 644 examples/feed/market.csv $D/share/vprof/feed/
	printf 'prefix=%s\nincludedir=$${prefix}/include\n\nName: vprof\nDescription: marks and labels for the profiler libvprof\nVersion: %s\nCflags: -I$${includedir}\n' \
		'$(PREFIX)' '$(VERSION)' >$D/lib/pkgconfig/vprof.pc
	$(foreach m,$(MAN),install -m 644 $m $(call man_dir,$m)/ &&) :
	install -m 644 docs/man/vprof.bash $D/share/bash-completion/completions/vprof-report
	ln -sf vprof-report $D/share/bash-completion/completions/vprof-run
	$(if $(DESTDIR),,ldconfig)

uninstall: ## remove what install put there
	rm -f $D/lib/libvprof.so $D/lib/pkgconfig/vprof.pc $(addprefix $D/bin/,$(INSTALLED_BIN)) \
		$(addprefix $D/,$(wildcard include/*.h)) $D/share/vprof/feed/market.csv \
		$(foreach m,$(MAN),$(call man_dir,$m)/$(notdir $m)) \
		$D/share/bash-completion/completions/vprof-report \
		$D/share/bash-completion/completions/vprof-run
	-rmdir $D/share/vprof/feed $D/share/vprof
	$(if $(DESTDIR),,ldconfig)

clean: ## remove the build directory
	rm -rf $B

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n",$$1,$$2}' $(firstword $(MAKEFILE_LIST)) | sort

-include $(shell [ -d $B ] && find $B -path $B/compat -prune -o -type f -name '*.d' -print)
