#include "stack/learn.h"
#include "base/real.h"
#include "base/sys.h"
#include "stack/modules.h"
#include "stack/rows.h"
#include "vprof_format.h"

#include <errno.h>
#include <fcntl.h>
#include <libunwind-x86_64.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>

static __typeof__(&unw_create_addr_space) create_addr_space;
static __typeof__(&unw_set_caching_policy) set_caching_policy;
static __typeof__(&unw_init_remote) init_remote;
static __typeof__(&unw_step) step;
static __typeof__(&unw_get_reg) get_reg;
static __typeof__(&unw_is_signal_frame) is_signal_frame;
static int (*search_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int,
			   void *);

static unw_addr_space_t space;

/* What the accessors answer from: a real stack, or made-up registers whose
 * values tell afterwards which of them a rule used. */
struct target {
	const struct vp_module *module;
	const struct vp_view *view; /* NULL: probing */
	struct vp_regs regs;
	int no_info; /* no unwind table entry covers the address */
	struct vp_learn_words *words;
};

/* Probing: sp and bp far apart, both 16-aligned, and every word of "stack"
 * reads as its own address with a bit set. */
#define PROBE_SP    0x100000000000ull
#define PROBE_BP    0x200000000000ull
#define PROBE_REACH (1ll << 26)
#define PROBE_MARK  (1ull << 62)

static int near(uint64_t address, uint64_t base)
{
	int64_t distance = (int64_t)(address - base);

	return distance > -PROBE_REACH && distance < PROBE_REACH;
}

/* Unwind tables are read word by word; those of an object that may go at any
 * moment by the kernel, and then a piece at a time.  Valid during one step. */
static struct {
	uint64_t lo, hi;
	uint8_t bytes[256];
} piece;

static int read_piece(const struct vp_module *module, uint64_t address)
{
	uint64_t lo = address & ~63ull, hi = lo + sizeof(piece.bytes);

	if (address >= piece.lo && address + 8 <= piece.hi)
		return 1;
	lo = lo < module->start ? module->start : lo;
	hi = hi > module->end ? module->end : hi;
	piece.hi = 0;
	if (!vp_module_peek(module, piece.bytes, lo, hi - lo))
		return 0;
	piece.lo = lo;
	piece.hi = hi;
	return 1;
}

static int read_module(const struct vp_module *module, uint64_t address, uint64_t *out)
{
	if (!module || address < module->start || address > module->end - 8)
		return 0;
	if (module->stays || !read_piece(module, address))
		return vp_module_peek(module, out, address, 8);
	memcpy(out, piece.bytes + (address - piece.lo), 8);
	return 1;
}

static void note_word(struct vp_learn_words *words, uint64_t address, uint64_t value)
{
	if (words->count < VP_LEARN_WORDS) {
		words->address[words->count] = address;
		words->value[words->count] = value;
	}
	words->count++;
}

static int access_mem(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write,
		      void *arg)
{
	const struct target *target = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	if (!target->view && (near(address, PROBE_SP) || near(address, PROBE_BP))) {
		*value = address | PROBE_MARK;
		return 0;
	}
	if (target->view && vp_view_read(target->view, address, value)) {
		note_word(target->words, address, *value);
		return 0;
	}
	return read_module(target->module, address, value) ? 0 : -UNW_EINVAL;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
		      void *arg)
{
	const struct target *target = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	switch (reg) {
	case UNW_X86_64_RIP:
		*value = target->regs.pc;
		return 0;
	case UNW_X86_64_RSP:
		*value = target->regs.sp;
		return 0;
	case UNW_X86_64_RBP:
		*value = target->regs.bp;
		return 0;
	default:
		return -UNW_EBADREG; /* unknown to us: a rule that needs it fails */
	}
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write,
			void *arg)
{
	(void)as, (void)reg, (void)value, (void)write, (void)arg;
	return -UNW_EBADREG;
}

/* .eh_frame_hdr: version, three encodings, .eh_frame pointer, count, table.
 * Linkers have always written it in this one form. */
struct eh_frame_hdr {
	uint8_t version, eh_frame_enc, count_enc, table_enc;
	int32_t eh_frame;
	uint32_t count;
};

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need,
			  void *arg)
{
	struct target *target = arg;
	const struct vp_module *module = target->module;
	struct eh_frame_hdr hdr;
	unw_dyn_info_t di;
	int err;

	memset(pi, 0, sizeof(*pi));
	target->no_info = 1;
	if (!module || !module->eh_frame_hdr ||
	    !vp_module_peek(module, &hdr, module->eh_frame_hdr, sizeof(hdr)))
		return -UNW_ENOINFO;
	if (hdr.version != 1 || hdr.eh_frame_enc != 0x1b || hdr.count_enc != 0x03 ||
	    hdr.table_enc != 0x3b)
		return -UNW_ENOINFO;
	memset(&di, 0, sizeof(di));
	di.format = UNW_INFO_FORMAT_REMOTE_TABLE;
	di.start_ip = module->start;
	di.end_ip = module->end;
	di.u.rti.segbase = module->eh_frame_hdr;
	di.u.rti.table_data = module->eh_frame_hdr + sizeof(hdr);
	di.u.rti.table_len = (unw_word_t)hdr.count * 8 / sizeof(unw_word_t);
	err = search_table(as, ip, &di, pi, need, arg);
	target->no_info = err != 0;
	return err;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
	(void)as, (void)pi, (void)arg;
}

