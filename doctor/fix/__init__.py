"""Fixes: what the rules want done, turned into edits, checked, and written.

``offer`` makes edits of a verdict's repair, one module for each kind of place that they touch.
``rounds`` applies edits until nothing changes, and ``check`` looks at what they did to the script
before anything is kept. ``files`` replaces a file so that it is never half written.
"""
