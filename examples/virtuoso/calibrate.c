#include "calibrate.h"

#include <math.h>

#define FEE_RATE 0.0002 /* of the value, a change of position */

static const unsigned int fast_periods[] = {4, 6, 8, 10, 12, 15, 18, 21};
static const unsigned int slow_periods[] = {22, 26, 30, 36, 44, 54, 66, 80};
static const unsigned int signal_periods[] = {5, 7, 9, 12, 16};

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define CANDIDATES (COUNT(fast_periods) * COUNT(slow_periods) * COUNT(signal_periods))

void virt_calibration_init(struct virt_calibration *calibration)
{
	*calibration = (struct virt_calibration){
	    .best = {12, 26, 9},
	    .best_profit = -INFINITY,
	};
}

static struct virt_tuning candidate(size_t idx)
{
	return (struct virt_tuning){
	    .fast = fast_periods[idx % COUNT(fast_periods)],
	    .slow = slow_periods[idx / COUNT(fast_periods) % COUNT(slow_periods)],
	    .signal = signal_periods[idx / COUNT(fast_periods) / COUNT(slow_periods)],
	};
}

/* What the rule would have earned: long while MACD is above its signal, else short. */
static double backtest(const struct virt_bar *bars, size_t nr, const struct virt_tuning *tuning)
{
	double fast_part = 2.0 / (tuning->fast + 1.0);
	double slow_part = 2.0 / (tuning->slow + 1.0);
	double signal_part = 2.0 / (tuning->signal + 1.0);
	double fast = bars[0].close, slow = fast, signal = 0, profit = 0;
	int position = 0;

	for (size_t i = 1; i < nr; i++) {
		double price = bars[i].close;
		int wanted;

		profit += position * (price - bars[i - 1].close) / bars[i - 1].close;
		fast += fast_part * (price - fast);
		slow += slow_part * (price - slow);
		signal += signal_part * (fast - slow - signal);
		wanted = fast - slow > signal ? 1 : -1;
		/* The averages need a while to forget the first price. */
		if (i >= tuning->slow && wanted != position) {
			profit -=
			    FEE_RATE * (wanted > position ? wanted - position : position - wanted);
			position = wanted;
		}
	}
	return profit;
}

static void end_round(struct virt_calibration *calibration)
{
	calibration->best = calibration->round_best;
	calibration->best_profit = -INFINITY;
	calibration->next = 0;
	calibration->rounds++;
}

void virt_calibration_step(struct virt_calibration *calibration, const struct virt_bar *bars,
			   size_t bar_nr, size_t count)
{
	if (bar_nr < 100)
		return; /* too few to tell anything */
	while (count--) {
		struct virt_tuning tuning = candidate(calibration->next++);
		double profit = backtest(bars, bar_nr, &tuning);

		if (profit > calibration->best_profit) {
			calibration->best_profit = profit;
			calibration->round_best = tuning;
		}
		if (calibration->next == CANDIDATES)
			end_round(calibration);
	}
}
