package diskspace_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/parley-im/parley/internal/diskspace"
)

func TestOf(t *testing.T) {
	dir := t.TempDir()
	here, err := diskspace.Of(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system does not tell")
	}
	if err != nil || here.Free == 0 || here.Total < here.Free {
		t.Fatalf("%+v, %v", here, err)
	}
	later, err := diskspace.Of(filepath.Join(dir, "not", "made", "yet"))
	if err != nil || later.Total != here.Total {
		t.Errorf("a folder to be made: %+v, %v", later, err)
	}
}
