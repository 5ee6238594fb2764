#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BOX_COLUMNS 60 /* between the borders */
#define GAUGE_CELLS 20
#define BOOK_LINES  3 /* best levels shown */
#define GREEN_FROM  70.0
#define YELLOW_FROM 45.0

bool mon_report_wants_color(void)
{
	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

static int add_border(struct mon_str *str)
{
	return mon_str_addf(str, "+") || mon_str_repeat(str, "-", BOX_COLUMNS) ||
		       mon_str_addf(str, "+\n")
		   ? -ENOMEM
		   : 0;
}

/* One line between borders, padded; color is an escape sequence or "". */
static __attribute__((format(printf, 3, 4))) int add_line(struct mon_str *str, const char *color,
							  const char *fmt, ...)
{
	char text[BOX_COLUMNS];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return mon_str_addf(str, "| %s%-*s%s|\n", color, BOX_COLUMNS - 1, text,
			    *color ? "\033[0m" : "");
}

static const char *score_color(double score, bool color)
{
	if (!color)
		return "";
	if (score >= GREEN_FROM)
		return "\033[32m";
	return score >= YELLOW_FROM ? "\033[33m" : "\033[31m";
}

static void draw_gauge(char *gauge, double score)
{
	int full = (int)(score / 100 * GAUGE_CELLS + 0.5);

	for (int i = 0; i < GAUGE_CELLS; i++)
		gauge[i] = i < full ? '#' : '.';
	gauge[GAUGE_CELLS] = '\0';
}

static int add_score(struct mon_str *str, const char *name, const struct mon_score *score,
		     bool color)
{
	char gauge[GAUGE_CELLS + 1];

	draw_gauge(gauge, score->value);
	return add_line(str, score_color(score->value, color), "%-15s %5.1f  [%s]  %3.0f%%", name,
			score->value, gauge, 100 * score->reliability);
}

static int add_book(struct mon_str *str, const struct mon_view *view)
{
	int err = 0;

	for (size_t i = 0; i < BOOK_LINES && !err; i++) {
		if (i >= view->bid_nr || i >= view->ask_nr)
			break;
		err = add_line(str, "", "%12.3f  %12.2f | %12.2f  %12.3f", view->bids[i].size,
			       view->bids[i].price, view->asks[i].price, view->asks[i].size);
	}
	return err;
}

static const char *alert_name(enum mon_alert_state state)
{
	switch (state) {
	case MON_ALERT_IS_BUY:
		return "BUY";
	case MON_ALERT_IS_SELL:
		return "SELL";
	case MON_ALERT_NONE:
		break;
	}
	return "neutral";
}

int mon_report_box(struct mon_str *str, const struct mon_analysis *analysis,
		   const struct mon_alert *alert, bool color)
{
	const struct mon_view *view = analysis->view;
	int err = add_border(str);

	err = err ? err
		  : add_line(str, "", "%-15s %12.2f   t=%.1f s   %s", view->symbol, view->price,
			     (double)view->ts_ms / 1000, alert_name(alert->state));
	err = err ? err : add_score(str, "confluence", &analysis->total, color);
	for (int i = 0; i < MON_FACE_NR && !err; i++)
		err = add_score(str, mon_analyzers[i].name, &analysis->faces[i], color);
	err = err ? err : add_book(str, view);
	err = err ? err
		  : add_line(str, "", "alerts: %llu buy, %llu sell",
			     (unsigned long long)alert->buys, (unsigned long long)alert->sells);
	return err ? err : add_border(str);
}
