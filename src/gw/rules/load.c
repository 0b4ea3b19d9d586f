/* The rule database, read in one snapshot. */
#include "gw/rules/rules.h"
#include "lib/db/db.h"

struct loader {
	struct arena *a;
	struct db *db;
};

static const struct db_statement snapshot = {
	NULL, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
};
static const struct db_statement rules = {
	NULL, "SELECT id, priority, active, direction, name FROM rule"
};
static const struct db_statement groups = { NULL, "SELECT id, name, class FROM objectgroup" };
static const struct db_statement objects = {
	NULL, "SELECT id, objecttype, objectgroup_id, value FROM object"
};
static const struct db_statement links = {
	NULL, "SELECT objectgroup_id, rule_id, grouptype FROM rulegroup"
	      " ORDER BY rule_id, grouptype, objectgroup_id"
};
static const struct db_statement object_attrs = {
	NULL, "SELECT object_id, name, value FROM attribut"
};
static const struct db_statement group_attrs = {
	NULL, "SELECT objectgroup_id, name, value FROM objectgroup_attributes"
};
static const struct db_statement rule_attrs = {
	NULL, "SELECT rule_id, name, value FROM rule_attributes"
};

static int ask(struct loader *l, const struct db_statement *s, const struct db_rows **out,
	       struct err *e)
{
	return db_run(l->db, l->a, s, NULL, 0, out, e);
}

static int load_rules(struct loader *l, struct rules_tables *t, struct err *e)
{
	const struct db_rows *r;

	if (ask(l, &rules, &r, e) < 0)
		return -1;
	t->n_rules = db_rows_count(r);
	t->rules = NEW_N(l->a, struct rules_row, t->n_rules);
	for (size_t i = 0; i < t->n_rules; i++)
		t->rules[i] = (struct rules_row){ db_int(r, i, 0), db_int(r, i, 1),
						  db_int(r, i, 2), db_int(r, i, 3),
						  db_str(r, i, 4) };
	return 0;
}

static int load_groups(struct loader *l, struct rules_tables *t, struct err *e)
{
	const struct db_rows *r;

	if (ask(l, &groups, &r, e) < 0)
		return -1;
	t->n_groups = db_rows_count(r);
	t->groups = NEW_N(l->a, struct rules_group_row, t->n_groups);
	for (size_t i = 0; i < t->n_groups; i++)
		t->groups[i] = (struct rules_group_row){ db_int(r, i, 0), db_str(r, i, 1),
							 db_str(r, i, 2) };
	return 0;
}

static int load_objects(struct loader *l, struct rules_tables *t, struct err *e)
{
	const struct db_rows *r;

	if (ask(l, &objects, &r, e) < 0)
		return -1;
	t->n_objects = db_rows_count(r);
	t->objects = NEW_N(l->a, struct rules_object_row, t->n_objects);
	for (size_t i = 0; i < t->n_objects; i++)
		t->objects[i] = (struct rules_object_row){ db_int(r, i, 0), db_int(r, i, 1),
							   db_int(r, i, 2), db_str(r, i, 3) };
	return 0;
}

static int load_links(struct loader *l, struct rules_tables *t, struct err *e)
{
	const struct db_rows *r;

	if (ask(l, &links, &r, e) < 0)
		return -1;
	t->n_links = db_rows_count(r);
	t->links = NEW_N(l->a, struct rules_link_row, t->n_links);
	for (size_t i = 0; i < t->n_links; i++)
		t->links[i] = (struct rules_link_row){ db_int(r, i, 0), db_int(r, i, 1),
						       db_int(r, i, 2) };
	return 0;
}

static int load_attrs(struct loader *l, const struct db_statement *s, struct rules_attr_row **out,
		      size_t *n, struct err *e)
{
	const struct db_rows *r;

	if (ask(l, s, &r, e) < 0)
		return -1;
	*n = db_rows_count(r);
	*out = NEW_N(l->a, struct rules_attr_row, *n);
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = (struct rules_attr_row){ db_int(r, i, 0), db_str(r, i, 1),
						     db_str(r, i, 2) };
	return 0;
}

static int load_tables(struct loader *l, struct rules_tables *t, struct err *e)
{
	if (db_run(l->db, l->a, &snapshot, NULL, 0, NULL, e) < 0 || load_rules(l, t, e) < 0 ||
	    load_groups(l, t, e) < 0 || load_objects(l, t, e) < 0 || load_links(l, t, e) < 0 ||
	    load_attrs(l, &object_attrs, &t->object_attrs, &t->n_object_attrs, e) < 0 ||
	    load_attrs(l, &group_attrs, &t->group_attrs, &t->n_group_attrs, e) < 0)
		return -1;
	return load_attrs(l, &rule_attrs, &t->rule_attrs, &t->n_rule_attrs, e);
}

int rules_load(struct arena *a, struct db *db, struct rules **out, struct err *e)
{
	struct rules_tables *t = NEW(a, struct rules_tables);
	struct loader l = { a, db };

	if (db_begin(db, e) < 0)
		return err_wrap(e, "rule database");
	if (load_tables(&l, t, e) < 0) {
		db_rollback(db);
		return err_wrap(e, "rule database");
	}
	db_rollback(db);
	return rules_build(a, t, out, e);
}
