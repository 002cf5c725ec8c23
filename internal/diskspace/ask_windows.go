package diskspace

import (
	"syscall"
	"unsafe"
)

func ask(dir string) (s Space, err error) {
	name, err := syscall.UTF16PtrFromString(dir)
	if err != nil {
		return s, err
	}
	call := syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")
	ok, _, err := call.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&s.Free)), uintptr(unsafe.Pointer(&s.Total)), 0)
	if ok == 0 {
		return Space{}, err
	}
	return s, nil
}
