/*
 * edit - changes on top of a parsed message.
 *
 * A `struct mime_edit` is a list of splices: at this offset of the message, instead of these bytes,
 * those. What no splice covers is written as it was received, byte for byte. The operations below
 * know about those before them: a field set twice is there once, a field deleted after it was added
 * is gone, a part inside a replaced one is forgotten.
 *
 * mime_edit_copy() copies the short list, which is how a group of recipients gets a version of its
 * own. Texts given to an edit are borrowed and must live as long as it does; new lines are written
 * with the message's own line end, whichever ("\n" or "\r\n") the given text uses.
 */
#pragma once

#include "lib/mime/mime.h"

struct mime_splice;

struct mime_edit {
	struct arena *a;
	const struct mime *root;
	struct mime_splice *splices; /* sorted by offset; private */
	uint32_t n, cap;
	struct str boundary; /* of mime_edit_wrap() */
};

void mime_edit_init(struct mime_edit *ed, struct arena *a, const struct mime *root);
void mime_edit_copy(struct mime_edit *to, const struct mime_edit *from);
bool mime_edit_is_empty(const struct mime_edit *ed);

/* Whether both replace the same bytes of the same message by the same others. */
bool mime_edit_is_same(const struct mime_edit *x, const struct mime_edit *y);

/*
 * Deletes all fields of that name from a part's header, or those that `match` says yes to, among
 * them those that earlier operations added.
 */
void mime_edit_delete(struct mime_edit *ed, const struct mime *part, struct str name);
void mime_edit_delete_if(struct mime_edit *ed, const struct mime *part,
			 bool (*match)(struct str name, const void *ctx), const void *ctx);

/*
 * Gives the field this value: its first instance is replaced in place, the others are removed; a
 * missing one is added on top. `value` is raw (see mime_encode_text() in build.h): a line end that
 * no blank follows gets a tab, so that no value can smuggle in a field. A name that no field can
 * have is ignored, here and below.
 */
void mime_edit_set(struct mime_edit *ed, const struct mime *part, struct str name,
		   struct str value);

/* Puts a field on top of the header, above what earlier calls put there. `value` as above. */
void mime_edit_prepend(struct mime_edit *ed, const struct mime *part, struct str name,
		       struct str value);

/*
 * Raw value of the first field of that name as this version of the message has it; false if there
 * is none. `ed` may be NULL.
 */
bool mime_edit_find(const struct mime_edit *ed, const struct mime *part, struct str name,
		    struct str *value);

/*
 * Makes the root the first part of a new multipart/mixed: the Content- fields move into that part,
 * everything else stays above. `boundary` must not occur in the message; the caller makes it up
 * (mime_boundary_is_free() in build.h), so that tests get the same one each time.
 * Afterwards replacing the root means replacing that first part.
 */
void mime_edit_wrap(struct mime_edit *ed, struct str boundary);

/*
 * Replaces a part, header and body, by `part_bytes` (see mime_build_text_part()). The root can be
 * replaced only after mime_edit_wrap(). Earlier changes inside the part are dropped; replacing a
 * part inside one already replaced does nothing.
 */
void mime_edit_replace(struct mime_edit *ed, const struct mime *part, struct str part_bytes);

/*
 * Takes away what a multipart has before its first and behind its last boundary, which only some
 * clients show. A second time does nothing, and so it does in other parts.
 */
void mime_edit_trim(struct mime_edit *ed, const struct mime *part);

/* Adds `part_bytes`, as above, behind the last part of a multipart. Does nothing in other parts. */
void mime_edit_append(struct mime_edit *ed, const struct mime *part, struct str part_bytes);

/*
 * Puts `bytes` in the place of part->body[from … to) as it stands in the message, that is encoded;
 * from == to inserts, and of two insertions at one place the later one comes second; earlier
 * changes that overlap are dropped. Does nothing in a part that was replaced or has parts inside.
 */
void mime_edit_body(struct mime_edit *ed, const struct mime *part, size_t from, size_t to,
		    struct str bytes);

/* All of a leaf's body instead of whatever earlier changes made of it; else as above. */
void mime_edit_whole_body(struct mime_edit *ed, const struct mime *part, struct str bytes);

/* The body of a leaf as this version of the message has it, encoded; it was not replaced. */
struct str mime_edit_find_body(const struct mime_edit *ed, const struct mime *part);

/*
 * Writes the message, with `ed` (may be NULL) applied, span by span. Without changes the spans
 * joined are the message as received.
 */
MUST_CHECK int mime_write(const struct mime *root, const struct mime_edit *ed,
			  const struct sink *to, struct err *e);

/* Size in bytes of what mime_write() would write. */
size_t mime_write_size(const struct mime *root, const struct mime_edit *ed);
