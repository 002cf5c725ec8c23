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
