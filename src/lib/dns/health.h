/*
 * health - who did not answer lately, and is spared for a while.
 *
 * After several silences in a row a server or a zone is skipped for a while; then one question
 * probes it, and further ones follow only when that was answered. Questions that were under way
 * together are one silence: a server that was busy for a moment has not failed thirty times. Time
 * is the caller's, in milliseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	HEALTH_SILENCES = 3, /* so many in a row make it skipped */
	HEALTH_SKIP_MS = 60 * 1000,
};

struct health {
	int silences;       /* since the last answer */
	int64_t silent;     /* when the last of them was noticed */
	int64_t answered;   /* when the last answer came */
	int64_t skip_until; /* once there were HEALTH_SILENCES */
};

/* Whether to ask it now. A yes while it is being skipped is the probe: the next one is a no. */
bool health_may_ask(struct health *h, int64_t now);

void health_answered(struct health *h, int64_t now);

/*
 * The question asked at `asked` got no answer. It does not count if another one was answered
 * meanwhile: then the silence is that of somebody further away.
 */
void health_silent(struct health *h, int64_t asked, int64_t now);
