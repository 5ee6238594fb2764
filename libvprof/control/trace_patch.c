#include "control/trace_patch.h"
#include "base/own.h"
#include "base/service.h"
#include "base/sys.h"
#include "stack/rows.h"
#include "vprof_format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define CALL_BYTES  5u
#define LOOK_BYTES  32u /* an endbr64, four nops, and the longest one */
#define NOP_MOST    16u
#define BEFORE_MOST 64u /* nops before the function */

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* --- nops ------------------------------------------------------------------------ */

/* 90, and 0f 1f with any operand, each with prefixes. */
size_t vp_patch_nop(const uint8_t *code, size_t room)
{
	size_t at = 0, mod, rm;

	while (at < room && (code[at] == 0x66 || code[at] == 0x2e))
		at++;
	if (at < room && code[at] == 0x90)
		return at + 1;
	if (at + 3 > room || code[at] != 0x0f || code[at + 1] != 0x1f || code[at + 2] & 0x38)
		return 0;
	mod = code[at + 2] >> 6;
	rm = code[at + 2] & 7;
	if (mod == 3)
		return 0;
	at += 3;
	if (rm == 4) {
		if (at == room)
			return 0;
		rm = code[at++] & 7; /* the base */
	}
	at += mod == 1 ? 1 : mod == 2 || rm == 5 ? 4 : 0;
	return at <= room ? at : 0;
}

static size_t landing(const uint8_t *code)
{
	static const uint8_t endbr64[VP_PATCH_LANDING] = {0xf3, 0x0f, 0x1e, 0xfa};

	return memcmp(code, endbr64, sizeof(endbr64)) == 0 ? sizeof(endbr64) : 0;
}

int vp_patch_belongs(uint64_t site, uint64_t entry)
{
	uint8_t code[BEFORE_MOST];
	uint64_t from = site < entry ? site : entry,
		 bytes = site < entry ? entry - site : site - entry;
	size_t at = 0, nop;

	if (!bytes)
		return 1;
	if (bytes > sizeof(code) || vp_sys_peek(code, from, bytes) != bytes)
		return 0;
	if (site > entry)
		return bytes == VP_PATCH_LANDING && landing(code) == bytes;
	for (; at < bytes; at += nop) {
		nop = vp_patch_nop(code + at, bytes - at);
		if (!nop)
			return 0;
	}
	return 1;
}

/* --- a jump within reach of the object -------------------------------------------- */

#define PAGE	   4096u
#define PAGES_MOST 64u
#define REACH	   (2000ll << 20) /* of a call, with room for a large object */

/* Pages of ours, each with a jump to `to`. */
static struct {
	uint64_t at, to;
} page[PAGES_MOST];
static uint32_t pages;

static int reaches(uint64_t from, uint64_t to)
{
	int64_t distance = (int64_t)(to - from);

	return distance > -REACH && distance < REACH;
}

/* jmp *0(%rip), and there the address. */
static void write_jump(uint8_t *at, uint64_t to)
{
	static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0};

	memcpy(at, jump, sizeof(jump));
	memcpy(at + sizeof(jump), &to, sizeof(to));
}

/* Below the object, far from what the program maps and from where its heap grows.
 * Returns the address, 0: somebody is there, or -errno. */
