"""The probe of a script: what its servers need, against what this node has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.base.errors import DoctorError
from doctor.facts.node.gpus import Gpu
from doctor.facts.node.needs import ModelFit, Need
from doctor.facts.node.world import InstalledVllm
from doctor.node import cache, gpus, place, surroundings
from doctor.node.probe import Gap, NotHereError, Probe, Situation, UnseenError

if TYPE_CHECKING:
    from doctor.config import Config
    from doctor.node.needs import Here


def probe(path: str, config: Config) -> Probe:
    """A probe of this script. The script is read and traced, and nothing of it is run."""
    return Probe("script", (Need, ModelFit), partial(_look, path, config))


def _look(path: str, config: Config, situation: Situation) -> Iterator[Need | ModelFit | Gap]:
    from doctor.node.model_fits import model_fits
    from doctor.node.needs import needs
    from doctor.scan import Examiner
    from doctor.sources import Unexamined, read_named

    cache.do_without_if_it_hangs()
    if not Path(path).is_file():
        raise DoctorError("there is no such file", path)
    source = read_named(path)
    if isinstance(source, Unexamined):
        raise UnseenError(f"{path} can't be read: {source.reason}")
    traced = Examiner(config, [path]).trace(source)
    for failure in traced.failures:
        raise UnseenError(f"{path}: {failure}")
    here = _here(situation)
    found = list(needs(traced, here))
    if not found:
        raise NotHereError(f"{path} starts no server of which it is known what it needs")
    yield from found
    fits = list(model_fits(traced, here))
    yield from fits
    if not fits:
        reason = f"{path} serves no model of which it is known what its weights take"
        yield Gap(ModelFit, reason, applies=False)


def _here(situation: Situation) -> Here:
    from doctor.node.needs import Here

    seen: list[Gpu] | None
    why = ""
    try:
        told = list(gpus.look(situation))
        seen = [fact for fact in told if isinstance(fact, Gpu)]
        gaps = [each for each in told if isinstance(each, Gap) and each.kind is Gpu]
        if gaps:  # it shows none, or none that can be judged
            seen, why = None, gaps[0].reason
    except UnseenError as reason:
        seen, why = None, str(reason)
    installed = [f for f in surroundings.look(situation) if isinstance(f, InstalledVllm)]
    return Here(
        node=place.name(situation.environment),
        environment=situation.environment,
        gpus=seen,
        why=why,
        vllm=installed[0].version if installed else None,
    )
