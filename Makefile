# libvprof.  `make help` lists the targets; everything is built under build/.
# This sheet: the products and their installation. test/test.mk: tests and benches.
MAKEFLAGS += --no-builtin-rules
VERSION := $(shell sed -nE 's/^\#define VPROF_VERSION_(MAJOR|MINOR|PATCH)[[:space:]]+([0-9]+)$$/\2/p' include/vprof.h | paste -sd.)
PREFIX ?= /usr/local
DESTDIR ?=
CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
CXX := $(if $(filter default undefined,$(origin CXX)),g++,$(CXX))
OBJCOPY ?= objcopy
AR := $(if $(filter default undefined,$(origin AR)),ar,$(AR))
OPT ?= -O2
B := build

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

.PHONY: all demo run-demo setup readme format format-check tidy install uninstall clean help
.DEFAULT_GOAL := all
all: ## build everything
all: $B/libvprof.so $B/vprof-report $B/vprof-run $B/monitor $B/virtuoso $B/exchange

# --- sources -----------------------------------------------------------------
LIB_SRC := $(sort $(wildcard libvprof/*/*.c))
REPORT_SRC := $(sort $(wildcard vprof-report/*.c vprof-report/*/*.c vprof-report/*/*/*.c))
RUN_SRC := $(sort $(wildcard vprof-run/*.c))
MONITOR_SRC := $(sort $(wildcard monitor/*.c))
VIRTUOSO_SRC := $(sort $(wildcard examples/virtuoso/*.c))
EXCHANGE_SRC := $(sort $(wildcard examples/exchange/*.c))
# what the example programs, the monitor among them, have in common
APP_SRC := $(sort $(wildcard examples/common/*.c))
# vprof-report/cli/ is what both command-line programs use.
CLI_SRC := $(sort $(wildcard vprof-report/cli/*.c))
# messages of the pprof export
REPORT_PB := profile.pb-c

# --- compiling ---------------------------------------------------------------
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
BASE := -std=gnu11 -D_GNU_SOURCE -Iinclude -DVPROF_VERSION_STRING='"$(VERSION)"' -g $(WARN) -MMD -MP

# What a source file needs besides, by its first folder.
FLAGS_libvprof := -fPIC -fvisibility=hidden -fno-omit-frame-pointer -fno-partial-inlining \
	-ftls-model=initial-exec -fno-builtin-malloc -fno-builtin-calloc \
	-fno-builtin-realloc -fno-builtin-free -fcf-protection=none \
	-fno-tree-slp-vectorize -Ilibvprof
FLAGS_vprof-report := -Ivprof-report -isystem $B/gen
FLAGS_vprof-run := -Ivprof-run -Ivprof-report
FLAGS_monitor := -Imonitor -Iexamples/common
FLAGS_examples := -Iexamples/virtuoso -Iexamples/common
flags_of = $(BASE) $(OPT) $(FLAGS_$(firstword $(subst /, ,$1)))
# The walk needs every register.
%/libvprof/stack/capture.o: FLAGS_libvprof += -fomit-frame-pointer
# Spans have no frame of their own on the short way.
%/libvprof/control/api_spans.o: FLAGS_libvprof += -fomit-frame-pointer -foptimize-sibling-calls
# What looks for its caller has a frame all the same; a free lock needs none, nor does a signal
# that nobody waits for.
%/libvprof/hooks/lock.o: FLAGS_libvprof += -fomit-frame-pointer
%/libvprof/hooks/sleep.o: FLAGS_libvprof += -fomit-frame-pointer
# Leaves, of which as little as can be is executed.
%/libvprof/track/call.o: FLAGS_libvprof += -fomit-frame-pointer -foptimize-sibling-calls
# Hooks jump, however little is optimised.
%/libvprof/hooks/malloc.o: FLAGS_libvprof += -foptimize-sibling-calls
%/libvprof/hooks/dl.o: FLAGS_libvprof += -foptimize-sibling-calls
# Called where arguments are in all registers that take some.
%/libvprof/hooks/mcount.o: FLAGS_libvprof += -mgeneral-regs-only -fomit-frame-pointer
%/libvprof/base/real.o: FLAGS_libvprof += -foptimize-sibling-calls

# $(call heard,COMMAND): what a compiler says is also kept, beside what it makes: see
# test/lint/compiler.sh.
heard = $Q$1 2>$@.said; status=$$?; cat $@.said >&2; exit $$status
# $(call compile,VARIANT,FLAGS): the recipe of every object.
define compile
@mkdir -p $(@D)
$(say) CC "$<$(if $1, ($1))"
$(call heard,$(CC) $(call flags_of,$<) $2 $(CFLAGS) -c -o $@ $<)
endef
# $(call objects,DIRECTORY,VARIANT,FLAGS): rules for all objects of a variant; FLAGS is the
# name of a variable. They lie under obj/, because build/monitor is a program. protoc-c's
# code is not held to our warnings.
define objects
$1/obj/%.o: %.c
	$$(call compile,$2,$$($3))
$1/obj/gen/%.o: $B/gen/%.c
	$$(call compile,$2,$$($3) -w)
$1/obj/vprof-report/export/pprof.o: $B/gen/profile.pb-c.h
endef
$(eval $(call objects,$B))

$B/gen/%.pb-c.c $B/gen/%.pb-c.h: vprof-report/export/%.proto
	@mkdir -p $(@D)
	$(say) PROTOC $<
	$Qprotoc-c --c_out=$B/gen --proto_path=$(<D) $<

# --- products ----------------------------------------------------------------
REPORT_LIBS := -ldw -lelf -liberty -ljansson -lcsv -lcairo -lprotobuf-c -lz -lzstd -lm
APP_LIBS := -lcsv -ljansson -lm -lpthread
EXCHANGE_LIBS := -lwebsockets $(APP_LIBS)

# $(call link,LIBRARIES,FLAGS): the recipe of every program.
define link
@mkdir -p $(@D)
$(say) LD $@
$Q$(CC) $2 -o $@ $(filter %.o %.a,$^) $(LDFLAGS) $1
endef
# $(call report_objects,DIRECTORY): vprof-report's, of a variant.
report_objects = $(REPORT_SRC:%.c=$1/obj/%.o) $(REPORT_PB:%=$1/obj/gen/%.o)

$B/vprof-report: $(call report_objects,$B)
	$(call link,$(REPORT_LIBS))
$B/vprof-run: $(patsubst %.c,$B/obj/%.o,$(RUN_SRC) $(CLI_SRC))
	$(call link,-ljansson -lelf -lm)
$B/monitor: $(patsubst %.c,$B/obj/%.o,$(MONITOR_SRC) $(APP_SRC))
	$(call link,$(APP_LIBS))
$B/virtuoso: $(patsubst %.c,$B/obj/%.o,$(VIRTUOSO_SRC) $(APP_SRC))
	$(call link,$(APP_LIBS))

$B/exchange: $(patsubst %.c,$B/obj/%.o,$(EXCHANGE_SRC) $(APP_SRC))
	$(call link,$(EXCHANGE_LIBS))

# jemalloc's symbols get our prefix, so that its memory and its names never
# mix with the host's; its C++ operators are left out.
$B/libvpje.a: libvprof/base/jemalloc.redefine
	@mkdir -p $(@D)
	$(say) OBJCOPY $@
	$Qcp /usr/lib/*/libjemalloc_pic.a $@.tmp && $(AR) d $@.tmp jemalloc_cpp.pic.o && \
	$(OBJCOPY) --redefine-syms=$< $@.tmp && mv $@.tmp $@

LIB_LINK := -shared -Wl,--version-script=libvprof/libvprof.map -Wl,-z,defs -Wl,-z,now \
	-Wl,-soname,libvprof.so -Wl,--exclude-libs,ALL
$B/libvprof.so: $(LIB_SRC:%.c=$B/obj/%.o) $B/libvpje.a libvprof/libvprof.map
	$(call link,,$(LIB_LINK))

# Man pages take their commands and options from the programs themselves, numbers from vprof.h.
MAN := $(patsubst docs/man/%.in,$B/man/%,$(sort $(wildcard docs/man/*.in)))
$B/man/%: docs/man/%.in docs/man/options.awk include/vprof.h $B/libvprof.so $B/vprof-report $B/vprof-run
	@mkdir -p $(@D)
	$(say) MAN $@
	$Qdocs/man/page $< $B '$(VERSION)' >$@.tmp && mv $@.tmp $@

# --- running -----------------------------------------------------------------
setup:
	$Q.setup/install-packages packages.txt

# Set-up may install the compiler, so what needs it runs in a second make.
demo: setup ## install what is missing, build, profile virtuoso and the monitor for two symbols
	$Q$(MAKE) --no-print-directory run-demo
run-demo: all
	$Qrm -rf $B/demo
	$Q$B/vprof-run --symbols BTC/USDT SOL/USDT --duration 5 --out $B/demo

include test/test.mk

# --- housekeeping ------------------------------------------------------------
readme: $B/libvprof.so ## the README's table of options, from the library itself
	$Qdocs/man/readme README.md $B >$B/README.md && cp $B/README.md README.md

C_FILES = $(shell git ls-files '*.c' '*.h')
format: ## format every C file in place
	@clang-format -i $(C_FILES)
format-check: ## say which C files are not formatted
	@clang-format --dry-run -Werror $(C_FILES)

tidy: ## clang-tidy over library, report and programs
	@for f in $(LIB_SRC) $(REPORT_SRC) $(MONITOR_SRC) $(VIRTUOSO_SRC) $(EXCHANGE_SRC) $(APP_SRC); do \
		echo "  TIDY    $$f"; \
		clang-tidy --quiet --checks='-*,clang-analyzer-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier' \
			$$f -- -std=gnu11 -D_GNU_SOURCE -Iinclude -Ilibvprof -Ivprof-report \
			-Imonitor -Iexamples/virtuoso -Iexamples/common -DVPROF_VERSION_STRING='"$(VERSION)"' || exit 1; \
	done

D = $(DESTDIR)$(PREFIX)
INSTALLED_BIN := vprof-report vprof-run monitor virtuoso
man_dir = share/man/man$(subst .,,$(suffix $1))
# vprof(3) goes by the name of each call, too.
MAN_CALLS = $(shell sed -nE 's/^(static inline|VPROF_INLINE) .*[ *](vprof_[a-z_]+)[(].*[)]$$/\2/p' include/vprof.h)
# The prefix is the shell's, in quotes: it may have blanks in it.
install uninstall: export INSTALL_TO = $D
install: all $(MAN) ## install under PREFIX (default /usr/local), below DESTDIR
	install -d "$$INSTALL_TO"
	cd "$$INSTALL_TO" && install -d lib/pkgconfig bin include share/vprof/feed \
		$(sort $(foreach m,$(MAN),$(call man_dir,$m))) share/bash-completion/completions
	install -m 755 $B/libvprof.so "$$INSTALL_TO"/lib/
	install -m 755 $(INSTALLED_BIN:%=$B/%) "$$INSTALL_TO"/bin/
	install -m 644 $(wildcard include/*.h) "$$INSTALL_TO"/include/
	install -m 644 examples/feed/market.csv "$$INSTALL_TO"/share/vprof/feed/
	printf 'prefix=%s\nincludedir=$${prefix}/include\n\nName: vprof\nDescription: marks and labels for the profiler libvprof\nVersion: %s\nCflags: -I"$${includedir}"\n' \
		'$(PREFIX)' '$(VERSION)' >"$$INSTALL_TO"/lib/pkgconfig/vprof.pc
	$(foreach m,$(MAN),install -m 644 $m "$$INSTALL_TO"/$(call man_dir,$m)/ &&) :
	$(foreach c,$(MAN_CALLS),echo '.so man3/vprof.3' >"$$INSTALL_TO"/share/man/man3/$c.3 &&) :
	install -m 644 docs/man/vprof.bash "$$INSTALL_TO"/share/bash-completion/completions/vprof-report
	ln -sf vprof-report "$$INSTALL_TO"/share/bash-completion/completions/vprof-run
	$(if $(DESTDIR),,ldconfig)

INSTALLED = lib/libvprof.so lib/pkgconfig/vprof.pc $(INSTALLED_BIN:%=bin/%) $(wildcard include/*.h) \
	share/vprof/feed/market.csv $(foreach m,$(MAN),$(call man_dir,$m)/$(notdir $m)) \
	$(MAN_CALLS:%=share/man/man3/%.3) \
	share/bash-completion/completions/vprof-report share/bash-completion/completions/vprof-run
uninstall: ## remove what install put there
	cd "$$INSTALL_TO" && rm -f $(INSTALLED)
	-cd "$$INSTALL_TO" && rmdir share/vprof/feed share/vprof
	$(if $(DESTDIR),,ldconfig)

clean: ## remove the build directory
	rm -rf $B

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-17s %s\n",$$1,$$2}' Makefile test/test.mk | sort

-include $(shell [ -d $B ] && find $B -path $B/compat -prune -o -type f -name '*.d' -print)
