/* What is known about one user, as bytes: texts and lists, each with its length before it. */
#include <openssl/evp.h>

#include "base/clean.h"
#include "gw/people/people_int.h"

enum { PIECE = 64 * 1024 };

static void add_number(struct buf *b, size_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(b, (char)(n >> shift & 0xff));
}

static void add_text(struct buf *b, struct str s)
{
	add_number(b, s.n);
	buf_add(b, s);
}

static void add_list(struct buf *b, const struct people_list *l)
{
	add_number(b, l->n);
	for (size_t i = 0; i < l->n; i++)
		add_text(b, l->p[i]);
}

void people_record_add(struct buf *b, const struct people_user *u)
{
	add_text(b, u->account);
	add_text(b, u->dn);
	add_list(b, &u->addresses);
	add_list(b, &u->accounts);
	add_list(b, &u->groups);
}

static bool take_number(struct str *rest, size_t max, size_t *out)
{
	size_t n = 0;

	if (rest->n < PEOPLE_NUMBER)
		return false;
	for (int i = 0; i < PEOPLE_NUMBER; i++)
		n = n << 8 | (unsigned char)rest->p[i];
	*rest = str_from(*rest, PEOPLE_NUMBER);
	*out = n;
	return n <= max;
}

static bool take_text(struct str *rest, struct str *out)
{
	size_t n;

	if (!take_number(rest, rest->n, &n) || n > rest->n)
		return false;
	*out = str_sub(*rest, 0, n);
	*rest = str_from(*rest, n);
	return true;
}

static bool take_list(struct arena *a, struct str *rest, struct people_list *out)
{
	if (!take_number(rest, PEOPLE_LIST_MAX, &out->n))
		return false;
	out->p = NEW_N(a, struct str, out->n);
	for (size_t i = 0; i < out->n; i++)
		if (!take_text(rest, &out->p[i]))
			return false;
	return true;
}

int people_record_read(struct arena *a, struct str record, struct people_user *out,
		       struct err *e)
{
	struct people_user u;

	if (!take_text(&record, &u.account) || !take_text(&record, &u.dn) ||
	    !take_list(a, &record, &u.addresses) || !take_list(a, &record, &u.accounts) ||
	    !take_list(a, &record, &u.groups) || record.n || !u.addresses.n)
		return err_set(e, ERR_INVALID, "not a user");
	*out = u;
	return 0;
}

bool people_is_profile(struct str name)
{
	if (!name.n || name.n > PEOPLE_PROFILE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '-' && c != '_' &&
		    (c != '.' || !i))
			return false;
	}
	return true;
}

int people_path(struct arena *a, const char *dir, struct str profile, const char **out,
		struct err *e)
{
	if (!people_is_profile(profile))
		return err_set(e, ERR_INVALID, "'%.*s' cannot be the name of an LDAP profile",
			       STR_ARG(profile));
	*out = str_z(a, str_fmt(a, "%s/%.*s.mdb", dir, STR_ARG(profile)));
	return 0;
}

static int hash_pieces(EVP_MD_CTX *ctx, int fd, size_t n, struct err *e)
{
	static char piece[PIECE];

	for (size_t at = 0; at < n;) {
		ssize_t got = pread(fd, piece, n - at < PIECE ? n - at : PIECE, (off_t)at);

		if (got < 0)
			return err_sys(e, "read");
		if (got == 0)
			return err_set(e, ERR_INVALID, "cut short");
		ASSERT(EVP_DigestUpdate(ctx, piece, (size_t)got) == 1);
		at += (size_t)got;
	}
	return 0;
}

int people_hash(int fd, size_t n, unsigned char hash[PEOPLE_HASH], struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ret;

	ASSERT(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
	ret = hash_pieces(ctx, fd, n, e);
	if (ret == 0)
		ASSERT(EVP_DigestFinal_ex(ctx, hash, NULL) == 1);
	EVP_MD_CTX_free(ctx);
	return ret;
}
