"""The options that Slurm's programs declare; ``table`` says how they are written.

Made by `python -m renew.slurm` from the sources of these releases; edit renew/ instead:
22.05.11, 23.02.8, 23.11.11, 24.05.8, 24.11.7, 25.05.9, 25.11.8, 26.05.4
"""

EVERY = """
    account|A: acctg-freq: autocomplete: bb: bbf: begin|b: chdir|D: cluster-constraint: cluster:
    clusters|M: comment: consolidate-segments constraint|C: container-id: container-type:
    container: context: contiguous core-spec|S: cores-per-socket: cpu-freq: cpus-per-gpu:
    cpus-per-task|c: deadline: delay-boot: dependency|d: distribution|m: exclude|x: exclusive::
    extra-node-info|B: extra: gid: gpu-bind: gpu-freq: gpus-per-node: gpus-per-socket:
    gpus-per-task: gpus|G: gres-flags: gres: help|h hint: hold|H job-name|J: licenses|L: mail-type:
    mail-user: mcs-label: mem-bind: mem-per-cpu: mem-per-gpu: mem-update: mem: mincpus: network:
    nice:: no-kill|k:: nodefile|F: nodelist|w: nodes|N: ntasks-per-core: ntasks-per-gpu:
    ntasks-per-node: ntasks-per-socket: ntasks-per-tres: ntasks|n: oom-kill-step:: overcommit|O
    oversubscribe|s partition|p: power: prefer: priority: profile: qos|q: quiet|Q reboot
    reservation: resources: resv-ports:: segment: signal: sockets-per-node: spread-job
    spread-segments stepmgr switches: tasks-per-node: thread-spec: threads-per-core: time-min:
    time|t: tmp: tres-bind: tres-per-task: uid: usage use-min-nodes verbose|v version|V wckey:
"""
OWN = {
    "sbatch": """
        array|a: batch: error|e: export-file: export: external get-user-env:: ignore-pbs input|i:
        kill-on-invalid-dep: no-requeue open-mode: output|o: parsable propagate:: requeue::
        test-only wait-all-nodes: wait|W wrap:
    """,
    "salloc": """
        bell get-user-env:: immediate|I:: kill-command|K:: no-bell no-shell wait-all-nodes: x11::
    """,
    "srun": """
        accel-bind: async bcast-exclude: bcast:: compress:: cpu-bind: cpu_bind: debugger-test
        disable-status|X epilog: error|e: exact export: external-launcher:: het-group:
        ignore-signals: immediate|I:: input|i: interactive jobid: kill-on-bad-exit|K:: label|l mpi:
        msg-timeout: multi-prog no-allocate|Z open-mode: output|o: overlap:: pack-group: parsable
        preserve-env|E prolog: propagate:: pty:: quit-on-interrupt relative|r: send-libs::
        slurmd-debug: task-epilog: task-prolog: test-only threads|T: treewidth: unbuffered|u
        wait-for-children wait|W: whole x11::
    """,
}
# NAME=OTHER: both are one option.
ALIASES = """
    cpu_bind=cpu-bind pack-group=het-group tasks-per-node=ntasks-per-node
"""
# Those that count for one component of a heterogeneous job only.
PER_COMPONENT = """
    accel-bind bb bcast bcast-exclude compress consolidate-segments constraint contiguous core-spec
    cores-per-socket cpu-bind cpu-freq cpu_bind cpus-per-gpu cpus-per-task distribution exclusive
    extra-node-info gpu-bind gpu-freq gpus gpus-per-node gpus-per-socket gpus-per-task gres
    gres-flags hint ignore-signals licenses mail-type mail-user mem-bind mem-per-cpu mem-per-gpu
    mincpus network nodefile nodelist nodes ntasks ntasks-per-core ntasks-per-gpu ntasks-per-node
    ntasks-per-socket ntasks-per-tres overcommit oversubscribe partition power relative resources
    resv-ports segment send-libs sockets-per-node spread-job spread-segments switches
    tasks-per-node thread-spec threads-per-core tmp tres-bind tres-per-task use-min-nodes
"""
