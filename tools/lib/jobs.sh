# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Commands that run at the same time, each with a log and a limit.

# Of each that runs: its process, and what is known of it. Of each that has ended: the
# status, and how long it took in seconds.
declare -A JOB_PID=() JOB_START=() JOB_LIMIT=() JOB_LOG=() JOB_STATUS=() JOB_SECONDS=()

# start_job NAME LIMIT LOG COMMAND...
start_job() {
	JOB_LIMIT[$1]=$2 JOB_LOG[$1]=$3 JOB_START[$1]=$SECONDS
	debug "\$ ${*:4}"
	"${@:4}" </dev/null >"$3" 2>&1 &
	JOB_PID[$1]=$!
}

# own_run FUNCTION: for a job that is one of ours: it has its own locks, and undoes what
# it does.
own_run() {
	EXIT_COMMANDS=() LOCKS=() MOVES_TREE='' JOB_PID=()
	trap run_exit_commands EXIT
	"$@"
}

# finish_job NAME: wait for its end.
finish_job() {
	while [[ ${JOB_PID[$1]:-} ]]; do
		sleep 0.2
		reap_jobs
	done
}

# end_jobs: those that still run when the run ends.
end_jobs() {
	local name
	for name in "${!JOB_PID[@]}"; do
		end_process "${JOB_PID[$name]}"
	done
}
at_exit end_jobs

# reap_jobs: ENDED, those that have come to their end since, or are over their limit.
reap_jobs() {
	local name
	ENDED=()
	for name in "${!JOB_PID[@]}"; do
		if kill -0 "${JOB_PID[$name]}" 2>/dev/null; then
			((SECONDS - JOB_START[$name] >= JOB_LIMIT[$name])) || continue
			kill_tree KILL "${JOB_PID[$name]}"
			say "vgpio: ended after its limit of ${JOB_LIMIT[$name]} s" >>"${JOB_LOG[$name]}"
		fi
		JOB_STATUS[$name]=0 JOB_SECONDS[$name]=$((SECONDS - JOB_START[$name]))
		wait "${JOB_PID[$name]}" 2>/dev/null || JOB_STATUS[$name]=$?
		unset "JOB_PID[$name]"
		ENDED+=("$name")
	done
}

# job_time NAME SECONDS: how long it has run, of about so many seconds.
job_time() {
	printf '%s of about %s' "$(elapsed $((SECONDS - JOB_START[$1])))" "$(elapsed "$2")"
}
