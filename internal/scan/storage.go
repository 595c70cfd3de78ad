package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"time"
)

// Storage keeps opaque bytes under keys that the Vault makes: 32 lower-case
// hexadecimal digits. What it holds is never changed, only added and removed.
type Storage interface {
	// Add stores bytes for good before it returns: all of them or nothing. A
	// key that exists is an error.
	Add(ctx context.Context, key string, b []byte) error
	// Get returns the bytes; the error wraps ErrMissing if there are none. More
	// than most bytes are an error.
	Get(ctx context.Context, key string, most int64) ([]byte, error)
	// Remove forgets the bytes; a key that does not exist is no error.
	Remove(ctx context.Context, key string) error
	// Keys lists what is stored and since when.
	Keys(ctx context.Context) iter.Seq2[Stored, error]
}

// Stored is an element of Storage.Keys.
type Stored struct {
	Key   string
	Since time.Time
}

// Folder is a Storage in a directory: files of mode 0600 in two-letter folders
// of mode 0700. Nothing outside the directory can be reached through it.
type Folder struct{ root *os.Root }

const halfPrefix = ".half-"

// halfAge: a half-written file older than this belongs to no living upload.
const halfAge = 10 * time.Minute

// OpenFolder opens a directory, makes it if it is missing, and deletes the
// half-written files that a crash left, seen from now, the machine's clock.
func OpenFolder(dir string, now time.Time) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of files: %w", err)
	}
	f := &Folder{root: root}
	if err := f.sweep(now); err != nil {
		_ = root.Close()
		return nil, err
	}
	return f, nil
}

// Close releases the directory.
func (f *Folder) Close() error { return f.root.Close() }

func (f *Folder) sweep(now time.Time) error {
	return fs.WalkDir(f.root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("sweeping the folder of files: %w", err)
		}
		if d.IsDir() || !strings.HasPrefix(d.Name(), halfPrefix) {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) || (err == nil && now.Sub(info.ModTime()) < halfAge) {
			return nil
		}
		if err == nil {
			err = f.root.Remove(p)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("deleting a half-written file: %w", err)
		}
		return nil
	})
}

func validKey(key string) bool {
	if len(key) != 32 {
		return false
	}
	for i := range len(key) {
		if c := key[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func place(key string) (dir, file string, err error) {
	if !validKey(key) {
		return "", "", fmt.Errorf("%q is no key of a stored file", key)
	}
	return key[:2], path.Join(key[:2], key), nil
}

// Add implements Storage.
func (f *Folder) Add(ctx context.Context, key string, b []byte) error {
	dir, file, err := place(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := f.root.Mkdir(dir, 0o700); err == nil {
		if err := f.sync("."); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("storing a file: %w", err)
	}
	half := path.Join(dir, halfPrefix+key)
	if err := f.write(half, b); err != nil {
		_ = f.root.Remove(half)
		return fmt.Errorf("storing a file: %w", err)
	}
	// Link refuses an existing name, which Rename would replace.
	err = f.root.Link(half, file)
	if rm := f.root.Remove(half); err == nil {
		err = rm
	}
	if err != nil {
		return fmt.Errorf("storing a file: %w", err)
	}
	return f.sync(dir)
}

func (f *Folder) write(name string, b []byte) (err error) {
	w, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if _, err := w.Write(b); err != nil {
		return err
	}
	return w.Sync()
}

// sync makes the names in a directory durable.
func (f *Folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return fmt.Errorf("storing a file: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("storing a file: %w", err)
	}
	return nil
}

// Get implements Storage.
func (f *Folder) Get(ctx context.Context, key string, most int64) ([]byte, error) {
	_, file, err := place(key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := f.root.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("stored file %s: %w", key, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a stored file: %w", err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("reading stored file %s: %w", key, err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("stored file %s is longer than any: %w", key, ErrAltered)
	}
	return b, nil
}

// Remove implements Storage.
func (f *Folder) Remove(_ context.Context, key string) error {
	_, file, err := place(key)
	if err != nil {
		return err
	}
	if err := f.root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a stored file: %w", err)
	}
	return nil
}

// Keys implements Storage.
func (f *Folder) Keys(ctx context.Context) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		err := fs.WalkDir(f.root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if d.IsDir() || !validKey(d.Name()) {
				return nil
			}
			info, err := d.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !yield(Stored{Key: d.Name(), Since: info.ModTime()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Stored{}, fmt.Errorf("listing the stored files: %w", err))
		}
	}
}
