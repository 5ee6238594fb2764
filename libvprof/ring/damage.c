#include "ring/damage.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/state.h"
#include "base/sys.h"
#include "ring/file.h"
#include "ring/tables.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* What was written once and nobody changes: how the file is known to be ours. */
#define IDENTITY_BYTES 32u /* magic to extent_count */

static struct {
	uint8_t identity[IDENTITY_BYTES];
	uint32_t pid;
	int tells_blocks; /* the file system counts what we reserved */
	int damaged, gone, removed, healed;
	struct stat err; /* stderr at the start; st_ino 0: there was none */
} state;

/* Where st_blocks never falls but by a hole. */
static int counts_blocks(int fd)
{
	static const long known[] = {0xef53, 0x58465342, 0x01021994}; /* ext, xfs, tmpfs */
	struct statfs fs;

	if (vp_sys(SYS_fstatfs, fd, &fs, 0) != 0)
		return 0;
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (fs.f_type == known[i])
			return 1;
	}
	return 0;
}

void vp_damage_init(int fd)
{
	struct stat err = state.err;

	/* That of the program's start: a child may have made another of it. */
	if (!err.st_ino && vp_sys(SYS_fstat, 2, &err, 0) != 0)
		err.st_ino = 0;
	memset(&state, 0, sizeof(state));
	state.err = err;
	memcpy(state.identity, vp_file.header, IDENTITY_BYTES);
	state.pid = vp_file.header->pid;
	state.tells_blocks = counts_blocks(fd);
}

static long cover(uint8_t *start, uint64_t bytes)
{
	return vp_sys6(SYS_mmap, (long)start, (long)bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

int vp_damage_heal(uintptr_t address)
{
	uint32_t pieces = __atomic_load_n(&vp_file.pieces, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < pieces; i++) {
		const struct vp_piece *piece = &vp_file.piece[i];
		uint64_t at = address - (uintptr_t)piece->base;
		uint64_t start = at - at % vp_file.extent_bytes;

		if (at >= piece->bytes)
			continue;
		__atomic_store_n(&state.healed, 1, __ATOMIC_RELAXED);
		return cover(piece->base + start, vp_file.extent_bytes) ==
		       (long)(piece->base + start);
	}
	return 0;
}

static int is_ours(int fd)
{
	struct vprof_header found;

	/* Not by the mapping: what was healed says nothing of the file. */
	return vp_sys6(SYS_pread64, fd, (long)&found, sizeof(found), 0, 0, 0) ==
		   (long)sizeof(found) &&
	       memcmp(&found, state.identity, IDENTITY_BYTES) == 0 && found.pid == state.pid;
}

/* The mapping may not lead there any more. */
static void note_in_file(int fd, uint64_t bytes)
{
	struct vprof_header *header = vp_file.header;
	uint32_t flags = header->flags | VPROF_F_DAMAGED;
	uint64_t when[2] = {vp_clock_now(), bytes};

	if (state.damaged)
		return;
	state.damaged = 1;
	header->damaged_ns = when[0];
	header->damaged_bytes = bytes;
	__atomic_fetch_or(&header->flags, VPROF_F_DAMAGED, __ATOMIC_RELAXED);
	vp_sys6(SYS_pwrite64, fd, (long)&flags, sizeof(flags), offsetof(struct vprof_header, flags),
		0, 0);
	vp_sys6(SYS_pwrite64, fd, (long)when, sizeof(when),
		offsetof(struct vprof_header, damaged_ns), 0, 0);
}

static void let_go(void)
{
	state.gone = 1;
	vp_control.heap = VPROF_HEAP_OFF;
	vp_control.maps = vp_control.calls = vp_control.counts = 0;
	vp_control.lock_kinds = vp_control.threads = 0;
	for (uint32_t i = 0; i < vp_file.pieces; i++)
		cover(vp_file.piece[i].base, vp_file.piece[i].bytes);
}

void vp_damage_look(int fd)
{
	uint64_t wanted = vp_tables_reserved_bytes(), length = vp_tables_file_bytes();
	struct stat st;

	if (fd < 0 || state.gone || vp_sys(SYS_fstat, fd, &st, 0) != 0)
		return;
	state.removed = st.st_nlink == 0;
	if (!is_ours(fd)) {
		let_go();
	} else if ((uint64_t)st.st_size < length) {
		note_in_file(fd, length - (uint64_t)st.st_size);
		vp_sys(SYS_ftruncate, fd, length, 0);
	} else if (state.tells_blocks && (uint64_t)st.st_blocks * 512 < wanted) {
		note_in_file(fd, wanted - (uint64_t)st.st_blocks * 512);
	} else if (__atomic_load_n(&state.healed, __ATOMIC_RELAXED)) {
		note_in_file(fd, 0);
	}
}

int vp_damage_gone(void)
{
	return state.gone;
}

void vp_damage_say(void)
{
	struct vp_log log;
	struct stat err;
	const char *what = state.gone || state.healed ? " was cut or overwritten by somebody else: "
							"what was recorded there is lost"
			   : state.damaged
			       ? " lost a part to somebody else, who cut it or made holes"
			   : state.removed ? " was removed while it was written"
					   : NULL;

	if (!what || !state.err.st_ino || vp_sys(SYS_fstat, 2, &err, 0) != 0 ||
	    err.st_ino != state.err.st_ino || err.st_dev != state.err.st_dev)
		return;
	vp_log_begin(&log);
	vp_text_str(&log.text, "the record ");
	vp_text_str(&log.text, vp_file.path);
	vp_text_str(&log.text, what);
	vp_log_end(&log);
	memset(&state.err, 0, sizeof(state.err)); /* once */
}
