package secrets

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxSize of a key file in bytes.
const maxSize = 16 << 10

const suffix = ".key"

// ErrNotFound is returned for a key that the directory does not have.
var ErrNotFound = errors.New("no such key")

// Dir is an open secrets directory.
type Dir struct{ path string }

// Open checks a directory and everything in it and returns it for reading.
// It creates nothing. The error is a sentence for the person who starts the
// program.
func Open(path string) (*Dir, error) {
	if path == "" {
		return nil, errors.New("TAMGA_SECRETS_DIR is not set: it must name the directory of the keys")
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the secrets directory %s does not exist: create the keys with tamga init", path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the secrets directory: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory (a link is not followed): TAMGA_SECRETS_DIR must name the directory itself", path)
	}
	err = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("reading the secrets directory: %w", err)
		case e.IsDir():
			return checkDir(p)
		}
		return checkFile(p)
	})
	if err != nil {
		return nil, err
	}
	return &Dir{path: path}, nil
}

// Path returns the directory's path.
func (d *Dir) Path() string { return d.path }

// Load returns the key of an id, current or older. The error wraps ErrNotFound
// if there is none.
func (d *Dir) Load(id string) (Key, error) {
	name, _, err := parseID(id)
	if err != nil {
		return Key{}, err
	}
	file := filepath.Join(d.path, id+suffix)
	if err := checkFile(file); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Key{}, fmt.Errorf("key %s is not in %s: %w", id, d.path, ErrNotFound)
		}
		return Key{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return Key{}, fmt.Errorf("opening key %s: %w", id, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Key{}, fmt.Errorf("reading key %s: %w", id, err)
	}
	if len(b) > maxSize {
		return Key{}, fmt.Errorf("key %s is larger than %d bytes", id, maxSize)
	}
	if err := checkContent(name, b); err != nil {
		return Key{}, fmt.Errorf("key %s: %w", id, err)
	}
	return Key{ID: id, Name: name, bytes: b}, nil
}

// Current returns the key of a name that new rows use: the one with the
// highest number. The error wraps ErrNotFound if there is none.
func (d *Dir) Current(name Name) (Key, error) {
	ns, err := d.numbers(name)
	if err != nil {
		return Key{}, err
	}
	if len(ns) == 0 {
		return Key{}, fmt.Errorf("there is no %s key in %s (tamga init creates the keys): %w", name, d.path, ErrNotFound)
	}
	return d.Load(keyID(name, ns[len(ns)-1]))
}

// All returns every key of a name, the current one first.
func (d *Dir) All(name Name) ([]Key, error) {
	ns, err := d.numbers(name)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(ns))
	for i := len(ns) - 1; i >= 0; i-- {
		k, err := d.Load(keyID(name, ns[i]))
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// numbers lists the numbers of a name's keys in ascending order.
func (d *Dir) numbers(name Name) ([]int, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("reading the secrets directory: %w", err)
	}
	var out []int
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok {
			continue
		}
		if got, n, err := parseID(id); err == nil && got == name {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

func checkDir(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("reading the secrets directory: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return tooWide(path, info.Mode(), "0700")
	}
	return nil
}

func checkFile(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("reading a key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a plain file: keys are not read through links or devices", path)
	}
	if info.Mode().Perm()&0o177 != 0 {
		return tooWide(path, info.Mode(), "0600")
	}
	return nil
}

func tooWide(path string, mode fs.FileMode, want string) error {
	return fmt.Errorf("%s has permissions %04o, so others on this machine may have read it: allow the owner only (chmod %s %s) and consider whether the keys must be replaced", path, mode.Perm(), want, path)
}
