#include "gw/spam/eval_hashbl.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/tags.h"

enum { ACL_NAME_MAX = 32 };

/* Addresses that nobody but a person would look up, and machines' names for mails. */
static const char welcome[] =
	"(?i)^(?:(?:host|post|domain)master|abuse|contact|helpdesk|info|kontakt|sales|support"
	"|bounced?-|undisclosed.*|request-[[:xdigit:]]{16}|.+=.+=.+"
	"|[[:xdigit:]]{8}(?:\\.[[:xdigit:]]{8}|(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}))@";

/* What the maps of words point to. */
static bool listed;

void hashbl_conf_init(struct spam_conf *c, void *conf)
{
	struct hashbl_settings *s = conf;

	map_init(&s->ignore, c->keep);
	map_init(&s->aliases, c->keep);
	map_init(&s->acls, c->keep);
}

void hashbl_conf_done(struct spam_conf *c, void *conf)
{
	struct hashbl_settings *s = conf;
	struct err e;

	s->uribl = eval_conf_of(c, &eval_uribl);
	if (!s->welcome) {
		bool ok = re_compile_perl(c->keep, str_of(welcome), 0, &s->welcome, &e) == 0;

		ASSERT(ok);
	}
}

static enum conf_verdict ignore(struct conf_parser *p, struct hashbl_settings *s, struct str value)
{
	struct str word;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word))
		map_set(&s->ignore, str_lower(p->conf->tmp, word), &listed);
	return CONF_OK;
}

/* `DOMAIN ALIAS…` */
static enum conf_verdict alias(struct conf_parser *p, struct hashbl_settings *s, struct str value)
{
	struct str *domain = NEW(p->conf->keep, struct str), word;

	if (!str_word(&value, &word))
		return CONF_MISSING;
	if (str_trim(value).n == 0 || str_chr(value, '@') >= 0 || str_chr(word, '@') >= 0)
		return CONF_INVALID;
	*domain = str_lower(p->conf->keep, word);
	while (str_word(&value, &word))
		map_set(&s->aliases, str_lower(p->conf->tmp, word), domain);
	return CONF_OK;
}

static enum conf_verdict pattern(struct conf_parser *p, struct str value, struct re **out)
{
	struct err e;

	if (value.n == 0)
		return CONF_MISSING;
	if (re_compile_perl(p->conf->keep, value, 0, out, &e) == 0)
		return CONF_OK;
	conf_note(p, "%s", e.msg);
	return CONF_NOTED;
}

/* `hashbl_acl_NAME DOMAIN… !DOMAIN…`; what was left out stays out. */
static enum conf_verdict acl(struct conf_parser *p, struct hashbl_settings *s, struct str name,
			     struct str value)
{
	struct map *domains;
	struct str word;

	if (name.n == 0 || name.n > ACL_NAME_MAX)
		return CONF_INVALID;
	name = str_lower(p->conf->tmp, name);
	domains = map_get(&s->acls, name);
	if (!domains) {
		domains = NEW(p->conf->keep, struct map);
		map_init(domains, p->conf->keep);
		map_set(&s->acls, name, domains);
	}
	while (str_word(&value, &word)) {
		bool out = str_starts(word, STR("!"));
		struct str domain = str_lower(p->conf->tmp, str_from(word, out));

		if (out)
			map_set(domains, domain, NULL);
		else if (!str_eq(name, STR("all")))
			map_set(domains, domain, &listed);
	}
	return CONF_OK;
}

enum conf_verdict hashbl_setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct hashbl_settings *s = conf;

	if (str_eq(key, STR("hashbl_ignore")))
		return ignore(p, s, value);
	if (str_eq(key, STR("hashbl_email_domain_alias")))
		return alias(p, s, value);
	if (str_eq(key, STR("hashbl_email_regex")))
		return pattern(p, value, &s->email);
	if (str_eq(key, STR("hashbl_email_welcomelist")) ||
	    str_eq(key, STR("hashbl_email_whitelist")))
		return pattern(p, value, &s->welcome);
	if (str_starts(key, STR("hashbl_acl_")))
		return acl(p, s, str_from(key, strlen("hashbl_acl_")), value);
	return CONF_UNKNOWN;
}

