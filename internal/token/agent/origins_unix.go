//go:build unix

package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

func checkOwner(f *os.File, administrator bool) error {
	for _, path := range []string{f.Name(), filepath.Dir(f.Name())} {
		info, err := os.Stat(path)
		if path == f.Name() {
			info, err = f.Stat()
		}
		if err != nil {
			return err
		}
		if mode := info.Mode(); mode.Perm()&0o022 != 0 && mode&os.ModeSticky == 0 {
			return fmt.Errorf("%s can be written by others (mode %04o): run chmod go-w on it", path, mode.Perm())
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && administrator && owner.Uid != 0 {
			return fmt.Errorf("%s belongs to user %d; the administrator (root) must own it", path, owner.Uid)
		}
	}
	return nil
}
