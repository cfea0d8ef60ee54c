"""Pictures are drawn without a screen, and closed."""

import matplotlib as mpl
import pytest


@pytest.fixture(autouse=True)
def plt():
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


@pytest.fixture
def learner(iris):
    from skhnm import HardNegativeMetricLearner

    return HardNegativeMetricLearner(max_iter=5).fit(*iris)
