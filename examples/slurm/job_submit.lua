-- JobSubmitPlugins=lua: refuse a batch script of which `vllm-doctor scan` says that it is wrong.
--
-- Put it beside slurm.conf. slurmctld runs it with its locks held: while it runs, nothing else is
-- scheduled. So it waits two seconds at most, and whatever goes wrong with it lets the job through.

local DOCTOR = "/opt/vllm-doctor/bin/vllm-doctor" -- where your site installed it
local SECONDS = 2

local function complaints(script)
    local name = os.tmpname()
    local file = io.open(name, "w")
    if not file then
        return nil
    end
    file:write(script)
    file:close()
    -- --no-config: nothing that the user keeps may steer what slurmctld runs.
    local command = string.format(
        "timeout %d %s scan --no-config --fail-on error --show error --stdin-filename job - < %s 2>/dev/null; echo $?",
        SECONDS, DOCTOR, name)
    local pipe = io.popen(command)
    local said = pipe and pipe:read("*a") or ""
    if pipe then
        pipe:close()
    end
    os.remove(name)
    local text, code = said:match("^(.-)\n?(%d+)%s*$")
    return code == "1" and text or nil
end

function slurm_job_submit(job, partition, user)
    if not job.script or not job.script:find("vllm") then
        return slurm.SUCCESS
    end
    local found, text = pcall(complaints, job.script)
    if found and text then
        slurm.log_user("vllm-doctor finds in this script:\n%s", text)
        return slurm.ERROR
    end
    return slurm.SUCCESS
end

function slurm_job_modify(job, record, partition, user)
    return slurm.SUCCESS
end

return slurm.SUCCESS
