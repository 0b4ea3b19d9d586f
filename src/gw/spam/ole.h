/*
 * ole - what SpamAssassin's OLEVBMacro sees in office documents: macros, embedded objects, links.
 *
 * A document is a compound file (before Office 2007), RTF, or a zip file of XML. Nothing is parsed
 * but the directories of zip files; the rest are marks anywhere in the octets. Private to gw/spam.
 */
#pragma once

#include "base/map.h"
#include "gw/spam/zip_read.h"
#include "lib/re/re.h"

enum {
	OLE_LINKS_MAX = 10,
	OLE_CONTENT_MAX = 16 << 20, /* octets unpacked for one mail; what comes later is not read */
};

struct ole_patterns {
	struct re *malice, *content_type, *external, *mhtml;
};

/* Of all attachments of a mail. */
struct ole_facts {
	bool macro, object, rtf_object, malice, encrypted, mhtml;
	struct str links[OLE_LINKS_MAX]; /* that a document is to load something from */
	size_t n_links;
	size_t unpacked;
};

void ole_patterns_init(struct ole_patterns *p, struct arena *a);

/* Does it begin as a compound file does? */
bool ole_is_compound(struct str data);

/* Does it look like a zip file? */
bool ole_is_zip(struct str name, struct str data);

/* A member of a zip file, unless too much has been unpacked already. */
bool ole_unpack(struct arena *a, const struct zip_member *m, struct ole_facts *f, struct str *out);

/* Each adds what it finds; true if `data` is such a document. */
bool ole_check_encrypted(struct str data, struct ole_facts *f);
bool ole_check_marks(const struct ole_patterns *p, struct str data, struct ole_facts *f);
bool ole_check_zipped(struct arena *a, const struct ole_patterns *p, struct str name,
		      struct str data, struct ole_facts *f);

/* Does it fetch a program? */
bool ole_downloads(struct str data);
