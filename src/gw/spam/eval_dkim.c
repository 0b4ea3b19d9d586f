/* check_dkim_valid() and its like: signatures of a mail, and what its author says about them. */
#include "gw/spam/auth.h"
#include "gw/spam/eval_table.h"

enum list { OURS, DEFAULTS, LISTS };

/* An author's addresses that are welcome with a signature of `signer` (empty: of his domain). */
struct entry {
	struct str address, signer;
};

struct override {
	struct str domain; /* "*.example.org": below it */
	char practice;     /* as in check_dkim_adsp() */
};

struct settings {
	VEC(struct entry) welcome[LISTS];
	VEC(struct override) overrides;
};

static void start(struct eval_run *r, const struct eval_args *args)
{
	bool done;

	(void)args;
	auth_dkim(r, &done);
}

static bool listed(const struct eval_args *args, size_t from, struct str domain)
{
	for (size_t i = from; i < args->n; i++)
		if (str_ieq(args->v[i], domain))
			return true;
	return args->n <= from;
}

static bool is_authors(struct eval_run *r, struct str domain)
{
	struct spam_texts authors = auth_authors(r);

	for (size_t i = 0; i < authors.n; i++)
		if (str_ieq(auth_domain(authors.v[i]), domain))
			return true;
	return false;
}

static bool is_senders(struct eval_run *r, struct str domain)
{
	return str_ieq(auth_domain(auth_sender(r)), domain);
}

/* Is there a valid signature of a domain that the rule names and `fits`? */
static unsigned valid(struct eval_run *r, const struct eval_args *args, size_t from,
		      bool (*fits)(struct eval_run *r, struct str domain))
{
	bool done;
	const struct dkim_verifier *v = auth_dkim(r, &done);

	for (size_t i = 0; i < v->n; i++) {
		const struct dkim_signature *s = &v->signatures[i];

		if (s->result == DKIM_PASS && listed(args, from, s->domain) &&
		    (!fits || fits(r, s->domain)))
			return 1;
	}
	return done ? 0 : EVAL_PENDING;
}

static unsigned check_signed(struct eval_run *r, const struct eval_args *args)
{
	bool done;
	const struct dkim_verifier *v = auth_dkim(r, &done);

	for (size_t i = 0; i < v->n; i++)
		if (listed(args, 0, v->signatures[i].domain))
			return 1;
	return 0;
}

static unsigned check_valid(struct eval_run *r, const struct eval_args *args)
{
	return valid(r, args, 0, NULL);
}

static unsigned check_author(struct eval_run *r, const struct eval_args *args)
{
	return valid(r, args, 0, is_authors);
}

static unsigned check_sender(struct eval_run *r, const struct eval_args *args)
{
	return valid(r, args, 0, is_senders);
}

static unsigned check_dependable(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return !auth_is_cut(r);
}

static unsigned check_testing(struct eval_run *r, const struct eval_args *args)
{
	bool done;
	const struct dkim_verifier *v = auth_dkim(r, &done);

	(void)args;
	for (size_t i = 0; i < v->n; i++)
		if (v->signatures[i].testing)
			return 1;
	return done ? 0 : EVAL_PENDING;
}

/* Always true once, now never: spam-engine.md 1.8. */
static unsigned check_signsome(struct eval_run *r, const struct eval_args *args)
{
	(void)r;
	(void)args;
	return 0;
}

static void arc_start(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	auth_arc(r);
}

static unsigned check_arc_signed(struct eval_run *r, const struct eval_args *args)
{
	const struct arc *arc = auth_arc(r);

	(void)args;
	return arc->result == ARC_PENDING ? EVAL_PENDING : arc->result != ARC_NONE;
}

static unsigned check_arc_valid(struct eval_run *r, const struct eval_args *args)
{
	const struct arc *arc = auth_arc(r);

	(void)args;
	return arc->result == ARC_PENDING ? EVAL_PENDING : arc->result == ARC_PASS;
}

