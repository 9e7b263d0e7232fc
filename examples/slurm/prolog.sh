#!/bin/bash
# A Prolog: start no job on GPUs that something else holds, or that are ill.
#
#   Prolog=/etc/slurm/vllm_doctor_prolog.sh
#   PrologFlags=Alloc              # before the first step, not with it
#
# slurmd runs it as root on every node of a job, before the job. If it ends with anything but 0 the
# node is drained and the job queued again, so it does so only for what surely is wrong (1).
# A prolog must not call squeue, scontrol or sacctmgr: a thousand nodes would ask the controller at
# once. So nothing but the GPUs is looked at; SLURM_JOB_GPUS says which of them are this job's.
set -u
export PATH=/opt/vllm-doctor/bin:/usr/local/bin:/usr/bin:/bin   # where your site installed it

[ -n "${SLURM_JOB_GPUS:-}" ] || exit 0                   # a job without GPUs
timeout 30 vllm-doctor node --no-config --select VN101,VN103 --timeout 20 --quiet >&2
[ $? -ne 1 ]
