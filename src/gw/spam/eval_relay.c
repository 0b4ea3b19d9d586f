#include "gw/spam/eval_table.h"

/* Trust needs at least one line that was understood, and none that was not. */
static unsigned check_all_trusted(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return spam_relays(r->m, SPAM_RELAYS_TRUSTED)->n > 0 &&
	       spam_relays(r->m, SPAM_RELAYS_UNTRUSTED)->n == 0 &&
	       spam_relays_unparseable(r->m) == 0;
}

static unsigned check_no_relays(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return spam_relays(r->m, SPAM_RELAYS_TRUSTED)->n == 0 &&
	       spam_relays(r->m, SPAM_RELAYS_UNTRUSTED)->n == 0 &&
	       spam_relays_unparseable(r->m) == 0;
}

static unsigned check_relays_unparseable(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return spam_relays_unparseable(r->m) > 0;
}

static const struct eval evals[] = {
	{ .name = "check_all_trusted", .call = check_all_trusted },
	{ .name = "check_no_relays", .call = check_no_relays },
	{ .name = "check_relays_unparseable", .call = check_relays_unparseable },
	{ 0 },
};

const struct eval_family eval_relay = {
	.plugin = "RelayEval",
	.evals = evals,
};
