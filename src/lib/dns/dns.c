#include "lib/dns/dns.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/net.h"

struct dns {
	struct arena *a;
	struct dns_resolver *resolver;
	struct map questions;
	size_t known; /* of the first `known` questions none is pending */
};

static void forget(void *arg)
{
	struct dns_resolver *r = arg;

	r->cancel(r);
}

struct dns *dns_open(struct arena *a, struct dns_resolver *resolver)
{
	struct dns *d = NEW(a, struct dns);

	*d = (struct dns){ .a = a, .resolver = resolver };
	map_init(&d->questions, a);
	arena_on_free(a, forget, resolver);
	return d;
}

bool dns_name_is_valid(struct str name)
{
	size_t label = 0;

	if (str_ends(name, STR(".")))
		name.n--;
	if (name.n == 0 || name.n > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		label = name.p[i] == '.' ? 0 : label + 1;
		if (label > DNS_LABEL_MAX || (label == 0 && (i == 0 || name.p[i - 1] == '.')))
			return false;
	}
	return label > 0;
}

static const struct dns_question *new_question(struct dns *d, struct str key, struct str name,
					       enum dns_type type, struct str zone)
{
	struct dns_question *q = NEW(d->a, struct dns_question);

	q->name = str_copy(d->a, name);
	q->type = type;
	q->zone = str_lower(d->a, zone);
	if (!dns_name_is_valid(q->name))
		q->status = DNS_BADNAME;
	else if (d->questions.n >= DNS_QUESTIONS_MAX)
		q->status = DNS_SKIPPED;
	else
		map_set(&d->questions, key, q);
	if (q->status == DNS_PENDING)
		d->resolver->send(d->resolver, d->a, q);
	return q;
}

const struct dns_question *dns_ask_in(struct dns *d, struct str name, enum dns_type type,
				      struct str zone)
{
	struct dns_question *q;
	struct str key;

	/* A name beyond all limits is not worth a copy; it stays recognisable as one. */
	key = str_fmt(d->a, "%d %.*s", (int)type, STR_ARG(str_sub(name, 0, DNS_NAME_MAX + 2)));
	key = str_lower(d->a, key);
	if (str_ends(key, STR(".")) && dns_name_is_valid(name))
		key.n--;
	q = map_get(&d->questions, key);
	if (q)
		return q;
	name = key;
	str_cut(&name, ' ');
	return new_question(d, key, name, type, zone);
}

const struct dns_question *dns_ask(struct dns *d, struct str name, enum dns_type type)
{
	return dns_ask_in(d, name, type, STR_NONE);
}

size_t dns_pending(const struct dns *d)
{
	size_t pending = 0;

	for (size_t at = 0; dns_next_pending(d, &at);)
		pending++;
	return pending;
}

size_t dns_asked(const struct dns *d)
{
	return d->questions.n;
}

const struct dns_question *dns_next_pending(const struct dns *d, size_t *at)
{
	if (*at < d->known)
		*at = d->known;
	while (*at < d->questions.n) {
		const struct dns_question *q = d->questions.entries[(*at)++].value;

		if (q->status == DNS_PENDING)
			return q;
	}
	return NULL;
}

/* So that counting stays cheap when there are many questions, most of them answered. */
static void skip_known(struct dns *d)
{
	while (d->known < d->questions.n) {
		const struct dns_question *q = d->questions.entries[d->known].value;

		if (q->status == DNS_PENDING)
			return;
		d->known++;
	}
}

bool dns_wait_any(struct dns *d, int64_t deadline)
{
	size_t before;

	skip_known(d);
	before = dns_pending(d);
	if (before == 0)
		return false;
	do
		d->resolver->wait(d->resolver, deadline);
	while (dns_pending(d) == before && net_now() < deadline);
	return dns_pending(d) < before;
}

bool dns_wait(struct dns *d, const struct dns_question *q, int64_t deadline)
{
	while (q->status == DNS_PENDING && dns_wait_any(d, deadline))
		;
	return q->status != DNS_PENDING;
}

bool dns_wait_all(struct dns *d, int64_t deadline)
{
	while (dns_wait_any(d, deadline))
		;
	return dns_pending(d) == 0;
}

void dns_finish(struct dns *d)
{
	if (dns_pending(d) == 0)
		return;
	d->resolver->wait(d->resolver, net_now());
	d->resolver->cancel(d->resolver);
	for (size_t i = d->known; i < d->questions.n; i++) {
		struct dns_question *q = d->questions.entries[i].value;

		if (q->status == DNS_PENDING)
			q->status = DNS_TIMEOUT;
	}
}

size_t dns_poll_fds(struct dns *d, struct pollfd *fds, size_t max, int64_t *until)
{
	*until = INT64_MAX;
	return d->resolver->fds ? d->resolver->fds(d->resolver, fds, max, until) : 0;
}

void dns_poll_ready(struct dns *d, const struct pollfd *fds, size_t n)
{
	if (d->resolver->ready)
		d->resolver->ready(d->resolver, fds, n);
}

const char *dns_status_name(enum dns_status status)
{
	static const char *const names[] = {
		[DNS_PENDING] = "pending",      [DNS_OK] = "OK",
		[DNS_NODATA] = "no data",       [DNS_NXDOMAIN] = "NXDOMAIN",
		[DNS_BADNAME] = "invalid name", [DNS_SERVFAIL] = "SERVFAIL",
		[DNS_REFUSED] = "REFUSED",      [DNS_BROKEN] = "broken answer",
		[DNS_TIMEOUT] = "timeout",      [DNS_SKIPPED] = "skipped",
	};

	return names[status];
}

struct str dns_reverse(struct arena *a, const struct cidr_addr *addr)
{
	static const char hex[] = "0123456789abcdef";
	struct buf b;

	if (addr->family == 4)
		return str_fmt(a, "%d.%d.%d.%d", addr->b[3], addr->b[2], addr->b[1], addr->b[0]);
	buf_init(&b, a, 64);
	for (int i = 15; i >= 0; i--) {
		buf_addf(&b, "%s%c.%c", i == 15 ? "" : ".", hex[addr->b[i] & 15],
			 hex[addr->b[i] >> 4]);
	}
	return buf_str(&b);
}

struct str dns_reverse_name(struct arena *a, const struct cidr_addr *addr)
{
	struct str zone = addr->family == 4 ? STR(".in-addr.arpa") : STR(".ip6.arpa");

	return str_cat(a, dns_reverse(a, addr), zone);
}