static int get_dyn_info(unw_addr_space_t as, unw_word_t *address, void *arg)
{
	(void)as, (void)address, (void)arg;
	return -UNW_ENOINFO;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as, (void)cursor, (void)arg;
	return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t as, unw_word_t address, char *name, size_t len,
			 unw_word_t *offset, void *arg)
{
	(void)as, (void)address, (void)name, (void)len, (void)offset, (void)arg;
	return -UNW_ENOINFO;
}

static unw_accessors_t accessors = {
    .find_proc_info = find_proc_info,
    .put_unwind_info = put_unwind_info,
    .get_dyn_info_list_addr = get_dyn_info,
    .access_mem = access_mem,
    .access_reg = access_reg,
    .access_fpreg = access_fpreg,
    .resume = resume,
    .get_proc_name = get_proc_name,
};

/* libunwind opens a pipe when it initialises, and looks what mincore() does, to test
 * addresses later.  The remote interface never does, so both are kept from it: by the
 * slots it calls them through, which its own copies of the tables lead to.  No
 * descriptor of ours is ever there, and no call that a filter may kill for. */
static int no_pipe(int fd[2], int flags)
{
	(void)flags;
	fd[0] = fd[1] = -1;
	errno = ENOSYS;
	return -1;
}

static int no_mincore(void *start, size_t bytes, unsigned char *out)
{
	(void)start, (void)bytes, (void)out;
	errno = ENOSYS;
	return -1;
}

static const ElfW(Dyn) * dynamic(const struct link_map *map, ElfW(Sxword) tag)
{
	for (const ElfW(Dyn) *at = map->l_ld; at->d_tag != DT_NULL; at++) {
		if (at->d_tag == tag)
			return at;
	}
	return NULL;
}

/* Slots of a library that was bound at once may be read-only. */
static int slots_are_writable(const struct link_map *map)
{
	const ElfW(Dyn) *flags = dynamic(map, DT_FLAGS), *more = dynamic(map, DT_FLAGS_1);

	return !dynamic(map, DT_BIND_NOW) && !(flags && flags->d_un.d_val & DF_BIND_NOW) &&
	       !(more && more->d_un.d_val & DF_1_NOW);
}

static int keep_calls_from(const struct link_map *map)
{
	const ElfW(Dyn) *slots = dynamic(map, DT_JMPREL), *bytes = dynamic(map, DT_PLTRELSZ);
	const ElfW(Dyn) *symbols = dynamic(map, DT_SYMTAB), *names = dynamic(map, DT_STRTAB);
	int kept = 0;

	if (!slots || !bytes || !symbols || !names || !slots_are_writable(map))
		return 0;
	for (size_t i = 0; i < bytes->d_un.d_val / sizeof(ElfW(Rela)); i++) {
		const ElfW(Rela) *rela = (const ElfW(Rela) *)slots->d_un.d_ptr + i;
		const ElfW(Sym) *symbol =
		    (const ElfW(Sym) *)symbols->d_un.d_ptr + ELF64_R_SYM(rela->r_info);
		const char *name = (const char *)names->d_un.d_ptr + symbol->st_name;
		uintptr_t instead = 0;

		if (strcmp(name, "pipe2") == 0)
			instead = (uintptr_t)no_pipe;
		else if (strcmp(name, "mincore") == 0)
			instead = (uintptr_t)no_mincore;
		if (!instead)
			continue;
		*(uintptr_t *)(map->l_addr + rela->r_offset) = instead;
		kept++;
	}
	return kept == 2;
}

/* Where that did not work (another build of libunwind), the pipe is closed at once:
 * it takes the two lowest free numbers (the constructor has one thread). */
static unw_addr_space_t create_and_close_pipe(void)
{
	unw_addr_space_t created;
	int fd[2];

	fd[0] = vp_sys_open("/dev/null", O_RDONLY, 0);
	fd[1] = vp_sys_open("/dev/null", O_RDONLY, 0);
	vp_sys_close(fd[0]);
	vp_sys_close(fd[1]);
	created = create_addr_space(&accessors, 0);
	for (int i = 0; i < 2; i++) {
		struct stat st;

		if (fd[i] >= 0 && vp_sys(SYS_fstat, fd[i], &st, 0) == 0 && S_ISFIFO(st.st_mode))
			vp_sys_close(fd[i]);
	}
	return created;
}

