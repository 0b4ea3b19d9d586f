#include "lib/dmarc/dmarc.h"

#include <libpsl.h>

struct dmarc_suffixes {
	psl_ctx_t *psl;
};

struct dmarc {
	struct arena *a;
	const struct dmarc_suffixes *suffixes;
	struct str from, organization;
	const struct dns_question *own, *above; /* NULL: not asked */
};

static void free_psl(void *psl)
{
	psl_free(psl);
}

int dmarc_suffixes_open(struct arena *a, const char *path, struct dmarc_suffixes **out,
			struct err *e)
{
	struct dmarc_suffixes *s = NEW(a, struct dmarc_suffixes);

	s->psl = psl_latest(path);
	if (!s->psl)
		return err_set(e, ERR_NOTFOUND, "there is no list of public suffixes");
	arena_on_free(a, free_psl, s->psl);
	*out = s;
	return 0;
}

struct str dmarc_organization(struct arena *a, const struct dmarc_suffixes *suffixes,
			      struct str domain)
{
	struct str name = str_lower(a, domain);
	const char *found;

	if (str_ends(name, STR(".")))
		name.n--;
	if (!dns_name_is_valid(name))
		return name;
	found = psl_registrable_domain(suffixes->psl, str_z(a, name));
	return found ? str_copy(a, str_of(found)) : name;
}

static const struct dns_question *ask(struct dmarc *c, struct dns *d, struct str domain)
{
	return dns_ask(d, str_cat(c->a, STR("_dmarc."), domain), DNS_TXT);
}

struct dmarc *dmarc_open(struct arena *a, struct dns *d, const struct dmarc_suffixes *suffixes,
			 struct str from)
{
	struct dmarc *c = NEW(a, struct dmarc);

	*c = (struct dmarc){ .a = a, .suffixes = suffixes, .from = str_lower(a, from) };
	if (str_ends(c->from, STR(".")))
		c->from.n--;
	if (!dns_name_is_valid(c->from))
		return c;
	c->organization = dmarc_organization(a, suffixes, c->from);
	c->own = ask(c, d, c->from);
	if (!str_eq(c->from, c->organization))
		c->above = ask(c, d, c->organization);
	return c;
}

/* Anything else at that name is none of our business. */
static bool is_record(struct str text)
{
	struct str value = str_cut(&text, ';'), name = str_cut(&value, '=');

	return str_ieq(str_trim(name), STR("v")) && str_eq(str_trim(value), STR("DMARC1"));
}

/* DMARC_PASS and *out if there is exactly one record; DMARC_FAIL if several, which ends the search.
 */
static enum dmarc_result find_record(const struct dns_question *q, struct dmarc_record *out)
{
	struct str text = STR_NONE;
	size_t found = 0;

	if (q->status == DNS_PENDING)
		return DMARC_PENDING;
	if (!dns_is_known(q))
		return DMARC_TEMPERROR;
	for (size_t i = 0; i < q->n; i++) {
		if (is_record(q->records[i].text)) {
			text = q->records[i].text;
			found++;
		}
	}
	if (found == 0)
		return DMARC_NO_RECORD;
	return found == 1 && dmarc_record_parse(text, out) ? DMARC_PASS : DMARC_FAIL;
}

/* That of the domain itself; of the organization's only if there is none at all (6.6.3). */
static enum dmarc_result discover(const struct dmarc *c, struct dmarc_answer *out)
{
	enum dmarc_result result = find_record(c->own, &out->record);

	out->domain = c->from;
	out->policy = out->record.policy;
	if (result == DMARC_NO_RECORD && c->above) {
		result = find_record(c->above, &out->record);
		out->domain = c->organization;
		out->policy = out->record.subdomains;
	}
	return result == DMARC_FAIL ? DMARC_NO_RECORD : result;
}

static bool aligns(const struct dmarc *c, struct str domain, bool strict)
{
	if (str_ends(domain, STR(".")))
		domain.n--;
	if (strict)
		return str_ieq(domain, c->from);
	return domain.n && str_eq(dmarc_organization(c->a, c->suffixes, domain), c->organization);
}

enum dmarc_result dmarc_check(struct dmarc *c, const struct dmarc_query *query,
			      struct dmarc_answer *out)
{
	*out = (struct dmarc_answer){ .result = DMARC_PERMERROR };
	if (!c->own)
		return out->result;
	out->result = discover(c, out);
	if (out->result != DMARC_PASS)
		return out->result;
	out->spf = aligns(c, query->spf, out->record.strict_spf);
	for (size_t i = 0; i < query->dkim_count && i < DMARC_DOMAINS_MAX; i++)
		out->dkim |= aligns(c, query->dkim[i], out->record.strict_dkim);
	if (!out->spf && !out->dkim)
		out->result = DMARC_FAIL;
	return out->result;
}

enum dmarc_policy dmarc_disposition(const struct dmarc_answer *answer, int roll)
{
	if (answer->result != DMARC_FAIL || answer->policy == DMARC_NONE)
		return DMARC_NONE;
	return roll < answer->record.percent ? answer->policy : answer->policy - 1;
}

const char *dmarc_result_name(enum dmarc_result result)
{
	static const char *const names[] = {
		[DMARC_PENDING] = "pending",     [DMARC_NO_RECORD] = "none",
		[DMARC_PASS] = "pass",           [DMARC_FAIL] = "fail",
		[DMARC_TEMPERROR] = "temperror", [DMARC_PERMERROR] = "permerror",
	};

	return names[result];
}