/* One of `sha1/notag/max=10`; what is not known means nothing, as to SpamAssassin. */
static void option(struct hashbl_rule *rule, struct str word)
{
	static const struct {
		const char *name;
		enum hashbl_option bit;
	} bits[] = {
		{ "case", HASHBL_CASE },   { "nodot", HASHBL_NODOT },     { "notag", HASHBL_NOTAG },
		{ "nouri", HASHBL_NOURI }, { "noquote", HASHBL_NOQUOTE }, { "user", HASHBL_USER },
		{ "host", HASHBL_HOST },   { "domain", HASHBL_DOMAIN },   { "num", HASHBL_NUM },
		{ "ip", HASHBL_IP },       { "ipv4", HASHBL_IPV4 },       { "ipv6", HASHBL_IPV6 },
		{ "revip", HASHBL_REVIP }, { "fqdn", HASHBL_FQDN },       { "tld", HASHBL_TLD },
		{ "trim", HASHBL_TRIM },
	};
	static const char *const hashes[] = {
		[HASHBL_MD5] = "md5",
		[HASHBL_SHA1] = "sha1",
		[HASHBL_SHA256] = "sha256",
	};
	struct str value = word, name = str_cut(&value, '=');
	int64_t n;

	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (str_ieq(name, str_of(bits[i].name)))
			rule->options |= bits[i].bit;
	for (size_t i = HASHBL_MD5; i < ARRAY_LEN(hashes); i++)
		if (str_ieq(name, str_of(hashes[i])) && rule->hash < (enum hashbl_hash)i)
			rule->hash = (enum hashbl_hash)i;
	if (!str_int(value, 1, INT32_MAX, &n))
		return;
	if (str_ieq(name, STR("max")))
		rule->max = n < HASHBL_KEYS_MAX ? (size_t)n : HASHBL_KEYS_MAX;
	else if (str_ieq(name, STR("minsize")))
		rule->size_min = (size_t)n;
	else if (str_ieq(name, STR("maxsize")))
		rule->size_max = (size_t)n;
}

static int zone(struct spam_conf *c, struct hashbl_rule *rule, struct str text, struct err *e)
{
	rule->type = DNS_A;
	if (str_iends(text, STR("/TXT")))
		rule->type = DNS_TXT;
	if (rule->type == DNS_TXT || str_iends(text, STR("/A")))
		text = str_sub(text, 0, (size_t)str_rchr(text, '/'));
	if (str_ends(text, STR(".")))
		text.n--;
	rule->zone = str_lower(c->keep, text);
	if (!dns_name_is_valid(text))
		return err_set(e, ERR_INVALID, "'%.*s' is no zone", STR_ARG(text));
	return 0;
}

/* Any answer from 127/8, if nothing else is said. */
static int subtest(struct spam_conf *c, struct hashbl_rule *rule, struct str text, struct err *e)
{
	struct re *re;

	rule->test.op = LIST_ANY;
	if (text.n == 0 && rule->type == DNS_A)
		return 0;
	if (re_compile_perl(c->keep, text.n ? text : STR("^127\\."), 0, &re, e) < 0)
		return -1;
	rule->test.op = LIST_REGEX;
	rule->test.re = re;
	return 0;
}

static struct str arg(const struct eval_args *args, size_t i)
{
	return i < args->n ? args->v[i] : STR("");
}

/* What all have in common; `test`: which argument is the subtest. */
static int prepare(struct spam_conf *c, struct eval_args *args, const char *otherwise, size_t test,
		   struct hashbl_rule **out, struct err *e)
{
	struct hashbl_rule *rule = NEW(c->keep, struct hashbl_rule);
	struct str options = arg(args, 1);

