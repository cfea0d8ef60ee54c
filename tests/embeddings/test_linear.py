import numpy as np
import pytest

from skhnm.common import _threads
from skhnm.embeddings._linear import LinearEmbedding

COMPONENTS = np.random.default_rng(0).normal(size=(3, 5))


def rows(n, dtype=np.float64):
    return np.random.default_rng(1).normal(size=(n, 5)).astype(dtype)


@pytest.mark.parametrize("n", [0, 1, 40, 2500])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_multiplied_by_the_components_in_their_own_type(n, dtype):
    Z, _ = LinearEmbedding(COMPONENTS).forward(rows(n, dtype))
    assert Z.dtype == dtype
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(Z, rows(n) @ COMPONENTS.T, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_parameters_are_of_the_order_of_one_whatever_the_scale(scale):
    embedding = LinearEmbedding(scale * COMPONENTS)
    np.testing.assert_allclose(embedding.components, scale * COMPONENTS, rtol=1e-14)
    np.testing.assert_allclose(embedding.parameters, LinearEmbedding(COMPONENTS).start, rtol=1e-12)
    assert np.linalg.norm(embedding.start) == pytest.approx(np.sqrt(3))


def test_the_start_stays_when_the_parameters_move():
    embedding = LinearEmbedding(COMPONENTS)
    embedding.parameters[:] = 0.0
    assert embedding.start.any()
    assert not embedding.components.any()


def test_components_of_zero_are_a_start_too():
    embedding = LinearEmbedding(np.zeros((2, 5)))
    assert embedding.forward(rows(4))[0].tolist() == [[0.0, 0.0]] * 4


@pytest.mark.parametrize("n", [0, 40, 2500])
def test_backward_is_the_derivative_by_each_parameter(n):
    embedding = LinearEmbedding(7.0 * COMPONENTS)
    gradient = np.random.default_rng(2).normal(size=(n, 3))
    _, memory = embedding.forward(rows(n))
    found = embedding.backward(memory, gradient)
    expected = []
    for step in np.eye(15):
        embedding.parameters = embedding.start + step
        up, _ = embedding.forward(rows(n))
        embedding.parameters = embedding.start - step
        down, _ = embedding.forward(rows(n))
        expected.append((gradient * (up - down) / 2.0).sum())
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert found.dtype == np.float64


def test_a_basis_of_the_rows_changes_nothing_but_the_number_of_parameters():
    X, gradient = rows(2), np.random.default_rng(2).normal(size=(2, 3))
    basis = np.linalg.qr(X.T)[0].T
    whole, small = LinearEmbedding(COMPONENTS), LinearEmbedding(COMPONENTS, basis=basis)
    assert (len(whole.parameters), len(small.parameters)) == (15, 6)
    for _ in range(3):  # steps down the same slope
        (Z, memory), (same_Z, same_memory) = whole.forward(X), small.forward(X)
        np.testing.assert_allclose(same_Z, Z, rtol=1e-12)
        np.testing.assert_allclose(small.components, whole.components, rtol=1e-12)
        whole.parameters = whole.parameters - 0.1 * whole.backward(memory, gradient)
        small.parameters = small.parameters - 0.1 * small.backward(same_memory, gradient)


def test_rows_outside_the_span_are_embedded_by_the_whole_map():
    X = rows(40)
    embedding = LinearEmbedding(COMPONENTS, basis=np.linalg.qr(X[:2].T)[0].T)
    embedding.parameters = embedding.parameters + 1.0
    np.testing.assert_allclose(embedding.embed(X), X @ embedding.components.T, rtol=1e-12)
    np.testing.assert_allclose(embedding.embed(X[:2]), embedding.forward(X[:2])[0], rtol=1e-12)


@pytest.mark.parametrize("n_jobs", [2, 4])
def test_results_are_identical_on_any_number_of_threads(monkeypatch, n_jobs):
    monkeypatch.setattr(_threads, "_WORTH_A_THREAD", 0.0)
    X, gradient = rows(3000), rows(3000)[:, :3]
    alone, several = LinearEmbedding(COMPONENTS, 1), LinearEmbedding(COMPONENTS, n_jobs)
    np.testing.assert_array_equal(several.forward(X)[0], alone.forward(X)[0])
    np.testing.assert_array_equal(several.backward(X, gradient), alone.backward(X, gradient))
