/* check_hashbl_emails() and its like: is what the mail says on a list of hashes? */
#include "gw/spam/eval_hashbl.h"

#include <openssl/evp.h>

#include "base/enc.h"
#include "gw/spam/eval_table.h"

/* One rule and mail. */
struct lookup {
	bool is_made;
	struct question {
		const struct dns_question *q;
		struct str value;
	} v[HASHBL_KEYS_MAX];
	size_t n;
};

struct state {
	bool made;
	struct map lookups; /* rule → struct lookup */
};

struct str hashbl_hashed(struct arena *a, enum hashbl_hash hash, struct str value)
{
	const EVP_MD *types[] = {
		[HASHBL_MD5] = EVP_md5(),
		[HASHBL_SHA1] = EVP_sha1(),
		[HASHBL_SHA256] = EVP_sha256(),
	};
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct str bytes = { (char *)digest, 0 };
	unsigned n;
	bool ok;

	if (hash == HASHBL_PLAIN)
		return value;
	ok = EVP_Digest(value.p, value.n, digest, &n, types[hash], NULL) == 1;
	ASSERT(ok);
	bytes.n = n;
	return hash == HASHBL_SHA256 ? enc_base32(a, bytes) : enc_hex(a, bytes);
}

static struct lookup *lookup_of(struct eval_run *r, const struct eval_args *args)
{
	struct state *s = r->mail;
	struct lookup *l;

	if (!s->made)
		map_init(&s->lookups, r->a);
	s->made = true;
	l = map_get(&s->lookups, args->rule);
	if (!l) {
		l = NEW(r->a, struct lookup);
		map_set(&s->lookups, args->rule, l);
	}
	return l;
}

static bool is_ignored(struct eval_run *r, struct str value)
{
	const struct hashbl_settings *s = r->conf;

	return map_get(&s->ignore, str_lower(r->a, value)) != NULL;
}

static void ask(struct eval_run *r, const struct hashbl_rule *rule, struct lookup *l,
		struct str value)
{
	bool hashed = rule->find == hashbl_files;
	struct str hash = hashed ? value : hashbl_hashed(r->a, rule->hash, value);
	const struct dns_question *q;

	if (is_ignored(r, value) || is_ignored(r, hash))
		return;
	q = spam_lists_ask(r->lists, hash, rule->zone, rule->type, LIST_OF_NAMES);
	if (q)
		l->v[l->n++] = (struct question){ q, value };
}

/* An address is written so that no program takes it for one. */
static struct str shown(struct arena *a, struct str value)
{
	ptrdiff_t at = str_chr(value, '@');

	if (at < 0)
		return value;
	return str_fmt(a, "%.*s[at]%.*s", (int)at, value.p,
		       STR_ARG(str_from(value, (size_t)at + 1)));
}

static unsigned answers(struct eval_run *r, const struct hashbl_rule *rule, const struct lookup *l)
{
	bool pending = !l->is_made;

	for (size_t i = 0; i < l->n; i++) {
		unsigned hits = spam_lists_hits(r->lists, l->v[i].q, &rule->test);

		if (hits == EVAL_PENDING) {
			pending = true;
		} else if (hits) {
			r->found = shown(r->a, l->v[i].value);
			return 1;
		}
	}
	return pending ? EVAL_PENDING : 0;
}

/* The first call that has something to ask about asks. */
static unsigned call(struct eval_run *r, const struct eval_args *args)
{
	const struct hashbl_rule *rule = args->prepared;
	struct lookup *l = lookup_of(r, args);
	struct hashbl_keys keys = { .rule = rule, .type = args->type };

	if (!l->is_made) {
		map_init(&keys.values, r->a);
		l->is_made = rule->find(r, &keys);
		for (size_t i = 0; l->is_made && i < keys.values.n; i++)
			ask(r, rule, l, keys.values.entries[i].key);
	}
	return answers(r, rule, l);
}

static void start(struct eval_run *r, const struct eval_args *args)
{
	call(r, args);
}

#define ROW(of)                                                                                    \
	{                                                                                          \
		.name = "check_hashbl_" #of, .start = start, .call = call,                         \
		.prepare = hashbl_prepare_##of                                                     \
	}

static const struct eval evals[] = {
	ROW(attachments), ROW(bodyre), ROW(emails), ROW(tag), ROW(uris), { 0 },
};

const struct eval_family eval_hashbl = {
	.plugin = "HashBL",
	.evals = evals,
	.conf_size = sizeof(struct hashbl_settings),
	.mail_size = sizeof(struct state),
	.conf_init = hashbl_conf_init,
	.conf_done = hashbl_conf_done,
	.setting = hashbl_setting,
};
