"""Which candidates are copies, equal but for rounding: of a query, or of its positives."""

from __future__ import annotations

from skhnm.kernels._common import kernel


@kernel()
def within_limit(U, i, V, j, width, limit):  # type: ignore[no-untyped-def]
    """Whether ``|U[i] - V[j]|²``, over the first `width` columns, is at most `limit`.

    Most rows differ at once, and are left at the first columns.
    """
    total = 0.0
    for f in range(width):
        difference = float(U[i, f]) - float(V[j, f])
        total += difference * difference
        if total > limit:
            return False
    return True


@kernel()
def mark_copies(  # type: ignore[no-untyped-def]
    Z, Z_squares, pool, pool_squares, width, listed, first, positives, tolerance, begin, end, marks
):
    """Fill ``marks[begin:end]`` (n, c) bool: who among `listed` is a copy.

    Rows a and b are copies if ``|a - b| <= tolerance · max(|a|, |b|)``.

    Parameters
    ----------
    Z, pool : (n, m), (N, m) float
        The queries and the pool, of whose columns the first `width` are compared.
    Z_squares, pool_squares : (n,), (N,) float64
        Squared norms of the rows, over these columns.
    listed : (n, c) intp
        Rows of the pool; -1 is padding, and no copy.
    first, positives : (n + 1,), (t,) intp
        The positives of query q are the rows ``positives[first[q]:first[q + 1]]`` of the pool.
    tolerance : float
    """
    for q in range(begin, end):
        for s in range(listed.shape[1]):
            marks[q, s] = False
            j = listed[q, s]
            if j < 0:
                continue
            limit = tolerance**2 * max(Z_squares[q], pool_squares[j])
            marks[q, s] = within_limit(Z, q, pool, j, width, limit)
            place = first[q]
            while place < first[q + 1] and not marks[q, s]:
                p = positives[place]
                limit = tolerance**2 * max(pool_squares[p], pool_squares[j])
                marks[q, s] = within_limit(pool, p, pool, j, width, limit)
                place += 1
