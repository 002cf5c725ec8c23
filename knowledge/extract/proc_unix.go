//go:build unix

package extract

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the child lead a process group, so that it can be killed
// together with whatever it starts.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func killGroup(cmd *exec.Cmd) error {
	return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

// yield gives the child's group that much less of a busy processor: a chat answer goes
// before a file. It does no harm where the system refuses.
func yield(cmd *exec.Cmd, nice int) {
	_ = syscall.Setpriority(syscall.PRIO_PGRP, cmd.Process.Pid, nice)
}
