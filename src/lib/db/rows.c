#include "lib/db/db_int.h"

/* Numbers of built-in types (PostgreSQL, catalog/pg_type.dat) that never change. */
enum {
	BOOL_OID = 16,
	INT8_OID = 20,
	INT2_OID = 21,
	INT4_OID = 23,
	OID_OID = 26,
	FLOAT4_OID = 700,
	FLOAT8_OID = 701,
};

static size_t bytes_of(const PGresult *result, int n, int columns)
{
	size_t sum = 0;

	for (int row = 0; row < n; row++)
		for (int col = 0; col < columns; col++)
			sum += (size_t)PQgetlength(result, row, col);
	return sum;
}

static void copy_values(const PGresult *result, struct db_rows *r, char *to)
{
	struct db_value *v = r->values;

	for (size_t row = 0; row < r->n; row++) {
		for (unsigned col = 0; col < r->columns; col++, v++) {
			size_t n = (size_t)PQgetlength(result, (int)row, (int)col);

			v->null = PQgetisnull(result, (int)row, (int)col);
			if (v->null)
				continue;
			memcpy(to, PQgetvalue(result, (int)row, (int)col), n);
			v->s = (struct str){ to, n };
			to += n;
		}
	}
}

int db_rows_copy(struct arena *a, const PGresult *result, const struct db_rows **out, struct err *e)
{
	int n = PQntuples(result), columns = PQnfields(result);
	size_t bytes = bytes_of(result, n, columns);
	struct db_rows *r;
	int64_t affected;

	if (bytes + (size_t)n * (size_t)columns * sizeof(struct db_value) > DB_RESULT_MAX)
		return err_set(e, ERR_LIMIT, "database: result larger than %d bytes",
			       DB_RESULT_MAX);
	r = NEW(a, struct db_rows);
	r->n = (size_t)n;
	r->columns = (unsigned)columns;
	if (str_int(str_of(PQcmdTuples((PGresult *)result)), 0, INT64_MAX, &affected))
		r->affected = (uint64_t)affected;
	r->types = NEW_N(a, Oid, (size_t)columns);
	for (int col = 0; col < columns; col++)
		r->types[col] = PQftype(result, col);
	r->values = NEW_N(a, struct db_value, (size_t)n * (size_t)columns);
	copy_values(result, r, arena_alloc(a, bytes));
	*out = r;
	return 0;
}

size_t db_rows_count(const struct db_rows *r)
{
	return r->n;
}

uint64_t db_rows_affected(const struct db_rows *r)
{
	return r->affected;
}

static const struct db_value *at(const struct db_rows *r, size_t row, unsigned column)
{
	ASSERT(row < r->n && column < r->columns);
	return &r->values[row * r->columns + column];
}

bool db_is_null(const struct db_rows *r, size_t row, unsigned column)
{
	return at(r, row, column)->null;
}

struct str db_str(const struct db_rows *r, size_t row, unsigned column)
{
	return at(r, row, column)->s;
}

/* Big-endian, `s.n` bytes. */
static uint64_t unsigned_of(struct str s)
{
	uint64_t value = 0;

	for (size_t i = 0; i < s.n; i++)
		value = value << 8 | (unsigned char)s.p[i];
	return value;
}

int64_t db_int(const struct db_rows *r, size_t row, unsigned column)
{
	struct str s = db_str(r, row, column);

	switch (r->types[column]) {
	case BOOL_OID:
	case INT8_OID:
	case OID_OID:
		return (int64_t)unsigned_of(s);
	case INT4_OID:
		return (int32_t)unsigned_of(s);
	case INT2_OID:
		return (int16_t)unsigned_of(s);
	default:
		ASSERT(!"an integer column");
		return 0;
	}
}

double db_real(const struct db_rows *r, size_t row, unsigned column)
{
	struct str s = db_str(r, row, column);
	union {
		uint64_t u;
		double d;
	} wide = { unsigned_of(s) };
	union {
		uint32_t u;
		float f;
	} narrow = { (uint32_t)wide.u };

	ASSERT(r->types[column] == FLOAT4_OID || r->types[column] == FLOAT8_OID);
	if (!s.n)
		return 0;
	return r->types[column] == FLOAT8_OID ? wide.d : (double)narrow.f;
}
