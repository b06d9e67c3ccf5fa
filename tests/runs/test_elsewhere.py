"""A finished run on another data set: what it has learned stays, and so do its own numbers."""


import pytest

pytestmark = pytest.mark.usefixtures("no_figures")
