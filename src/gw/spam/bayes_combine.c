/* Many small probabilities as one: Robinson's, combined by Fisher's chi-square. */
#include <math.h>

#include "gw/spam/bayes.h"

/* How strong the assumption about a token is, what it is, and how far from it a token must be. */
static const double strength = 0.030, assumed = 0.538, distance_min = 0.346;

double bayes_token_probability(const struct bayes_count *count, const struct bayes_totals *learnt)
{
	double s = (double)count->spam / (double)learnt->spam;
	double h = (double)count->ham / (double)learnt->ham;
	double n = (double)count->spam + (double)count->ham;

	return (strength * assumed + n * (s / (s + h))) / (strength + n);
}

struct weighted {
	double probability, distance;
	uint64_t key;
};

/* Farthest first. Where SpamAssassin leaves the order to chance, the key decides. */
static int by_distance(const void *x, const void *y)
{
	const struct weighted *a = x, *b = y;

	if (a->distance != b->distance)
		return a->distance > b->distance ? -1 : 1;
	return a->key < b->key ? -1 : a->key > b->key;
}

/* A product that neither vanishes nor grows too large: mantissa and exponent apart. */
struct product {
	double mantissa;
	int exponent;
};

static void multiply(struct product *p, double factor)
{
	int more;

	p->mantissa = frexp(p->mantissa * factor, &more);
	p->exponent += more;
}

static double minus_two_log(const struct product *p)
{
	return -2.0 * (log(p->mantissa) + (double)p->exponent * log(2.0));
}

/* The chance that chi-square with 2 * `v` degrees of freedom is at least `x`. */
static double chi_square_q(double x, size_t v)
{
	double m = x / 2, term = exp(-m), sum = term;

	for (size_t i = 1; i < v; i++) {
		term *= m / (double)i;
		sum += term;
	}
	return sum < 1.0 ? sum : 1.0;
}

static double combined(const struct weighted *w, size_t n, const struct bayes_totals *learnt)
{
	double all = (double)learnt->spam + (double)learnt->ham;
	struct product spam = { (double)learnt->spam / all, 0 };
	struct product ham = { (double)learnt->ham / all, 0 };

	for (size_t i = 0; i < n; i++) {
		multiply(&spam, 1.0 - w[i].probability);
		multiply(&ham, w[i].probability);
	}
	return ((1.0 - chi_square_q(minus_two_log(&spam), n)) -
		(1.0 - chi_square_q(minus_two_log(&ham), n)) + 1.0) /
	       2.0;
}

bool bayes_combine(struct arena *a, const struct bayes_count *counts, size_t n,
		   const struct bayes_totals *learnt, bool hapaxes, double *probability)
{
	struct weighted *w = NEW_N(a, struct weighted, n);
	size_t used = 0, significant = 0;

	if (learnt->spam == 0 || learnt->ham == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((uint64_t)counts[i].spam + counts[i].ham < (hapaxes ? 1 : 2))
			continue;
		w[used].probability = bayes_token_probability(&counts[i], learnt);
		w[used].distance = fabs(w[used].probability - 0.5);
		w[used++].key = counts[i].key;
	}
	qsort(w, used, sizeof(*w), by_distance);
	while (significant < used && significant < BAYES_SIGNIFICANT_MAX &&
	       w[significant].distance >= distance_min)
		significant++;
	if (significant == 0)
		return false;
	*probability = combined(w, significant, learnt);
	return true;
}
