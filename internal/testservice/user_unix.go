//go:build unix

package testservice

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// nobody is the user that servers run as if we are root: PostgreSQL refuses root.
func nobody() (uid, gid int, err error) {
	u, err := user.Lookup("nobody")
	if err != nil {
		return 0, 0, fmt.Errorf("find an unprivileged user: %w", err)
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

// give makes the server's user the owner of folder.
func give(folder string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := nobody()
	if err != nil {
		return err
	}
	return os.Chown(folder, uid, gid)
}

func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func unprivileged() *syscall.SysProcAttr {
	attr := detached()
	if uid, gid, err := nobody(); err == nil && os.Geteuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return attr
}

const (
	sigFreeze = syscall.SIGSTOP
	sigThaw   = syscall.SIGCONT
)