	if (args->n < 1)
		return err_set(e, ERR_INVALID, "the name of a list is missing");
	rule->max = HASHBL_KEYS_DEFAULT;
	if (options.n == 0)
		options = str_of(otherwise);
	while (options.n)
		option(rule, str_trim(str_cut(&options, '/')));
	*out = rule;
	args->prepared = rule;
	return zone(c, rule, args->v[0], e) < 0 ? -1 : subtest(c, rule, arg(args, test), e);
}

static int email_acl(const struct hashbl_settings *s, struct hashbl_rule *rule, struct str name,
		     struct err *e)
{
	if (name.n == 0)
		return 0;
	rule->listed_only = true;
	if (str_eq(name, STR("all")))
		return 0;
	rule->domains = map_get(&s->acls, name);
	if (!rule->domains)
		return err_set(e, ERR_INVALID, "there is no line hashbl_acl_%.*s", STR_ARG(name));
	return 0;
}

int hashbl_prepare_emails(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct str headers = arg(args, 2);
	struct hashbl_rule *rule;

	if (prepare(c, args, "sha1/notag/noquote", 3, &rule, e) < 0)
		return -1;
	rule->find = hashbl_emails;
	if (headers.n == 0)
		headers = STR("ALLFROM/Reply-To/body");
	while (headers.n && rule->n_headers < HASHBL_HEADERS_MAX)
		rule->headers[rule->n_headers++] = str_trim(str_cut(&headers, '/'));
	return email_acl(conf, rule, arg(args, 4), e);
}

int hashbl_prepare_uris(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct hashbl_rule *rule;

	(void)conf;
	if (prepare(c, args, "sha1", 2, &rule, e) < 0)
		return -1;
	rule->find = hashbl_uris;
	if (rule->hash == HASHBL_PLAIN)
		return err_set(e, ERR_INVALID, "a URI cannot be asked about without a hash");
	return 0;
}

int hashbl_prepare_bodyre(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct hashbl_rule *rule;
	struct re *re;

	(void)conf;
	if (prepare(c, args, "sha1", 3, &rule, e) < 0)
		return -1;
	rule->find = hashbl_texts;
	if (arg(args, 2).n == 0)
		return err_set(e, ERR_INVALID, "the pattern is missing");
	if (re_compile_perl(c->keep, args->v[2], 0, &re, e) < 0)
		return -1;
	rule->re = re;
	return 0;
}

/* `_NAME_` or `name` */
int hashbl_prepare_tag(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct hashbl_rule *rule;
	struct str tag = arg(args, 2);
	char *p = str_z(c->keep, tag);

	(void)conf;
	if (prepare(c, args, "sha1", 3, &rule, e) < 0)
		return -1;
	rule->find = hashbl_tag;
	for (size_t i = 0; i < tag.n; i++)
		p[i] = p[i] >= 'a' && p[i] <= 'z' ? (char)(p[i] - 'a' + 'A') : p[i];
	rule->tag = (struct str){ p, tag.n };
	if (tag.n > 2 && str_starts(tag, STR("_")) && str_ends(tag, STR("_")))
		rule->tag = str_sub(rule->tag, 1, tag.n - 2);
	if (rule->options & HASHBL_TRIM)
		rule->options |= HASHBL_FQDN | HASHBL_TLD;
	if (!tag_exists(c, rule->tag))
		return err_set(e, ERR_INVALID, "there is no tag %.*s", STR_ARG(rule->tag));
	return 0;
}

int hashbl_prepare_attachments(struct spam_conf *c, void *conf, struct eval_args *args,
			       struct err *e)
{
	struct hashbl_rule *rule;

	(void)conf;
	if (prepare(c, args, "sha1", 2, &rule, e) < 0)
		return -1;
	rule->find = hashbl_files;
	if (rule->hash == HASHBL_PLAIN)
		return err_set(e, ERR_INVALID, "a file cannot be asked about without a hash");
	return 0;
}
