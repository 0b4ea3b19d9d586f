#include "lib/dns/health.h"

bool health_may_ask(struct health *h, int64_t now)
{
	if (h->silences < HEALTH_SILENCES)
		return true;
	if (now < h->skip_until)
		return false;
	h->skip_until = now + HEALTH_SKIP_MS;
	return true;
}

void health_answered(struct health *h, int64_t now)
{
	h->silences = 0;
	h->answered = now;
}

void health_silent(struct health *h, int64_t asked, int64_t now)
{
	bool same_silence = h->silences && asked < h->silent;

	if (same_silence || (h->answered && h->answered >= asked))
		return;
	h->silent = now;
	if (h->silences < HEALTH_SILENCES)
		h->silences++;
	if (h->silences == HEALTH_SILENCES)
		h->skip_until = now + HEALTH_SKIP_MS;
}
