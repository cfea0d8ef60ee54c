"""Small data that the tests share."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.preprocessing import StandardScaler


@pytest.fixture
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture
def digits():
    """Four classes of digits, standardised: 200 rows, 64 features."""
    X, y = load_digits(n_class=4, return_X_y=True)
    return StandardScaler().fit_transform(X[:200]), y[:200]


@pytest.fixture
def noisy():
    """Three classes apart in two of ten features; the noise in the others is larger."""
    random = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 40)
    X = random.normal(size=(120, 10)) * 3.0
    X[:, 0] += 4.0 * (y == 1) - random.normal(size=120) * 0.1
    X[:, 1] += 4.0 * (y == 2)
    X[:, :2] /= 3.0
    return X, y
