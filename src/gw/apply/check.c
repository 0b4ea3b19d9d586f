/* What no file can tell by itself: settings that would let mail run in a circle or shut it out. */
#include <sys/statvfs.h>

#include "gw/apply/apply_int.h"
#include "lib/cidr/cidr.h"

#define DOMAINS_FILE "/etc/pmg/domains"
#define QUEUE_DIR "/var/spool/postfix"

struct hop {
	struct str host;
	int64_t port;
	struct cfg_problem at; /* where it is written; the reason is filled in */
};

/* No address, 0.0.0.0 or ::, is connected to as the loopback's. */
static bool is_loopback(const struct cidr_addr *addr)
{
	static const struct cidr_addr none = { 6, { 0 } }, one = { 6, { [15] = 1 } };

	if (addr->family == 4)
		return addr->b[0] == 127 || memcmp(addr->b, none.b, 4) == 0;
	return memcmp(addr->b, one.b, 16) == 0 || memcmp(addr->b, none.b, 16) == 0;
}

static bool is_our_address(const struct apply_facts *f, const struct cidr_addr *addr)
{
	if (is_loopback(addr) || memcmp(addr, &f->int_ip, sizeof(*addr)) == 0)
		return true;
	for (size_t i = 0; i < f->own.n; i++)
		if (memcmp(addr, &f->own.p[i], sizeof(*addr)) == 0)
			return true;
	return false;
}

static bool is_this_machine(const struct apply_env *env, const struct cfg *c, struct str host)
{
	struct cidr_addr addr;

	if (cidr_addr_parse(host, &addr)) {
		addr = cidr_addr_unmapped(&addr);
		return is_our_address(&env->facts, &addr);
	}
	return str_ieq(host, STR("localhost")) || str_ieq(host, c->dns.fqdn) ||
	       str_ieq(host, c->dns.hostname);
}

/* Another program on this machine may well be the inside server, on a port of its own. */
static void check_hop(struct arena *a, const struct apply_env *env, struct cfg *c, struct hop *hop)
{
	if (!hop->host.n || !cfg_port_takes_mail(c, hop->port) ||
	    !is_this_machine(env, c, hop->host))
		return;
	hop->at.reason = str_fmt(a, "'%.*s' port %lld is this gateway itself: a mail loop",
				 STR_ARG(hop->host), (long long)hop->port);
	vec_add(a, &c->problems.list, hop->at);
}

static void check_setting(struct arena *a, const struct apply_env *env, struct cfg *c,
			  const char *key, struct str host, int64_t port)
{
	struct hop hop = { host, port,
			   { .file = str_fmt(a, "%s/pmg.conf", env->cfg.dir),
			     .section = STR("mail"), .key = str_of(key), .value = host } };

	check_hop(a, env, c, &hop);
}

static void check_transports(struct arena *a, const struct apply_env *env, struct apply_state *s)
{
	for (size_t i = 0; i < s->lists.transport.list.n; i++) {
		const struct conf_entry *entry = &s->lists.transport.list.p[i];
		struct cfg_transport t;
		struct hop hop;
		struct err e;

		if (cfg_transport_parse(entry->value, &t, &e) < 0)
			continue;
		hop = (struct hop){ t.host, t.port,
				    { .file = str_fmt(a, "%s/transport", env->cfg.dir),
				      .line = entry->line } };
		check_hop(a, env, s->cfg, &hop);
	}
}

/* Postfix delivers mail for its own names itself, to root and the like: it never relays it. */
static void check_own_names(struct arena *a, const struct apply_env *env, struct apply_state *s)
{
	for (size_t i = 0; i < s->lists.domains.list.n; i++) {
		const struct conf_entry *entry = &s->lists.domains.list.p[i];
		struct cfg_problem problem = { .file = str_fmt(a, "%s/domains", env->cfg.dir),
					       .line = entry->line,
					       .value = entry->key };

		if (!is_this_machine(env, s->cfg, entry->key))
			continue;
		problem.reason = STR("this is the gateway itself, whose mail stays here: it cannot "
				     "be a relay domain");
		vec_add(a, &s->cfg->problems.list, problem);
	}
}

/*
 * A new gateway has no relay domain yet, and one for outgoing mail never has. But where there was
 * one, and mail comes in, losing the last is a mistake that turns all of it away.
 */
static void check_domains(struct arena *a, const struct apply_env *env, struct apply_state *s)
{
	const char *const entries[] = { "/usr/sbin/postmap", "-s", "hash:" DOMAINS_FILE, NULL };
	struct str output;
	struct err e;
	int status;

	if (s->lists.domains.list.n ||
	    access(at_root(a, env, STR(DOMAINS_FILE ".db")), F_OK) < 0 ||
	    env->run(env->ctx, a, entries, &output, &status, &e) < 0 || status != 0 || !output.n)
		return;
	vec_add(a, &s->cfg->problems.list,
		((struct cfg_problem){
			.file = str_fmt(a, "%s/domains", env->cfg.dir),
			.reason = STR("no relay domain is left, so all incoming mail would be "
				      "refused; if that is wanted, remove domains.db first") }));
}

/*
 * Postfix refuses every mail while less than 1.5 times the size that a mail may have is free, and
 * what comes back from the filter may have twice that size.
 */
static void check_space(struct arena *a, const struct apply_env *env, struct apply_state *s)
{
	struct cfg_problem problem = { .file = str_fmt(a, "%s/pmg.conf", env->cfg.dir),
				       .section = STR("mail"),
				       .key = STR("maxsize") };
	struct statvfs disk;
	uint64_t size;

	if (statvfs(at_root(a, env, STR(QUEUE_DIR)), &disk) < 0)
		return;
	size = (uint64_t)disk.f_blocks * disk.f_frsize;
	if ((uint64_t)s->cfg->mail.maxsize <= size / 3)
		return;
	problem.value = str_fmt(a, "%lld", (long long)s->cfg->mail.maxsize);
	problem.reason = str_fmt(a,
				 "the file system of " QUEUE_DIR " has %llu bytes, of which "
				 "Postfix wants three times this size free to take any mail",
				 (unsigned long long)size);
	vec_add(a, &s->cfg->problems.list, problem);
}

void check_mail_flow(struct arena *a, const struct apply_env *env, struct apply_state *s)
{
	const struct cfg_mail *m = &s->cfg->mail;

	check_setting(a, env, s->cfg, "relay", m->relay, m->relayport);
	check_setting(a, env, s->cfg, "smarthost", m->smarthost, m->smarthostport);
	check_transports(a, env, s);
	check_domains(a, env, s);
	check_own_names(a, env, s);
	check_space(a, env, s);
}
