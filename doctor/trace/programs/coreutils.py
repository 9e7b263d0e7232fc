"""Programs that start no other one: what they are like."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.trace.programs.program import Program, Trait

_QUICK = """
    alias awk basename cat chmod conda cp cut date deactivate df dirname disown du echo env export
    expr free grep head hostname hostnamectl id jobs jq ln ls lscpu mkdir module mv nvidia-smi pgrep
    printenv printf ps pwd readlink realpath rm rocm-smi sed seq shopt sort squeue stat tee touch
    tr type ulimit umask uname wc which whoami sleep
"""
_LOOKS = """
    awk basename cat column comm cut date df diff dirname du echo expr find fold free getconf grep
    head hostname hostnamectl id jobs jq ls lscpu lsof netstat nproc nvidia-smi paste pgrep printenv
    printf ps pwd readlink realpath rev rocm-smi sed seq sinfo sleep sort squeue ss stat strings tac
    tail tput tr tty type uname uniq wc which whoami
"""
_NO_GPU = """
    curl wget nc kill pkill trap tail less watch jq pip pip3 uv git tar rsync scp ssh-keygen
    scontrol squeue scancel sacct seq test true false openssl lsof ss netstat find xargs bash sh
    env exec wait exit return jobs source module ml stdbuf set huggingface-cli hf
"""
_TAKES_TEXT = """
    ack ag apropos apt apt-get at bat batch brew cmp code column comm complete crontab diff dnf
    dpkg emacs figlet file fold g++ gcc gh htop info join locate lolcat mail make man more nano nl
    notify-send npm ollama paste pidof rename rg rpm sdiff service sponge strings svn systemctl
    tldr toilet top tput unlink vi vim wall whatis whereis write yum zip
"""
_TRAITS: Mapping[Trait, str] = {
    Trait.SHELL: "bash sh zsh dash ksh",
    Trait.ENDS_OTHERS: "kill pkill killall fuser",
    Trait.QUICK: _QUICK,
    Trait.LOOKS: _LOOKS,
    Trait.NO_GPU: _QUICK + _NO_GPU,
    Trait.SILENT: "chmod cp disown kill ln mkdir mv pkill rm rmdir sleep touch ulimit wait",
    Trait.STEADY: "basename dirname hostname id logname nproc pwd readlink realpath uname whoami",
    Trait.PRINTS: "echo printf logger",
    Trait.TAKES_TEXT: _TAKES_TEXT,
    Trait.ASKS: "curl wget nc jq kill",
}


def _programs() -> Mapping[str, frozenset[Trait]]:
    found: dict[str, frozenset[Trait]] = {}
    for trait, programs in _TRAITS.items():
        for name in programs.split():
            found[name] = found.get(name, frozenset()) | {trait}
    return found


PROGRAMS = tuple(Program((name,), is_a=traits) for name, traits in _programs().items())
