/*
 * pdf - what SpamAssassin's PDFInfo sees in a PDF: properties, links, sizes of images, checksums.
 *
 * The file is read line by line as text; what is compressed or in strings over several lines is not
 * seen. Each byte is looked at a fixed number of times. Private to gw/spam.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"

enum {
	PDF_MAGIC_MAX = 1024,      /* octets before the magic */
	PDF_URIS_MAX = 20,         /* of one file */
	PDF_IMAGES_MAX = 10000,    /* of one mail; more are not counted */
	PDF_PROPERTIES_MAX = 1000, /* values of each property in a mail */
	PDF_STRING_MAX = 256,      /* octets kept of a string */
	PDF_NOTES_MAX = 1000,      /* of one mail */
};

enum pdf_property {
	PDF_AUTHOR,
	PDF_CREATED,
	PDF_CREATOR,
	PDF_MODIFIED,
	PDF_PRODUCER,
	PDF_TITLE,
	PDF_PROPERTIES,
};

struct pdf_size {
	double height, width;
};

/* For templates: a tag without its underscores, and one of its values. */
struct pdf_note {
	const char *tag;
	struct str value;
};

/* Of all files of a mail. */
struct pdf_facts {
	VEC(struct pdf_size) sizes; /* of each image, and of all images of a file together */
	VEC(struct str) uris;
	VEC(struct str) properties[PDF_PROPERTIES];
	VEC(struct pdf_note) notes; /* file by file */
	struct map checksums; /* MD5 in capitals: of the files … */
	struct map fuzzy;     /* … and of their first lines, and of the names of their keys */
	unsigned images;
	bool encrypted, has_area;
	double area; /* pixels in the images of the last file that has some */
};

void pdf_facts_init(struct pdf_facts *f, struct arena *a);

/* Adds what is in one file; false, and nothing is added, if it is none. */
bool pdf_read(struct arena *a, struct str data, struct pdf_facts *f);

/* "author"; PDF_PROPERTIES if there is no such property */
enum pdf_property pdf_property_named(struct str name);
