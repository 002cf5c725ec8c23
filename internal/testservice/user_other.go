//go:build !unix

package testservice

import "syscall"

// Elsewhere than on Unix .ci/services has nothing to run; this only has to compile.

func give(string) error                  { return nil }
func detached() *syscall.SysProcAttr     { return nil }
func unprivileged() *syscall.SysProcAttr { return nil }

const (
	sigFreeze = syscall.SIGTERM
	sigThaw   = syscall.SIGTERM
)
