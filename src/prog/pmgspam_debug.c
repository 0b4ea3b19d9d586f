/* What `pmgspam -D` tells, in the areas that SpamAssassin's users know. */
#include <getopt.h>
#include <unistd.h>

#include "base/log.h"
#include "base/net.h"
#include "base/vec.h"
#include "gw/spam/views.h"
#include "lib/dns/dns.h"
#include "prog/pmgspam.h"

static bool is_areas(const char *word)
{
	return word[0] != '-' && strcmp(word, "json") != 0 && access(word, F_OK) < 0;
}

void debug_option(int argc, char **argv)
{
	if (optarg)
		log_debug_areas(optarg);
	else if (optind < argc && is_areas(argv[optind]))
		log_debug_areas(argv[optind++]);
	else
		log_debug_areas("all");
}

static void tell_notes(const char *what, const struct spam_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct spam_note *n = &notes->p[i];

		log_debug("config: %s%.*s:%u: %.*s%s%.*s", what, STR_ARG(n->file), n->line,
			  STR_ARG(n->rule), n->rule.n ? ": " : "", STR_ARG(n->message));
	}
}

void debug_rules(const struct spam_load_report *report)
{
	tell_notes("", &report->unknown);
	tell_notes("off: ", &report->disabled);
	log_debug("config: %zu rules in %zu files: %zu active, %zu off for want of a test",
		  report->rules, report->files, report->active, report->disabled.n);
}

static void tell_relays(struct spam_message *m)
{
	static const struct {
		const char *name;
		enum spam_relay_list list;
	} lists[] = {
		{ "Trusted", SPAM_RELAYS_TRUSTED },
		{ "Untrusted", SPAM_RELAYS_UNTRUSTED },
		{ "Internal", SPAM_RELAYS_INTERNAL },
		{ "External", SPAM_RELAYS_EXTERNAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		log_debug("metadata: X-Spam-Relays-%s: %.*s", lists[i].name,
			  STR_ARG(spam_relays(m, lists[i].list)->text));
}

static void tell_uris(struct spam_message *m)
{
	size_t n;
	const struct spam_uri *uris = spam_uri_details(m, &n);

	for (size_t i = 0; i < n; i++) {
		log_debug("uri: %.*s", STR_ARG(uris[i].raw));
		for (size_t k = 0; k < uris[i].host_count; k++)
			log_debug("uri: host %.*s, domain %.*s", STR_ARG(uris[i].hosts[k].host),
				  STR_ARG(uris[i].hosts[k].domain));
	}
}

static void tell_hits(const struct spam_hit *hits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		log_debug("rules: %.*s hits %u times, score %.3f%s%.*s", STR_ARG(hits[i].name),
			  hits[i].count, hits[i].score, hits[i].found.n ? ": " : "",
			  STR_ARG(hits[i].found));
}

void debug_result(const struct spam_result *r)
{
	if (log_debug_wants("metadata"))
		tell_relays(r->message);
	if (log_debug_wants("uri"))
		tell_uris(r->message);
	tell_hits(r->subtests, r->n_subtests);
	tell_hits(r->hits, r->n_hits);
	log_debug("learn: auto-learn: %s", r->autolearn);
	log_debug("check: is spam? score=%.3f required=%.3f%s", r->score, r->required,
		  r->timed_out ? ", out of time" : "");
}

/* Who really answers, and questions that have none yet. */
struct traced {
	struct dns_resolver face;
	struct dns_resolver *behind;
	struct arena *a, *mail; /* its own, and of the mail in hand */
	VEC(struct dns_question *) open;
};

static void tell_record(struct arena *a, const struct dns_question *q, const struct dns_record *r)
{
	struct str addr = r->addr.family ? cidr_addr_text(a, &r->addr) : STR_NONE;

	log_debug("dns: %s %.*s: %.*s%.*s%.*s", dns_type_name(q->type), STR_ARG(q->name),
		  STR_ARG(addr), STR_ARG(r->name), STR_ARG(r->text));
}

static void tell_answer(const struct traced *t, const struct dns_question *q)
{
	if (q->status != DNS_OK)
		log_debug("dns: %s %.*s: %s", dns_type_name(q->type), STR_ARG(q->name),
			  dns_status_name(q->status));
	for (size_t i = 0; q->status == DNS_OK && i < q->n; i++)
		tell_record(t->mail, q, &q->records[i]);
}

/* Tells what has been answered by now. */
static void tell_answers(struct traced *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->open.n; i++) {
		struct dns_question *q = t->open.p[i];

		if (q->status == DNS_PENDING)
			t->open.p[n++] = q;
		else
			tell_answer(t, q);
	}
	t->open.n = n;
}

static void trace_send(struct dns_resolver *r, struct arena *a, struct dns_question *q)
{
	struct traced *t = (struct traced *)r;

	log_debug("dns: %s %.*s is asked", dns_type_name(q->type), STR_ARG(q->name));
	t->mail = a;
	vec_add(t->a, &t->open, q);
	t->behind->send(t->behind, a, q);
	tell_answers(t);
}

static void trace_wait(struct dns_resolver *r, int64_t deadline)
{
	struct traced *t = (struct traced *)r;

	t->behind->wait(t->behind, deadline);
	tell_answers(t);
}

static void trace_cancel(struct dns_resolver *r)
{
	struct traced *t = (struct traced *)r;

	for (size_t i = 0; i < t->open.n; i++)
		log_debug("dns: %s %.*s: no answer in time", dns_type_name(t->open.p[i]->type),
			  STR_ARG(t->open.p[i]->name));
	t->open.n = 0;
	t->behind->cancel(t->behind);
}

static size_t trace_fds(struct dns_resolver *r, struct pollfd *fds, size_t max, int64_t *until)
{
	struct traced *t = (struct traced *)r;

	return t->behind->fds(t->behind, fds, max, until);
}

static void trace_ready(struct dns_resolver *r, const struct pollfd *fds, size_t n)
{
	struct traced *t = (struct traced *)r;

	t->behind->ready(t->behind, fds, n);
	tell_answers(t);
}

struct dns_resolver *debug_resolver(struct arena *a, struct dns_resolver *resolver)
{
	struct traced *t = NEW(a, struct traced);

	t->face = (struct dns_resolver){ trace_send, trace_wait, trace_cancel, trace_fds,
					 trace_ready };
	t->behind = resolver;
	t->a = a;
	return &t->face;
}
