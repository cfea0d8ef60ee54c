import itertools

import numpy as np
import pytest

from skhnm.common import _threads
from skhnm.embeddings._mlp import ACTIVATIONS, MLPEmbedding


def make(hidden=(4, 3), activation="tanh", skip=True, origin=True, dtype=np.float64, d=5, m=2):
    random = np.random.default_rng(0)
    sizes = [d, *hidden, m]
    coefs = [random.normal(size=s) for s in itertools.pairwise(sizes)]
    return MLPEmbedding(
        [W.astype(dtype) for W in coefs],
        [random.normal(size=W.shape[1]).astype(dtype) for W in coefs],
        random.normal(size=(d, m)).astype(dtype) if skip else None,
        random.normal(size=d) if origin else None,
        activation,
    )


def rows(n=20, d=5, dtype=np.float64):
    return np.random.default_rng(1).normal(size=(n, d)).astype(dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("skip", "origin"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_backward_equals_finite_differences(hidden, activation, skip, origin):
    embedding, X = make(hidden, activation, skip, origin), rows()
    G = np.random.default_rng(2).normal(size=(20, 2))
    _Z, memory = embedding.forward(X)
    slope = embedding.backward(memory, G)
    parameters, expected = embedding.parameters.copy(), []
    for i in range(len(parameters)):
        values = []
        for step in (1e-6, -1e-6):
            embedding.parameters = parameters.copy()
            embedding.parameters[i] += step
            values.append((embedding.forward(X)[0] * G).sum())
        expected.append((values[0] - values[1]) / 2e-6)
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-7)


def test_forward_is_the_formula():
    embedding, X = make((4,), "relu"), rows()
    (V, W), (a, b), S = embedding.layers()
    expected = np.maximum(X @ V + a, 0.0) @ W + b + (X + embedding._origin) @ S
    np.testing.assert_allclose(embedding.forward(X)[0], expected, rtol=1e-12)


def test_layers_are_those_that_it_was_made_of():
    random = np.random.default_rng(0)
    V, W, S = random.normal(size=(5, 4)), random.normal(size=(4, 3)), random.normal(size=(5, 3))
    a, b = random.normal(size=4), random.normal(size=3)
    coefs, intercepts, skip = MLPEmbedding([V, W], [a, b], S, None, "relu").layers()
    for found, given in zip([*coefs, *intercepts, skip], [V, W, a, b, S], strict=True):
        np.testing.assert_allclose(found, given, rtol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 700])
def test_embed_is_forward_without_a_memory(n):
    embedding = make()
    np.testing.assert_array_equal(embedding.embed(rows(n)), embedding.forward(rows(n))[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_bits_for_any_number_of_threads(dtype, monkeypatch):
    results = []
    for n_jobs in (1, 2, 4):
        monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
        embedding, X = make(dtype=dtype, hidden=(300, 260)), rows(700, dtype=dtype)
        embedding.n_jobs = n_jobs
        with _threads.single_threaded_blas():
            Z, memory = embedding.forward(X)
            results.append((Z, embedding.backward(memory, np.ones((700, 2)))))
    for Z, slope in results:
        assert Z.dtype == slope.dtype == dtype
        np.testing.assert_array_equal(Z, results[0][0])
        np.testing.assert_array_equal(slope, results[0][1])


def test_intercepts_are_not_shrunk_and_the_linear_path_is_drawn_to_its_start():
    embedding = make((4,))
    assert embedding.n_shrunk == 5 * 4 + 4 * 2 + 5 * 2
    assert (embedding.start[: 5 * 4 + 4 * 2] == 0.0).all()
    path = slice(5 * 4 + 4 * 2, embedding.n_shrunk)
    np.testing.assert_array_equal(embedding.start[path], embedding.parameters[path])
    assert np.linalg.norm(embedding.start[path]) == pytest.approx(np.sqrt(2))
