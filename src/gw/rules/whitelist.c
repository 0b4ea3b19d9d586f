#include "gw/rules/whitelist_int.h"

#include "base/log.h"
#include "gw/rules/rules_int.h"
#include "lib/db/db.h"

struct whitelist {
	VEC(struct whitelist_object {
		const struct rule_type *type;
		void *data;
	})
	senders, receivers;
};

/* Receiver kinds by the who object that does the same. */
static const struct {
	int64_t otype, as;
} receiver_kinds[] = { { 1007, 1001 }, { 1008, 1002 }, { 1009, 1000 } };

int64_t whitelist_kind(int64_t otype)
{
	for (size_t i = 0; i < ARRAY_LEN(receiver_kinds); i++)
		if (otype == receiver_kinds[i].otype)
			return receiver_kinds[i].as;
	return otype;
}

static int add(struct arena *a, struct whitelist *w, const struct whitelist_row *row, struct err *e)
{
	const struct rule_source src = { .id = row->id, .value = row->value };
	struct whitelist_object o = { .type = rule_type_find(whitelist_kind(row->otype)) };

	if (!o.type || o.type->class != CLASS_WHO || !o.type->who)
		return err_set(e, ERR_INVALID, "its type %lld is not available here",
			       (long long)row->otype);
	if (rule_type_read(a, o.type, &src, &o.data, e) < 0)
		return -1;
	if (whitelist_kind(row->otype) != row->otype)
		vec_add(a, &w->receivers, o);
	else
		vec_add(a, &w->senders, o);
	return 0;
}

static int too_many(struct err *e)
{
	return err_set(e, ERR_LIMIT, "more than %d objects in the SMTP whitelist",
		       WHITELIST_OBJECTS_MAX);
}

int whitelist_build(struct arena *a, const struct whitelist_row *rows, size_t n,
		    struct whitelist **out, struct err *e)
{
	struct whitelist *w = NEW(a, struct whitelist);

	if (n > WHITELIST_OBJECTS_MAX)
		return too_many(e);
	for (size_t i = 0; i < n; i++) {
		struct err one;

		if (add(a, w, &rows[i], &one) < 0)
			log_warn("SMTP whitelist: object %lld is not used: %s",
				 (long long)rows[i].id, one.msg);
	}
	*out = w;
	return 0;
}

bool whitelist_usable(struct arena *a, const struct whitelist_row *row)
{
	struct whitelist w = { 0 };
	struct err e;

	return add(a, &w, row, &e) == 0;
}

int whitelist_read(struct arena *a, struct db *db, struct whitelist_row **rows, size_t *n,
		   struct err *e)
{
	static const struct db_statement objects = {
		NULL, "SELECT o.id, o.objecttype, o.value FROM object o"
		      " JOIN objectgroup g ON g.id = o.objectgroup_id"
		      " WHERE g.class = 'greylist' ORDER BY o.id"
	};
	const struct db_rows *r;

	if (db_run(db, a, &objects, NULL, 0, &r, e) < 0)
		return err_wrap(e, "SMTP whitelist");
	*n = db_rows_count(r);
	if (*n > WHITELIST_OBJECTS_MAX)
		return too_many(e);
	*rows = NEW_N(a, struct whitelist_row, *n);
	for (size_t i = 0; i < *n; i++)
		(*rows)[i] =
			(struct whitelist_row){ db_int(r, i, 0), db_int(r, i, 1), db_str(r, i, 2) };
	return 0;
}

int whitelist_load(struct arena *a, struct db *db, struct whitelist **out, struct err *e)
{
	struct whitelist_row *rows;
	size_t n;

	return whitelist_read(a, db, &rows, &n, e) < 0 ? -1 : whitelist_build(a, rows, n, out, e);
}

bool whitelist_has_sender(const struct whitelist *w, struct str sender, struct str client_text,
			  const struct cidr_addr *client)
{
	struct who_said said = { 0 };
	struct who who = { .address = sender, .ip_text = client_text, .said = &said };

	if (client) {
		who.ip = *client;
		who.has_ip = true;
	}
	for (size_t i = 0; i < w->senders.n; i++)
		if (w->senders.p[i].type->who(w->senders.p[i].data, &who))
			return true;
	return false;
}

bool whitelist_has_receiver(const struct whitelist *w, struct str receiver)
{
	struct who_said said = { 0 };
	const struct who who = { .address = receiver, .said = &said };

	for (size_t i = 0; i < w->receivers.n; i++)
		if (w->receivers.p[i].type->who(w->receivers.p[i].data, &who))
			return true;
	return false;
}
