/* Tests that ask the network: together at the beginning, and answers as they come. */
#include "gw/spam/run_int.h"

#include "base/net.h"
#include "gw/spam/lists.h"
#include "gw/spam/net_time.h"

void run_wait(struct run *run, size_t i)
{
	run->open[i] = RULE_MAY_HIT_OFTEN;
	vec_add(run->a, &run->pending, (uint32_t)i);
	run_hold(run, i);
}

void run_net_open(struct run *run)
{
	const struct spam_network *net = run->env.network;

	if (!net || run->rs->local)
		return;
	run->dns = dns_open(run->a, gate_open(run->a, run->rs->gate, run->rs->net_times, net,
					      run->env.now));
	run->lists = spam_lists_open(run->a, run->dns, net->health, run->env.now);
}

void run_net_start(struct run *run)
{
	if (!run->dns)
		return;
	run->asked_at = net_now();
	for (size_t i = 0; i < run->rs->n; i++) {
		const struct rule *r = &run->rs->rules[i];
		struct eval_run er;

		if (r->state != STATE_RUNS || !r->eval)
			continue;
		if (r->type == RULE_EVAL_NET)
			run_wait(run, i);
		if (!r->eval->start)
			continue;
		er = run_eval(run, r->family);
		r->eval->start(&er, &r->args);
	}
}

/* Asks the open tests whether they now know enough. */
static void net_look(struct run *run)
{
	size_t left = 0;

	for (size_t k = 0; k < run->pending.n; k++) {
		uint32_t i = run->pending.p[k];

		if (run_call(run, i))
			run_over(run, i);
		else
			run->pending.p[left++] = i;
	}
	run->pending.n = left;
	run_metas(run);
}

void run_net_collect(struct run *run)
{
	if (run->dns && run->pending.n) {
		dns_wait_any(run->dns, net_now());
		net_look(run);
	}
}

static int64_t net_limit(const struct run *run)
{
	int64_t limit = net_times_limit(run->rs->net_times, run->dns, run->talks.n > 0,
					run->asked_at);

	return run->deadline && run->deadline < limit ? run->deadline : limit;
}

void run_net_finish(struct run *run)
{
	if (!run->dns || run->net_over)
		return;
	run->net_over = true;
	net_look(run);
	while (run->pending.n && (dns_pending(run->dns) || run->talks.n)) {
		int64_t limit = net_limit(run), now = net_now();

		talks_wait(&run->talks, run->dns, limit);
		net_look(run);
		if (now >= limit)
			break;
	}
	dns_finish(run->dns);
	net_look(run);
	talks_over(&run->talks);
	spam_lists_judge(run->lists);
	/* They may have asked something more; nobody waits for that. */
	dns_finish(run->dns);
}

void run_net_drop(struct run *run)
{
	if (run->dns)
		dns_finish(run->dns);
}

void run_net_blocks(struct run *run)
{
	const struct gate_rules *gate = run->rs->gate;

	for (size_t i = 0; run->dns && i < gate->blocks.n; i++)
		if (run->hits.place[gate->blocks.p[i].rule])
			gate_shut(gate, &gate->blocks.p[i], run->env.network->health, run->env.now);
}
