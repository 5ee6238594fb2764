/* A ring file as the library writes it, with the trackers that a case needs in place of
 * control/trackers.c.  Its name is gone at once. */
#ifndef TEST_UNIT_LIBRARY_FILE_H
#define TEST_UNIT_LIBRARY_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/state.h"
#include "base/sys.h"
#include "base/tracker.h"
#include "check_main.h"
#include "ring/file.h"
#include "ring/tables.h"

#define SECTION_OF(kind, row, sixteenths, most)                                                    \
	{                                                                                          \
		VPROF_SEC_##kind, sizeof(struct row), sixteenths, most                             \
	}
#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static inline void library_file(const struct vp_tracker *table, uint32_t count)
{
	char name[] = "/tmp/vp-unit-XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(name);
	snprintf(vp_file.path, sizeof(vp_file.path), "%s.vprof", name);
	ck_assert_int_eq(vp_file_create(4u << 20, &fd), 0);
	close(fd);
	unlink(vp_file.path);
	vp_config.heap = vp_control.heap = VPROF_HEAP_EXACT;
	vp_config.tick_ms = 100;
	vp_control.alive = 1;
	vp_control.pid = getpid();
	vp_trackers_use(table, count);
	vp_tables_init();
	ck_assert_int_eq(vp_trackers_init(), 0);
}

static inline const char *string_of(uint32_t id)
{
	size_t most;

	return vp_string_at(id, &most);
}

#endif
