"""Renews the tables in ``kb/vllm`` from the sources of vLLM's releases: ``python -m renew``.

It belongs to the repository and not to what users install. Data flows one way: ``index`` fetches
the releases, ``sources`` reads the files that count from each archive, ``syntax`` and ``hints``
understand Python without running it, one module a thing (``flags``, ``variables``, ``parsers``,
``speculation``, ``architectures``, ``requirements``, ``recipes``) tells what a single release has,
``history`` joins the releases into rows, and ``tables`` writes them, with what a person decided
(``decisions.yaml``) where the sources are silent.
"""
