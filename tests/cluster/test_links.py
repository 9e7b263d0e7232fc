"""What nodes tell of themselves and of each other, compared."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Mapping
from typing import Any, TypeVar

import pytest

from doctor.base.unknown import UNKNOWN
from doctor.cluster.links.compare import compare
from doctor.cluster.links.meeting import Meeting
from doctor.cluster.links.portrait import portrait
from doctor.facts.node.base import NodeFact
from doctor.facts.node.links import (
    PeerConnection,
    PeerDifference,
    PeerInterface,
    PeerName,
    PeerProxy,
)
from doctor.node.probe import Gap, Situation
from tests.slurm.daemons import free_port

Portrait = dict[str, Any]
_Fact = TypeVar("_Fact", bound=NodeFact)


def told(**more: Any) -> Portrait:
    return {
        "names": {"gpu01": ["10.0.0.1"], "gpu02": ["10.0.0.2"]},
        "interfaces": {"eth0": {"up": True, "addresses": ["10.0.0.1"]}},
        "variables": {},
        "vllm": "0.11.2",
        "driver": "580.65",
        "python": "3.12",
        "folders": {},
        "proxies": {},
        "connections": {},
        "taken": [],
        "clock": None,
        **more,
    }


def facts(kind: type[_Fact], first: Portrait, second: Portrait) -> list[_Fact]:
    found = compare({"gpu01": first, "gpu02": second}, {})
    return [each for each in found if isinstance(each, kind)]


def wrong(kind: type[_Fact], first: Portrait, second: Portrait) -> list[_Fact]:
    return [each for each in facts(kind, first, second) if getattr(each, "differs", False) is True]


def test_nodes_that_are_alike() -> None:
    found = list(compare({"gpu01": told(), "gpu02": told(clock=0.01)}, {}))
    assert not any(getattr(each, "differs", False) for each in found)
    assert not any(isinstance(each, Gap) and each.applies for each in found)


class TestNames:
    def test_one_that_has_no_address(self) -> None:
        found = facts(PeerName, told(names={"gpu01": ["10.0.0.1"], "gpu02": []}), told())
        assert [(f.at, f.peer) for f in found if f.resolves is False] == [("gpu01", "gpu02")]

    def test_one_that_leads_back(self) -> None:
        names = {"gpu01": ["127.0.1.1"], "gpu02": ["10.0.0.2"]}
        found = facts(PeerName, told(names=names), told(names=names))
        assert [(f.at, f.peer) for f in found if f.loopback is True] == [("gpu02", "gpu01")]

    def test_a_resolver_that_hangs(self) -> None:
        (found,) = facts(PeerName, told(names={"gpu02": None}), told(names={}))
        assert found.resolves is UNKNOWN


class TestInterfaces:
    @pytest.mark.parametrize(
        ("variable", "value", "chosen"),
        [
            ("NCCL_SOCKET_IFNAME", "eth", "eth0"),
            ("NCCL_SOCKET_IFNAME", "=eth", "nothing"),
            ("NCCL_SOCKET_IFNAME", "^eth", "nothing"),
            ("NCCL_SOCKET_IFNAME", "ib0", "nothing"),
            ("GLOO_SOCKET_IFNAME", "eth0", "eth0"),
            ("GLOO_SOCKET_IFNAME", "eth", "nothing"),
            ("VLLM_HOST_IP", "10.0.0.1", "eth0"),
            ("VLLM_HOST_IP", "10.0.0.9", "nothing"),
        ],
    )
    def test_what_a_variable_chooses(self, variable: str, value: str, chosen: str) -> None:
        each = told(variables={variable: value})
        (found,) = facts(PeerInterface, each, each)
        assert (found.chosen, found.fits) == (chosen, chosen != "nothing")

    def test_others_on_another_node(self) -> None:
        variables = {"NCCL_SOCKET_IFNAME": "eth"}
        other = {"eth1": {"up": True, "addresses": []}}
        found = facts(
            PeerInterface, told(variables=variables), told(variables=variables, interfaces=other)
        )
        assert {(f.at, f.chosen, f.differs) for f in found} == {
            ("gpu01", "eth0", True),
            ("gpu02", "eth1", True),
        }

    def test_one_that_is_down(self) -> None:
        down = {"eth0": {"up": False, "addresses": []}}
        each = told(variables={"NCCL_SOCKET_IFNAME": "eth0"}, interfaces=down)
        assert not facts(PeerInterface, each, each)[0].fits

    def test_an_address_of_each_node_s_own(self) -> None:
        second = {"eth0": {"up": True, "addresses": ["10.0.0.2"]}}
        found = facts(
            PeerInterface,
            told(variables={"VLLM_HOST_IP": "10.0.0.1"}),
            told(variables={"VLLM_HOST_IP": "10.0.0.2"}, interfaces=second),
        )
        assert {(f.fits, f.differs) for f in found} == {(True, False)}


class TestConnections:
    def test_ports_that_a_firewall_closes(self) -> None:
        tried = {"gpu01": {"6379": "no answer", "29501": "no answer", "40000": ""}}
        found = facts(PeerConnection, told(), told(connections=tried))
        assert {(f.at, f.peer, f.ports, f.works) for f in found} == {
            ("gpu02", "gpu01", "6379, 29501", False),
            ("gpu02", "gpu01", "40000", True),
        }

    def test_a_port_on_which_somebody_else_listens_there(self) -> None:
        tried = {"gpu01": {"6379": "Connection refused"}}
        assert facts(PeerConnection, told(taken=[6379]), told(connections=tried)) == []


class TestDifferences:
    @pytest.mark.parametrize(
        ("more", "aspect", "values"),
        [
            ({"driver": "535.1"}, "driver", "gpu01: 580.65; gpu02: 535.1"),
            ({"vllm": None}, "vllm", "gpu01: 0.11.2; gpu02: none"),
            ({"python": "3.10"}, "python", "gpu01: 3.12; gpu02: 3.10"),
            ({"clock": 3.2}, "clock", "gpu02: -3.2 s"),
        ],
    )
    def test_one(self, more: Portrait, aspect: str, values: str) -> None:
        found = wrong(PeerDifference, told(), told(**more))
        assert [(f.aspect, f.values) for f in found] == [(aspect, values)]

    def test_a_folder_on_other_storage(self) -> None:
        nas = {"/models": {"type": "nfs4", "network": True, "source": "nas:/models"}}
        disk = {"/models": {"type": "ext4", "network": False, "source": "/dev/sda1"}}
        (found,) = wrong(PeerDifference, told(folders=nas), told(folders=disk))
        assert found.values == "gpu01: nfs4 nas:/models; gpu02: its own disk"
        assert wrong(PeerDifference, told(folders=nas), told(folders=nas)) == []

    def test_a_folder_that_hangs(self) -> None:
        disk = {"/models": {"type": "ext4", "network": False, "source": "/dev/sda1"}}
        found = facts(PeerDifference, told(folders=disk), told(folders={"/models": None}))
        assert found[-1].differs is UNKNOWN


def test_a_proxy_that_stands_between() -> None:
    (found,) = facts(PeerProxy, told(proxies={"http_proxy": ["gpu01", "gpu02"]}), told())
    assert (found.at, found.variable, found.hosts) == ("gpu01", "http_proxy", "gpu[01-02]")


def test_a_node_that_told_nothing_makes_all_unknown() -> None:
    gaps = [f for f in compare({"gpu01": told()}, {"gpu02": "it hangs"}) if isinstance(f, Gap)]
    assert {gap.reason for gap in gaps if gap.applies} == {"gpu02: it hangs"}


def test_two_nodes_meet() -> None:
    ports = [free_port(), free_port()]
    found: dict[str, Mapping[str, Any]] = {}

    def hold(node: str, peer: str) -> None:
        found[node] = Meeting(node).hold({peer: "127.0.0.1"}, [peer], ports, seconds=3)

    threads = [threading.Thread(target=hold, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for node, peer in (("a", "b"), ("b", "a")):
        assert found[node]["connections"] == {peer: {str(port): "" for port in ports}}
        assert abs(found[node]["clock"]) < 1


def test_a_peer_that_is_not_there() -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("", port))
        met = Meeting("a").hold({"b": "127.0.0.1"}, [], [port], seconds=0.5)
    assert met["connections"]["b"][str(port)] == "Connection refused"
    assert met["taken"] == [port]


def test_a_portrait_of_this_machine() -> None:
    variables = {**os.environ, "VLLM_HOST_IP": "10.9.8.7"}
    told = json.loads(json.dumps(portrait(["localhost"], Situation(variables, os.getuid(), 0.9))))
    assert told["names"]["localhost"]
    assert told["interfaces"]["lo"]["up"]
    assert told["variables"]["VLLM_HOST_IP"] == "10.9.8.7"
    assert told["python"]
