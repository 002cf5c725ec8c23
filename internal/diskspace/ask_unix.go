//go:build linux || darwin

package diskspace

import "syscall"

func ask(dir string) (Space, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return Space{}, err
	}
	block := uint64(s.Bsize) //nolint:unconvert // its type differs between systems
	return Space{Free: s.Bavail * block, Total: s.Blocks * block}, nil
}
