/*
 * The rules that a new gateway starts with: database.md §4 with the names of the manual. Rows are
 * inserted in the order of these tables, so ids are the same on every new database.
 */
#include "gw/store/store_int.h"

/* The numbers of database.md §3, as far as factory objects use them. */
enum {
	EMAIL = 1001,
	TIME_FRAME = 2000,
	SPAM = 3000,
	VIRUS = 3001,
	CONTENT_TYPE = 3003,
	FILENAME = 3004,
	ACCEPT = 4000,
	BLOCK = 4001,
	NOTIFY = 4002,
	HEADER = 4003,
	QUARANTINE = 4006,
	REMOVE = 4007,
	DISCLAIMER = 4009,
};

enum { GROUP_FROM, GROUP_WHAT = 3, GROUP_ACTION }; /* RuleGroup.Grouptype */
enum { IN, OUT, BOTH };

/* As stored: the header field that is looked at, then the expression. */
#define TYPE(regex) "content-type:" regex

struct factory_object {
	int otype;
	const char *value; /* NULL: none */
};

/* Positions in groups[]. */
enum group {
	G_NONE,
	G_BLACKLIST,
	G_WHITELIST,
	G_OFFICE_HOURS,
	G_IMAGES,
	G_MULTIMEDIA,
	G_OFFICE_FILES,
	G_DANGEROUS,
	G_VIRUS,
	G_SPAM_3,
	G_SPAM_5,
	G_SPAM_10,
	G_MODIFY_LEVEL,
	G_MODIFY_SUBJECT,
	G_REMOVE_MATCHING,
	G_REMOVE_ALL,
	G_ACCEPT,
	G_BLOCK,
	G_QUARANTINE,
	G_NOTIFY_ADMIN,
	G_NOTIFY_SENDER,
	G_DISCLAIMER,
	G_ATTACHMENT_QUARANTINE,
	G_ATTACHMENT_QUARANTINE_ALL,
	GROUPS,
};

enum { OBJECTS_MAX = 8, ACTIONS_MAX = 3 };

struct factory_group {
	const char *class, *name, *info;
	struct factory_object objects[OBJECTS_MAX + 1]; /* ends with type 0 */
};

#define DISCLAIMER_TEXT                                                                            \
	"This e-mail and its attachments may be confidential and are meant for the addressee "     \
	"only.<br>If you received it by mistake, please tell the sender and delete it."

