#!/bin/bash
# Slurm's HealthCheckProgram: drain an idle node whose GPUs something still holds, or that are ill.
#
#   HealthCheckProgram=/etc/slurm/vllm_doctor_health_check.sh
#   HealthCheckInterval=600
#   HealthCheckNodeState=IDLE      # on a busy node the memory is rightly somebody's
#
# slurmd runs it as root, with hardly any environment, and ends it after 60 seconds. It only drains
# for what surely is wrong (exit code 1), never for what can't be seen (2): a driver that hangs
# must not empty the cluster.
set -u
export PATH=/opt/vllm-doctor/bin:/usr/local/bin:/usr/bin:/bin   # where your site installed it

node=${SLURMD_NODENAME:-$(hostname -s)}
# Only the GPUs: what asks Slurm's controller (VN4) has no place in what runs on every node.
said=$(timeout 50 vllm-doctor node --no-config --select VN101,VN103 --timeout 30 --quiet 2>/dev/null)
if [ $? -eq 1 ]; then
    reason=$(printf '%s' "$said" | tr -s '[:space:]' ' ' | cut -c1-180)
    scontrol update "nodename=$node" state=drain "reason=vllm-doctor: $reason"
fi
exit 0