#define LOAD(fn, name) (fn = (__typeof__(fn))vp_real_symbol(lib, name))

int vp_learn_init(void)
{
	void *lib = vp_real_open("libunwind-x86_64.so.8");

	if (!lib || !LOAD(create_addr_space, "_Ux86_64_create_addr_space") ||
	    !LOAD(set_caching_policy, "_Ux86_64_set_caching_policy") ||
	    !LOAD(init_remote, "_Ux86_64_init_remote") || !LOAD(step, "_Ux86_64_step") ||
	    !LOAD(get_reg, "_Ux86_64_get_reg") ||
	    !LOAD(is_signal_frame, "_Ux86_64_is_signal_frame") ||
	    !LOAD(search_table, "_Ux86_64_dwarf_search_unwind_table"))
		return -ENOENT;
	space = keep_calls_from(lib) ? create_addr_space(&accessors, 0) : create_and_close_pipe();
	if (!space)
		return -ENOENT;
	set_caching_policy(space, UNW_CACHE_NONE); /* the rows are the cache */
	return 0;
}

/* The registers of the caller, as far as the rules give them. */
static int step_once(struct target *target, struct vp_regs *out, int *is_signal)
{
	unw_cursor_t cursor;
	unw_word_t pc, sp, bp;
	int ret;

	piece.hi = 0;
	if (init_remote(&cursor, space, target) != 0)
		return -1;
	ret = step(&cursor);
	*is_signal = is_signal_frame(&cursor) > 0; /* ... was the frame just left */
	/* Without a table entry libunwind guesses by frame pointer. */
	if (target->no_info)
		return -1;
	if (ret <= 0)
		return ret;
	if (get_reg(&cursor, UNW_X86_64_RIP, &pc) || get_reg(&cursor, UNW_X86_64_RSP, &sp))
		return -1;
	if (get_reg(&cursor, UNW_X86_64_RBP, &bp))
		bp = 0;
	*out = (struct vp_regs){pc, sp, bp};
	return 1;
}

/* Reads the rule off what a step made of the made-up registers. */
static enum vp_row_kind classify(const struct vp_regs *caller, struct vp_rule *rule)
{
	uint64_t frame = caller->sp;

	if (near(frame, PROBE_SP)) {
		rule->kind = VP_ROW_SP;
		rule->cfa_off = (int32_t)(int64_t)(frame - PROBE_SP);
	} else if (near(frame, PROBE_BP)) {
		rule->kind = VP_ROW_BP;
		rule->cfa_off = (int32_t)(int64_t)(frame - PROBE_BP);
	} else {
		return VP_ROW_FULL;
	}
	if (caller->pc != ((frame - 8) | PROBE_MARK))
		return VP_ROW_FULL;
	if (caller->bp == PROBE_BP)
		return rule->kind;
	if (!(caller->bp & PROBE_MARK) || !near(caller->bp & ~PROBE_MARK, frame))
		return VP_ROW_FULL;
	rule->bp_saved = 1;
	rule->bp_off = (int32_t)(int64_t)((caller->bp & ~PROBE_MARK) - frame);
	return rule->kind;
}

static int is_trampoline(uint64_t address)
{
	return address >= (uint64_t)(uintptr_t)__start_vp_trampoline &&
	       address < (uint64_t)(uintptr_t)__stop_vp_trampoline;
}

uint64_t vp_learn_row(uint64_t address)
{
	struct target target = {.regs = {address, PROBE_SP, PROBE_BP}};
	struct vp_rule rule = {.kind = VP_ROW_NO_INFO, .module = VPROF_MODULE_UNKNOWN};
	struct vp_regs caller;
	int is_signal = 0, ret;
	uint64_t word;

	rule.hidden = is_trampoline(address);
	target.module = vp_module_find(address);
	if (target.module) {
		rule.module = target.module->id;
		ret = step_once(&target, &caller, &is_signal);
		if (target.no_info)
			rule.kind = VP_ROW_NO_INFO;
		else if (is_signal)
			rule.kind = VP_ROW_SIGNAL;
		else if (ret == 0)
			rule.kind = VP_ROW_END;
		else
			rule.kind = ret < 0 ? VP_ROW_FULL : classify(&caller, &rule);
	}
	word = vp_rule_pack(&rule);
	if (!word) {
		rule.kind = VP_ROW_FULL;
		rule.cfa_off = rule.bp_off = 0;
		word = vp_rule_pack(&rule);
	}
	vp_rows_put(address, word);
	return word;
}

int vp_learn_step(struct vp_regs *regs, const struct vp_view *view, struct vp_learn_words *words)
{
	struct target target = {.view = view, .regs = *regs, .words = words};
	int is_signal;

	words->count = 0;
	target.module = vp_module_find(regs->pc);
	return step_once(&target, regs, &is_signal) > 0;
}