static int64_t map_below(uint64_t entry, uint64_t distance)
{
	uint64_t at = (entry - distance) & -(uint64_t)PAGE;
	long got;

	if (entry < distance + (64u << 10))
		return 0;
	got = vp_sys6(SYS_mmap, (long)at, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if ((uint64_t)got == at)
		return got;
	if (got > 0)
		vp_sys(SYS_munmap, got, PAGE, 0);
	return got == -EEXIST || got > 0 || got == -EPERM ? 0 : got;
}

/* A stack that is looked at from the jump: the call's return address is on its top. */
static void learn_jump(void *arg)
{
	const struct vp_rule rule = {
	    .kind = VP_ROW_SP, .cfa_off = 8, .hidden = 1, .module = VPROF_MODULE_UNKNOWN};

	vp_rows_put(*(const uint64_t *)arg, vp_rule_pack(&rule));
}

/* The jump may be executed once it cannot be written any more. */
static enum vp_patch make_page(uint64_t entry, uint64_t to, uint64_t *jump)
{
	static const uint32_t mib[] = {512, 1024, 1536, 1920, 256, 128, 64, 32, 16, 8, 4, 2, 1};
	int64_t at = 0;

	for (size_t i = 0; at == 0 && i < sizeof(mib) / sizeof(mib[0]); i++)
		at = map_below(entry, (uint64_t)mib[i] << 20);
	if (at <= 0 || pages == PAGES_MOST)
		return VP_PATCH_FAR;
	write_jump((uint8_t *)at, to); /* NOLINT(performance-no-int-to-ptr) */
	if (vp_sys(SYS_mprotect, at, PAGE, PROT_READ | PROT_EXEC) != 0) {
		vp_sys(SYS_munmap, at, PAGE, 0);
		return VP_PATCH_NO_CODE;
	}
	vp_own_add((const void *)at, PAGE); /* NOLINT(performance-no-int-to-ptr) */
	page[pages].at = *jump = (uint64_t)at;
	page[pages++].to = to;
	vp_service(learn_jump, jump);
	return VP_PATCH_DONE;
}

static enum vp_patch find_jump(uint64_t entry, uint64_t to, uint64_t *jump)
{
	for (uint32_t i = 0; i < pages; i++) {
		if (page[i].to == to && reaches(entry, page[i].at)) {
			*jump = page[i].at;
			return VP_PATCH_DONE;
		}
	}
	return make_page(entry, to, jump);
}

/* --- a function -------------------------------------------------------------------- */

void vp_patcher_begin(struct vp_patcher *patcher, const void *to)
{
	patcher->fd = vp_sys_open("/proc/self/mem", O_RDWR, 0);
	patcher->to = (uint64_t)(uintptr_t)to;
}

void vp_patcher_end(struct vp_patcher *patcher)
{
	if (patcher->fd >= 0)
		vp_sys_close(patcher->fd);
}

static int is_ours(const uint8_t *code, uint64_t at)
{
	int32_t distance;

	memcpy(&distance, code + 1, sizeof(distance));
	for (uint32_t i = 0; code[0] == 0xe8 && i < pages; i++)
		if (page[i].at == at + CALL_BYTES + (uint64_t)(int64_t)distance)
			return 1;
	return 0;
}

/* A call, and nops where the last nop was longer. */
static enum vp_patch write_call(const struct vp_patcher *patcher, uint64_t at, size_t bytes,
				uint64_t to)
{
	int32_t distance = (int32_t)(int64_t)(to - (at + CALL_BYTES));
	uint8_t code[CALL_BYTES + NOP_MOST], now[sizeof(code)];

	memset(code, 0x90, sizeof(code));
	code[0] = 0xe8;
	memcpy(code + 1, &distance, sizeof(distance));
	if (vp_sys6(SYS_pwrite64, patcher->fd, (long)code, (long)bytes, (long)at, 0, 0) !=
		(long)bytes ||
	    vp_sys_peek(now, at, bytes) != bytes || memcmp(now, code, bytes) != 0)
		return VP_PATCH_REFUSED;
	return VP_PATCH_DONE;
}

enum vp_patch vp_patch(const struct vp_patcher *patcher, uint64_t entry)
{
	uint8_t code[LOOK_BYTES] = {0};
	size_t seen = vp_sys_peek(code, entry, sizeof(code)), at = landing(code), bytes = 0;
	uint64_t jump;
	enum vp_patch ret;

	if (seen < VP_PATCH_LANDING + CALL_BYTES)
		return VP_PATCH_NO_NOPS;
	if (is_ours(code + at, entry + at))
		return VP_PATCH_BEFORE;
	while (bytes < CALL_BYTES) {
		size_t nop = vp_patch_nop(code + at + bytes, seen - at - bytes);

		if (!nop || nop > NOP_MOST)
			return bytes ? VP_PATCH_FEW_NOPS : VP_PATCH_NO_NOPS;
		bytes += nop;
	}
	if (patcher->fd < 0)
		return VP_PATCH_REFUSED;
	ret = find_jump(entry, patcher->to, &jump);
	return ret == VP_PATCH_DONE ? write_call(patcher, entry + at, bytes, jump) : ret;
}
