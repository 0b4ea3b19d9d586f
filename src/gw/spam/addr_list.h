/*
 * addr_list - addresses and patterns of addresses, as welcomelist_from and its like give them.
 *
 * In a pattern `*` is any text and `?` any octet, without regard to case. Plain addresses and
 * `*@domain`, which is what lists are made of, are found by one look each however long the list is.
 * Private to gw/spam.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"

struct addr_entry {
	struct str pattern; /* in lower case */
	void *value;
	bool removed;
};

struct addr_list {
	struct arena *a;
	struct map entries;             /* by pattern */
	VEC(struct addr_entry *) globs; /* those that must be tried */
};

void addr_list_init(struct addr_list *l, struct arena *a);

/* The entry of that pattern, made if need be. */
struct addr_entry *addr_list_add(struct addr_list *l, struct str pattern);

/* By the same text as it was added, or nothing happens. */
void addr_list_remove(struct addr_list *l, struct str pattern);

/* Calls fn for each entry that `addr`, in lower case, is meant by, until it returns true. */
bool addr_list_each(const struct addr_list *l, struct str addr,
		    bool (*fn)(void *ctx, const struct addr_entry *e), void *ctx);
bool addr_list_has(const struct addr_list *l, struct str addr);

/* `text` as a whole; no newline is matched. */
bool addr_glob(struct str pattern, struct str text);