/* `*.example.org`, `.example.org` and `*` stand for what is below. */
static bool below(struct str pattern, struct str domain)
{
	if (str_eq(pattern, STR("*")))
		return true;
	if (str_starts(pattern, STR("*.")))
		pattern = str_from(pattern, 1);
	if (str_starts(pattern, STR(".")))
		return domain.n > pattern.n && str_iends(domain, pattern);
	return str_ieq(pattern, domain);
}

/* What the author's domain does: a letter of check_dkim_adsp(), or 0 while DNS has not said. */
static char practice(struct eval_run *r, struct str domain)
{
	static const char letters[] = {
		[DKIM_ADSP_NONE] = 'U', [DKIM_ADSP_NXDOMAIN] = 'N',    [DKIM_ADSP_UNKNOWN] = 'U',
		[DKIM_ADSP_ALL] = 'A',  [DKIM_ADSP_DISCARDABLE] = 'D',
	};
	const struct settings *s = r->conf;

	for (size_t i = 0; i < s->overrides.n; i++)
		if (below(s->overrides.p[i].domain, domain))
			return s->overrides.p[i].practice;
	return letters[dkim_adsp_check(r->a, r->dns, domain)];
}

/* The first argument is a letter, or "*" for any; the others are the domains that count. */
static unsigned check_adsp(struct eval_run *r, const struct eval_args *args)
{
	const struct eval_args any = { .n = 0 };
	unsigned own = valid(r, &any, 0, is_authors);
	struct spam_texts authors = auth_authors(r);
	struct str domain = authors.n ? auth_domain(authors.v[0]) : STR("");
	char found;

	if (own)
		return own == EVAL_PENDING ? EVAL_PENDING : 0;
	if (!domain.n || !listed(args, 1, domain))
		return 0;
	found = practice(r, domain);
	if (!found)
		return EVAL_PENDING;
	if (args->n == 0 || str_eq(args->v[0], STR("*")))
		return 1;
	return str_chr(args->v[0], found) >= 0;
}

/* SpamAssassin's old name for what ADSP calls "all". */
static unsigned check_signall(struct eval_run *r, const struct eval_args *args)
{
	const struct str all = STR("A");
	const struct eval_args as = { .rule = args->rule, .v = &all, .n = 1 };

	return check_adsp(r, &as);
}

static bool is_welcome(const struct entry *entry, const struct dkim_signature *s, struct str author)
{
	if (!auth_glob(entry->address, author))
		return false;
	return entry->signer.n ? below(entry->signer, s->domain)
			       : str_ieq(s->domain, auth_domain(author));
}

static unsigned welcome(struct eval_run *r, enum list list)
{
	const struct settings *settings = r->conf;
	struct spam_texts authors = auth_authors(r);
	bool done;
	const struct dkim_verifier *v = auth_dkim(r, &done);

	for (size_t i = 0; i < v->n; i++) {
		if (v->signatures[i].result != DKIM_PASS)
			continue;
		for (size_t k = 0; k < settings->welcome[list].n; k++)
			for (size_t j = 0; j < authors.n; j++)
				if (is_welcome(&settings->welcome[list].p[k], &v->signatures[i],
					       authors.v[j]))
					return 1;
	}
	return done ? 0 : EVAL_PENDING;
}

static unsigned welcome_ours(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return welcome(r, OURS);
}

static unsigned welcome_default(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return welcome(r, DEFAULTS);
}

static void remove_one(struct settings *s, const struct entry *e)
{
	for (int list = 0; list < LISTS; list++)
		for (size_t i = s->welcome[list].n; i-- > 0;)
			if (str_ieq(s->welcome[list].p[i].address, e->address) &&
			    str_ieq(s->welcome[list].p[i].signer, e->signer))
				s->welcome[list].p[i] = s->welcome[list].p[--s->welcome[list].n];
}

static void add(struct conf_parser *p, struct settings *s, enum list list, struct str address,
		struct str signer)
{
	struct arena *keep = p->conf->keep;

	vec_add(keep, &s->welcome[list],
		((struct entry){ str_copy(keep, address), str_copy(keep, signer) }));
}

