/* GLib's loop, of which one callback runs a loop of its own for a while, as a dialogue does:
 * that is one long iteration.  GLib is given a function to poll with, which counts. */
#include "loop_truth.h"

#include <glib.h>
#include <poll.h>

#define TURNS 220

static struct truth truth;
static GMainLoop *outer, *inner;
static int turn, depth, inner_turns;

static gint counted_poll(GPollFD *fds, guint count, gint timeout)
{
	gint ready;

	if (depth == 0)
		truth_waits(&truth);
	ready = poll((struct pollfd *)fds, count, timeout);
	if (depth == 0)
		truth_back(&truth, ready, 0);
	return ready;
}

static gboolean on_inner(gpointer data)
{
	if (++inner_turns % 20 == 0)
		g_main_loop_quit(inner);
	return data == NULL && inner_turns % 20 != 0;
}

static gboolean on_timer(gpointer data)
{
	work_us(150);
	if (++turn == TURNS)
		g_main_loop_quit(outer);
	if (turn % 100 == 0) { /* 20 turns of a millisecond */
		uint64_t begin = clock_ns(CLOCK_MONOTONIC);

		depth++;
		inner = g_main_loop_new(NULL, FALSE);
		g_timeout_add(1, on_inner, NULL);
		g_main_loop_run(inner);
		g_main_loop_unref(inner);
		depth--;
		truth.blocked_ns += clock_ns(CLOCK_MONOTONIC) - begin;
	}
	return data == NULL && turn < TURNS;
}

int main(void)
{
	truth_begin(&truth, "glib", "poll");
	g_main_context_set_poll_func(NULL, counted_poll);
	outer = g_main_loop_new(NULL, FALSE);
	g_timeout_add(2, on_timer, NULL);
	g_main_loop_run(outer);
	truth_say(&truth);
	return 0;
}
