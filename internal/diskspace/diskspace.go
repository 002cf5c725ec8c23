// Package diskspace tells how much room is left where a folder lies. It is a package
// of its own because each system has its own way to ask.
package diskspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Space is the room of a file system, in bytes.
type Space struct {
	Free  uint64 // for us, not for root
	Total uint64
}

// Of returns the room where dir lies, or where it would lie once it is made. Where the
// system cannot tell, the error is errors.ErrUnsupported.
func Of(dir string) (Space, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return Space{}, fmt.Errorf("look for disk space: %w", err)
	}
	for {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			break
		}
		at = filepath.Dir(at)
	}
	s, err := ask(at)
	if err != nil {
		return Space{}, fmt.Errorf("look for disk space: %w", err)
	}
	return s, nil
}