static const struct factory_group groups[GROUPS] = {
	[G_BLACKLIST] = { "who",
			  "Blacklist",
			  "Global blacklist",
			  { { EMAIL, "nomail@fromthisdomain.com" } } },
	[G_WHITELIST] = { "who",
			  "Whitelist",
			  "Global whitelist",
			  { { EMAIL, "mail@fromthisdomain.com" } } },
	[G_OFFICE_HOURS] = { "when",
			     "Office Hours",
			     "Usual office hours",
			     { { TIME_FRAME, "08:00-16:00" } } },
	[G_IMAGES] = { "what",
		       "Images",
		       "All kinds of graphic files",
		       { { CONTENT_TYPE, TYPE("image/.*") } } },
	[G_MULTIMEDIA] = { "what",
			   "Multimedia",
			   "Audio and Video",
			   { { CONTENT_TYPE, TYPE("audio/.*") },
			     { CONTENT_TYPE, TYPE("video/.*") } } },
	[G_OFFICE_FILES] = { "what",
			     "Office Files",
			     "Common Office Files",
			     { { CONTENT_TYPE, TYPE("application/vnd\\.ms-excel") },
			       { CONTENT_TYPE, TYPE("application/vnd\\.ms-powerpoint") },
			       { CONTENT_TYPE, TYPE("application/msword") },
			       { CONTENT_TYPE,
				 TYPE("application/vnd\\.openxmlformats-officedocument\\..*") },
			       { CONTENT_TYPE,
				 TYPE("application/vnd\\.oasis\\.opendocument\\..*") },
			       { CONTENT_TYPE, TYPE("application/vnd\\.stardivision\\..*") },
			       { CONTENT_TYPE, TYPE("application/vnd\\.sun\\.xml\\..*") } } },
	[G_DANGEROUS] = { "what",
			  "Dangerous Content",
			  "executable files and partial messages",
			  { { CONTENT_TYPE,
			      TYPE("application/vnd\\.microsoft\\.portable-executable") },
			    { CONTENT_TYPE, TYPE("application/x-msdownload") },
			    { CONTENT_TYPE, TYPE("application/x-java") },
			    { CONTENT_TYPE, TYPE("application/javascript") },
			    { CONTENT_TYPE, TYPE("application/x-executable") },
			    { CONTENT_TYPE, TYPE("message/partial") },
			    { FILENAME, ".*\\.(vbs|pif|lnk|shs|shb)" },
			    { FILENAME, ".*\\.\\{.+\\}" } } },
	[G_VIRUS] = { "what", "Virus", "Matches virus infected mail", { { VIRUS, NULL } } },
	[G_SPAM_3] = { "what", "Spam (Level 3)", "Matches possible spam mail", { { SPAM, "3" } } },
	[G_SPAM_5] = { "what", "Spam (Level 5)", "Matches possible spam mail", { { SPAM, "5" } } },
	[G_SPAM_10] = { "what",
			"Spam (Level 10)",
			"Matches possible spam mail",
			{ { SPAM, "10" } } },
	[G_MODIFY_LEVEL] = { "action",
			     "Modify Spam Level",
			     "Mark mail as spam by adding a header tag.",
			     { { HEADER, "X-SPAM-LEVEL:__SPAM_INFO__" } } },
	[G_MODIFY_SUBJECT] = { "action",
			       "Modify Spam Subject",
			       "Mark mail as spam by modifying the subject.",
			       { { HEADER, "subject:SPAM: __SUBJECT__" } } },
	[G_REMOVE_MATCHING] = { "action",
				"Remove attachments",
				"Remove matching attachments",
				{ { REMOVE, "0,0" } } },
	[G_REMOVE_ALL] = { "action",
			   "Remove all attachments",
			   "Remove all attachments",
			   { { REMOVE, "1,0" } } },
	[G_ACCEPT] = { "action", "Accept", "Accept mail for Delivery", { { ACCEPT, NULL } } },
	[G_BLOCK] = { "action", "Block", "Block mail", { { BLOCK, NULL } } },
	[G_QUARANTINE] = { "action",
			   "Quarantine",
			   "Move mail to quarantine",
			   { { QUARANTINE, NULL } } },
	[G_NOTIFY_ADMIN] = { "action",
			     "Notify Admin",
			     "Send notification",
			     { { NOTIFY, "__ADMIN__" } } },
	[G_NOTIFY_SENDER] = { "action",
			      "Notify Sender",
			      "Send notification",
			      { { NOTIFY, "__SENDER__" } } },
	[G_DISCLAIMER] = { "action",
			   "Disclaimer",
			   "Add Disclaimer",
			   { { DISCLAIMER, DISCLAIMER_TEXT } } },
	[G_ATTACHMENT_QUARANTINE] = { "action",
				      "Attachment Quarantine (remove matching)",
				      "Remove matching attachments and move the whole mail to the "
				      "attachment quarantine.",
				      { { REMOVE, "0,1" } } },
	[G_ATTACHMENT_QUARANTINE_ALL] = { "action",
					  "Attachment Quarantine (remove all)",
					  "Remove all attachments and move the whole mail to the "
					  "attachment quarantine.",
					  { { REMOVE, "1,1" } } },
};

static const struct {
	const char *name;
	struct str value;
} notify_attributes[] = {
	{ "attach", STR_INIT("N") },
	{ "subject", STR_INIT("Notification: __SUBJECT__") },
	{ "body", STR_INIT("Proxmox Notification:\n"
			   "\n"
			   "Sender:   __SENDER__\n"
			   "Receiver: __RECEIVERS__\n"
			   "Targets:  __TARGETS__\n"
			   "\n"
			   "Subject:  __SUBJECT__\n"
			   "\n"
			   "Matching Rule: __RULE__\n"
			   "\n"
			   "__RULE_INFO__\n"
			   "\n"
			   "__VIRUS_INFO__\n"
			   "__SPAM_INFO__\n") },
};

