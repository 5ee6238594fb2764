/* What the resident memory of the process is made of, at a few moments: at its end, where it
 * is larger than ever, and now and then.
 *
 * The kernel tells how much of each mapping is resident, and where one is of several owners
 * (track/account_owner.h) it tells page by page. */
#ifndef VP_TRACK_ACCOUNT_H
#define VP_TRACK_ACCOUNT_H

int vp_account_init(void);
/* Is an account due?  Context: helper. */
void vp_account_tick(int last);

#endif
