/*
 * people - writes what a synchronisation with an LDAP server would, for the system tests.
 *
 *	people PROFILE	each line of stdin a user: ACCOUNT ADDRESS[,ADDRESS...] [DN of its group]
 */
#include "base/log.h"
#include "gw/people/people.h"

enum { USERS_MAX = 1000, LINE_BYTES_MAX = 4096, ADDRESSES_MAX = 10 };

static int add_user(struct people_writer *w, struct str line, struct err *e)
{
	struct str list[ADDRESSES_MAX], account, addresses;
	struct people_user u = { .addresses = { list, 0 } };

	if (!str_word(&line, &account) || !str_word(&line, &addresses))
		return err_set(e, ERR_INVALID, "a line is no user");
	while (addresses.n && u.addresses.n < ADDRESSES_MAX)
		list[u.addresses.n++] = str_cut(&addresses, ',');
	line = str_trim(line);
	u.account = u.dn = account;
	u.accounts = (struct people_list){ &account, 1 };
	u.groups = (struct people_list){ &line, line.n ? 1 : 0 };
	return people_write_user(w, &u, e);
}

static int copy(struct arena *a, struct str profile, struct err *e)
{
	struct people_writer *w;
	char line[LINE_BYTES_MAX];

	if (people_write(a, PEOPLE_DIR, profile, &w, e) < 0)
		return -1;
	for (int i = 0; i < USERS_MAX && fgets(line, sizeof(line), stdin); i++)
		if (add_user(w, str_of(line), e) < 0)
			return -1;
	return people_write_end(w, e);
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("people", 64u << 20);
	struct err e;

	log_open_stderr("people");
	if (argc != 2)
		return 2;
	if (copy(a, str_of(argv[1]), &e) == 0)
		return 0;
	log_err("%s", e.msg);
	return 1;
}