static const struct factory_rule {
	const char *name;
	int priority, active, direction;
	enum group from, what, actions[ACTIONS_MAX]; /* G_NONE where there is none */
} rules[] = {
	{ "Block Dangerous Files", 93, 1, IN, G_NONE, G_DANGEROUS, { G_REMOVE_MATCHING } },
	{ "Block Viruses", 96, 1, IN, G_NONE, G_VIRUS, { G_NOTIFY_ADMIN, G_QUARANTINE } },
	{ "Virus Alert",
	  96,
	  1,
	  OUT,
	  G_NONE,
	  G_VIRUS,
	  { G_NOTIFY_SENDER, G_NOTIFY_ADMIN, G_BLOCK } },
	{ "Blacklist", 98, 1, IN, G_BLACKLIST, G_NONE, { G_BLOCK } },
	{ "Modify Header", 90, 1, IN, G_NONE, G_NONE, { G_MODIFY_LEVEL } },
	{ "Whitelist", 85, 1, IN, G_WHITELIST, G_NONE, { G_ACCEPT } },
	{ "Quarantine/Mark Spam (Level 3)",
	  80,
	  1,
	  IN,
	  G_NONE,
	  G_SPAM_3,
	  { G_MODIFY_SUBJECT, G_QUARANTINE } },
	{ "Quarantine/Mark Spam (Level 5)",
	  81,
	  0,
	  IN,
	  G_NONE,
	  G_SPAM_5,
	  { G_MODIFY_SUBJECT, G_QUARANTINE } },
	{ "Block Spam (Level 10)", 82, 0, IN, G_NONE, G_SPAM_10, { G_BLOCK } },
	{ "Block outgoing Spam",
	  70,
	  0,
	  OUT,
	  G_NONE,
	  G_SPAM_3,
	  { G_NOTIFY_ADMIN, G_NOTIFY_SENDER, G_BLOCK } },
	{ "Add Disclaimer", 60, 0, OUT, G_NONE, G_NONE, { G_DISCLAIMER } },
	{ "Block Multimedia Files", 87, 0, BOTH, G_NONE, G_MULTIMEDIA, { G_REMOVE_MATCHING } },
	{ "Quarantine Office Files",
	  89,
	  0,
	  IN,
	  G_NONE,
	  G_OFFICE_FILES,
	  { G_ATTACHMENT_QUARANTINE } },
};

static const struct db_statement insert_group = {
	"factory_group",
	"INSERT INTO Objectgroup (Name, Info, Class) VALUES ($1, $2, $3) RETURNING ID"
};
static const struct db_statement insert_object = {
	"factory_object",
	"INSERT INTO Object (ObjectType, Objectgroup_ID, Value) VALUES ($1, $2, $3) RETURNING ID"
};
static const struct db_statement insert_attribute = {
	"factory_attribute", "INSERT INTO Attribut (Object_ID, Name, Value) VALUES ($1, $2, $3)"
};
static const struct db_statement insert_rule = {
	"factory_rule", "INSERT INTO Rule (Name, Priority, Active, Direction) "
			"VALUES ($1, $2, $3, $4) RETURNING ID"
};
static const struct db_statement insert_link = {
	"factory_link", "INSERT INTO RuleGroup (Objectgroup_ID, Rule_ID, Grouptype) "
			"VALUES ($1, $2, $3)"
};

static int add_row(struct db *db, struct arena *a, const struct db_statement *insert,
		   const struct db_param *values, size_t n, int64_t *id, struct err *e)
{
	const struct db_rows *rows;

	if (db_run(db, a, insert, values, n, &rows, e) < 0)
		return -1;
	if (id)
		*id = db_int(rows, 0, 0);
	return 0;
}

static int add_notify_attributes(struct db *db, struct arena *a, int64_t object, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(notify_attributes); i++) {
		struct db_param values[] = { DB_INT(object),
					     DB_TEXT(str_of(notify_attributes[i].name)),
					     DB_BYTES(notify_attributes[i].value) };

		if (add_row(db, a, &insert_attribute, values, 3, NULL, e) < 0)
			return -1;
	}
	return 0;
}

