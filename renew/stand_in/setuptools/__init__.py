"""Stands in for setuptools while pip fetches a source archive, so that nothing in it is run."""
