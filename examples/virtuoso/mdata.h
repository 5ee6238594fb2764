/* Market data: replays the feed into the venue, keeps the time, and publishes the top
 * of the books. A thread of its own. */
#ifndef VIRT_MDATA_H
#define VIRT_MDATA_H

#include "mailbox.h"
#include "venue.h"

struct virt_mdata;

struct virt_mdata_setup {
	struct virt_venue *venue;
	struct virt_mailbox *strategy; /* gets CLOCK when a decision is due, and STOP */
	struct virt_mailbox *gateway;  /* gets CLOCK more often */
	const char *feed;	       /* path */
	double speed;		       /* feed time per real time; 0 = in lockstep */
	double duration_s;	       /* real time; with speed 0 a tenth of the feed time */
	int copy_fd;		       /* gets the books; closed when the replay ends */
};

struct virt_mdata_stats {
	uint64_t events; /* applied */
	uint64_t bad_rows;
	uint64_t late;	 /* decisions left out because the strategy was behind */
	int64_t feed_ms; /* replayed */
	int err;	 /* why the replay ended early, or 0 */
};

/* Starts the replay. With speed 0 every clock waits until the other threads are done
 * with it, so that two runs are the same.
 *
 *   setup  copied; copy_fd is taken over, also on error
 *
 * Returns 0, -ENOMEM, or -errno of open and pthread_create. */
int virt_mdata_start(const struct virt_mdata_setup *setup, struct virt_mdata **out);

/* Asks the replay to end soon. Context: any thread; NULL is fine. */
void virt_mdata_stop(struct virt_mdata *mdata);

/* Waits for the thread, reads its counters, frees it; NULL is fine. */
void virt_mdata_join(struct virt_mdata *mdata, struct virt_mdata_stats *out);

#endif