static enum conf_verdict add_override(struct conf_parser *p, struct settings *s, struct str value)
{
	static const struct {
		const char *name;
		char practice;
	} practices[] = {
		{ "discardable", 'D' }, { "nxdomain", 'N' },   { "unknown", 'U' },
		{ "all", 'A' },         { "custom_low", '1' }, { "custom_med", '2' },
		{ "custom_high", '3' },
	};
	struct str domain, word;
	size_t i = 0;

	if (!str_word(&value, &domain))
		return CONF_MISSING;
	if (!str_word(&value, &word))
		word = STR("discardable");
	while (i < ARRAY_LEN(practices) && !str_ieq(word, str_of(practices[i].name)))
		i++;
	if (i == ARRAY_LEN(practices))
		return CONF_INVALID;
	vec_add(p->conf->keep, &s->overrides,
		((struct override){ str_copy(p->conf->keep, domain), practices[i].practice }));
	return CONF_OK;
}

/* `ADDRESS [SIGNER]`, one per line. */
static enum conf_verdict from_dkim(struct conf_parser *p, struct settings *s, enum list list,
				   bool removes, struct str value)
{
	struct entry e = { .signer = STR("") };

	if (!str_word(&value, &e.address))
		return CONF_MISSING;
	str_word(&value, &e.signer);
	if (removes)
		remove_one(s, &e);
	else
		add(p, s, list, e.address, e.signer);
	return CONF_OK;
}

static void auth_list(struct conf_parser *p, struct settings *s, enum list list, bool removes,
		      struct str value)
{
	struct str word;

	while (str_word(&value, &word)) {
		const struct entry e = { word, STR("") };

		if (removes)
			remove_one(s, &e);
		else
			add(p, s, list, word, STR(""));
	}
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	static const struct {
		const char *words; /* the directive without its "welcome" or "white" */
		enum list list;
		bool removes, shared;
	} lists[] = {
		{ "list_from_dkim", OURS, false, false },
		{ "def_list_from_dkim", DEFAULTS, false, false },
		{ "unlist_from_dkim", OURS, true, false },
		{ "list_auth", OURS, false, true },
		{ "def_list_auth", DEFAULTS, false, true },
		{ "unlist_auth", OURS, true, true },
	};
	struct str words = auth_setting(p->conf->tmp, key);

	if (str_eq(key, STR("adsp_override")))
		return add_override(p, conf, value);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (!str_eq(words, str_of(lists[i].words)))
			continue;
		if (!lists[i].shared)
			return from_dkim(p, conf, lists[i].list, lists[i].removes, value);
		/* SPF reads it too, so it is left for others to take. */
		auth_list(p, conf, lists[i].list, lists[i].removes, value);
	}
	return CONF_UNKNOWN;
}

static const struct eval evals[] = {
	{ .name = "check_dkim_signed", .start = start, .call = check_signed },
	{ .name = "check_dkim_valid", .start = start, .call = check_valid },
	{ .name = "check_dkim_verified", .start = start, .call = check_valid },
	{ .name = "check_dkim_valid_author_sig", .start = start, .call = check_author },
	{ .name = "check_dkim_valid_envelopefrom", .start = start, .call = check_sender },
	{ .name = "check_dkim_dependable", .start = start, .call = check_dependable },
	{ .name = "check_dkim_testing", .start = start, .call = check_testing },
	{ .name = "check_dkim_adsp", .start = start, .call = check_adsp },
	{ .name = "check_dkim_signall", .start = start, .call = check_signall },
	{ .name = "check_dkim_signsome", .start = start, .call = check_signsome },
	{ .name = "check_arc_signed", .start = arc_start, .call = check_arc_signed },
	{ .name = "check_arc_valid", .start = arc_start, .call = check_arc_valid },
	{ .name = "check_for_dkim_welcomelist_from", .start = start, .call = welcome_ours },
	{ .name = "check_for_dkim_whitelist_from", .start = start, .call = welcome_ours },
	{ .name = "check_for_def_dkim_welcomelist_from", .start = start, .call = welcome_default },
	{ .name = "check_for_def_dkim_whitelist_from", .start = start, .call = welcome_default },
	{ 0 },
};

const struct eval_family eval_dkim = {
	.plugin = "DKIM",
	.evals = evals,
	.conf_size = sizeof(struct settings),
	.setting = setting,
};
