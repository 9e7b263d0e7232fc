"""What Slurm says of a cluster, for those who set vllm-doctor up on it."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.record import Record


class Partition(Record):
    """A partition: how many nodes it has, and the GPUs of one: `8 h100`, or `8`."""

    name: str
    nodes: int
    gpus: tuple[str, ...]
    default: bool = False

    @property
    def words(self) -> str:
        """The partition in a few words."""
        nodes = f"{self.nodes} node{'s' * (self.nodes != 1)}"
        gpus = f"{' or '.join(self.gpus)} GPUs each" if self.gpus else "no GPUs"
        return f"{self.name}{' (the default)' * self.default}: {nodes}, {gpus}"


class Cluster(Record):
    """Its nodes and partitions; or the ``problem`` with asking for them.

    ``private_tmp`` is the plugin that gives each job a /tmp of its own, empty if there is none,
    None if that could not be asked.
    """

    nodes: tuple[str, ...] = ()
    partitions: tuple[Partition, ...] = ()
    private_tmp: str | None = None
    problem: str | None = None

    def told(self) -> Iterator[str]:
        """What was found, in sentences."""
        if self.partitions:
            yield f"Slurm's partitions: {'; '.join(each.words for each in self.partitions)}."
        if self.private_tmp:
            yield (
                f"Each job has a /tmp of its own here ({self.private_tmp}): inside jobs no other "
                "user's files are met there."
            )
        elif self.private_tmp == "":
            yield "All users of a node share its /tmp: no plugin gives jobs one of their own."
