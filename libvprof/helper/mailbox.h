/* What somebody asks of this process through the file (vprof-report ctl):
 * no socket, no signal, and nothing that the host could notice. */
#ifndef VP_HELPER_MAILBOX_H
#define VP_HELPER_MAILBOX_H

/* Does what is asked for, and answers.  Context: helper thread. */
void vp_mailbox_look(void);

#endif