static int add_object(struct db *db, struct arena *a, int64_t group, const struct factory_object *o,
		      struct err *e)
{
	struct db_param values[] = { DB_INT(o->otype), DB_INT(group),
				     o->value ? DB_BYTES(str_of(o->value)) : DB_NULL };
	int64_t id;

	if (add_row(db, a, &insert_object, values, 3, &id, e) < 0)
		return -1;
	return o->otype == NOTIFY ? add_notify_attributes(db, a, id, e) : 0;
}

static int add_group(struct db *db, struct arena *a, const struct factory_group *g, int64_t *id,
		     struct err *e)
{
	struct db_param values[] = { DB_TEXT(str_of(g->name)), DB_TEXT(str_of(g->info)),
				     DB_TEXT(str_of(g->class)) };

	if (add_row(db, a, &insert_group, values, 3, id, e) < 0)
		return -1;
	for (const struct factory_object *o = g->objects; o->otype; o++)
		if (add_object(db, a, *id, o, e) < 0)
			return -1;
	return 0;
}

static int link_group(struct db *db, struct arena *a, int64_t rule, int64_t group, int type,
		      struct err *e)
{
	struct db_param values[] = { DB_INT(group), DB_INT(rule), DB_INT(type) };

	return group ? add_row(db, a, &insert_link, values, 3, NULL, e) : 0;
}

static int add_rule(struct db *db, struct arena *a, const struct factory_rule *r,
		    const int64_t *ids, struct err *e)
{
	struct db_param values[] = { DB_TEXT(str_of(r->name)), DB_INT(r->priority),
				     DB_INT(r->active), DB_INT(r->direction) };
	int64_t rule;

	if (add_row(db, a, &insert_rule, values, 4, &rule, e) < 0 ||
	    link_group(db, a, rule, ids[r->from], GROUP_FROM, e) < 0 ||
	    link_group(db, a, rule, ids[r->what], GROUP_WHAT, e) < 0)
		return -1;
	for (size_t i = 0; i < ACTIONS_MAX; i++)
		if (link_group(db, a, rule, ids[r->actions[i]], GROUP_ACTION, e) < 0)
			return -1;
	return 0;
}

static int add_all(struct db *db, struct arena *a, struct err *e)
{
	int64_t ids[GROUPS] = { 0 };

	for (enum group g = G_NONE + 1; g < GROUPS; g++)
		if (add_group(db, a, &groups[g], &ids[g], e) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (add_rule(db, a, &rules[i], ids, e) < 0)
			return -1;
	return 0;
}

int store_factory_first(struct db *db, struct arena *a, struct err *e)
{
	static const struct factory_group greylist = {
		"greylist", "GreyExclusion", "-", { { 0 } }
	};
	int64_t id;

	return add_group(db, a, &greylist, &id, e) < 0 ? -1 : add_all(db, a, e);
}

int store_factory_quarantine(struct db *db, struct arena *a, struct err *e)
{
	int64_t id;

	return add_group(db, a, &groups[G_QUARANTINE], &id, e);
}

static const char remove_all[] =
	"LOCK TABLE Rule, RuleGroup, Object, Objectgroup, Attribut IN EXCLUSIVE MODE;"
	"DELETE FROM RuleGroup;"
	"DELETE FROM Rule;"
	"DELETE FROM Attribut WHERE Object_ID NOT IN (SELECT o.ID FROM Object o"
	" JOIN Objectgroup g ON g.ID = o.Objectgroup_ID WHERE g.Class = 'greylist');"
	"DELETE FROM Object WHERE Objectgroup_ID NOT IN"
	" (SELECT ID FROM Objectgroup WHERE Class = 'greylist');"
	"DELETE FROM Objectgroup WHERE Class <> 'greylist'";

static int replace_all(struct db *db, struct arena *a, struct err *e)
{
	return db_script(db, remove_all, e) < 0 ? -1 : add_all(db, a, e);
}

int store_reset(struct db *db, struct arena *a, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	if (replace_all(db, a, e) < 0 || db_commit(db, e) < 0) {
		db_rollback(db);
		return -1;
	}
	return 0;
}
