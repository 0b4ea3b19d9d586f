"""Few settings in which every two values of different keys meet (pairwise testing).

    rows({"tls": [0, 1], "relay": [None, "a", "b"]}) -> [{"tls": 0, "relay": "a"}, …]

A mistake in a template hides where two keys meet; all combinations of forty keys are out of reach,
all pairs fit in a few dozen rows. Greedy and without chance: the same keys give the same rows.
"""
import collections
import itertools


def pairs(keys):
    """Every pair of values of different keys, as ((key, value), (key, value)), keys in order."""
    return {((one, x), (two, y)) for one, two in itertools.combinations(keys, 2)
            for x in keys[one] for y in keys[two]}


def met(row, keys):
    """The pairs that a row has."""
    return set(itertools.combinations([(key, row[key]) for key in keys], 2))


def best(key, row, keys, order, missing):
    """The value that meets most of what is missing: with the keys chosen so far, then at all."""
    wanted = collections.Counter(half for pair in missing for half in pair)

    def gain(value):
        both = (((key, value), other) if order[key] < order[other[0]] else (other, (key, value))
                for other in row.items())
        return sum(pair in missing for pair in both), wanted[key, value]
    return max(keys[key], key=gain)


def rows(keys):
    """The rows: dictionaries with a value for every key."""
    order = {key: number for number, key in enumerate(keys)}
    missing, found = pairs(keys), []
    while missing:
        first = min(missing, key=repr)
        row = dict(first)
        for key in sorted(keys, key=lambda key: (-len(keys[key]), key)):
            if key not in row:
                row[key] = best(key, row, keys, order, missing)
        found.append(row)
        missing -= met(row, keys)
    return found
