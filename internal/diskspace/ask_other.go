//go:build !linux && !darwin && !windows

package diskspace

import "errors"

func ask(string) (Space, error) { return Space{}, errors.ErrUnsupported }
