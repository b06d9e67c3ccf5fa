"""The site: these pages, the option reference made from the schema, and the reference of the Python API.

`make docs` builds it into site/ and takes a warning for a mistake. The built pages ask no server for anything.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from avgraph.version import __version__
from docs.generator.mathml import use_mathml
from docs.generator.write import write_pages

project = "avgraph"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["generator", "static"]
default_role = "py:obj"
toc_object_entries = False
myst_heading_anchors = 4

html_theme = "furo"
html_title = f"avgraph {version}"
html_show_copyright = False
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Shapes"]


def setup(app: Sphinx) -> None:
    """Make the pages that are made, before any is read; ``-t without_api`` leaves the API out, which needs torch."""
    use_mathml(app)
    write_pages(Path(app.srcdir) / "reference", api=not app.tags.has("without_api"))
