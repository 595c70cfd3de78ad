package scan

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

func randomKey(t testing.TB, id string) Key {
	t.Helper()
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return Key{ID: id, Bytes: b}
}

func openVault(t testing.TB, dir string, current string, keys ...Key) *Vault {
	t.Helper()
	f, err := OpenFolder(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	v, err := NewVault(f, current, keys)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func put(t testing.TB, v *Vault, doc registry.DocumentID, content []byte) registry.File {
	t.Helper()
	blob, key, err := v.Put(context.Background(), doc, content)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return registry.File{DocumentID: doc, BlobKey: blob, KeyID: key, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
}

func blobPath(dir string, f registry.File) string {
	return filepath.Join(dir, f.BlobKey[:2], f.BlobKey)
}

func TestVaultRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	v := openVault(t, dir, "documents.1", randomKey(t, "documents.1"))
	for _, n := range []int{1, 100, 1<<20 - 72, 1 << 20, 1<<20 + 1, 3<<20 + 7} {
		content := bytes.Repeat([]byte("паспорт "), n/8+1)[:n]
		f := put(t, v, 7, content)
		if f.KeyID != "documents.1" {
			t.Errorf("key id %q", f.KeyID)
		}
		got, err := v.Open(context.Background(), f)
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		raw, err := os.ReadFile(blobPath(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		if n >= 100 && bytes.Contains(raw, []byte("паспорт")) {
			t.Error("the content is readable on the disk")
		}
	}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v", p, info.Mode())
		}
		if strings.HasPrefix(d.Name(), halfPrefix) {
			t.Errorf("%s was left", p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Put(context.Background(), 1, nil); err == nil {
		t.Error("an empty file was stored")
	}
	if _, _, err := v.Put(context.Background(), 1, make([]byte, MaxSize+1)); err == nil {
		t.Error("a file over the limit was stored")
	}
}

func TestVaultTellsWhatIsWrong(t *testing.T) {
	key := randomKey(t, "documents.1")
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB: three segments
	write := func(change func([]byte) []byte) func(*testing.T, string, *registry.File) {
		return func(t *testing.T, dir string, f *registry.File) {
			b, err := os.ReadFile(blobPath(dir, *f))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(blobPath(dir, *f), change(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	flip := func(at int) func(*testing.T, string, *registry.File) {
		return write(func(b []byte) []byte { b[(at+len(b))%len(b)] ^= 1; return b })
	}
	cut := func(n int) func(*testing.T, string, *registry.File) {
		return write(func(b []byte) []byte { return b[:n] })
	}
	cutEnd := func(n int) func(*testing.T, string, *registry.File) {
		return write(func(b []byte) []byte { return b[:len(b)-n] })
	}
	cases := map[string]struct {
		change func(*testing.T, string, *registry.File)
		want   error
	}{
		"file deleted":            {func(t *testing.T, dir string, f *registry.File) { _ = os.Remove(blobPath(dir, *f)) }, ErrMissing},
		"emptied":                 {cut(0), ErrTruncated},
		"cut in the magic":        {cut(5), ErrTruncated},
		"cut in the header":       {cut(40), ErrTruncated},
		"cut in the keyset":       {cut(100), ErrTruncated},
		"cut in the content":      {cut(1 << 20), ErrTruncated},
		"one byte short":          {cutEnd(1), ErrTruncated},
		"a segment short":         {cutEnd(1 << 20), ErrTruncated},
		"not ours":                {flip(0), ErrAltered},
		"keyset altered":          {flip(120), ErrAltered},
		"first segment":           {flip(1000), ErrAltered},
		"last byte":               {flip(-1), ErrAltered},
		"a byte more":             {write(func(b []byte) []byte { return append(b, 0) }), ErrAltered},
		"row of another document": {func(_ *testing.T, _ string, f *registry.File) { f.DocumentID++ }, ErrSwapped},
		"row with other hash":     {func(_ *testing.T, _ string, f *registry.File) { f.SHA256 = strings.Repeat("0", 64) }, ErrSwapped},
		"row with other size":     {func(_ *testing.T, _ string, f *registry.File) { f.Size-- }, ErrSwapped},
		"row with lost key":       {func(_ *testing.T, _ string, f *registry.File) { f.KeyID = "documents.9" }, ErrKey},
		"row with another key":    {func(_ *testing.T, _ string, f *registry.File) { f.KeyID = "documents.2" }, ErrSwapped},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			v := openVault(t, dir, key.ID, key, randomKey(t, "documents.2"))
			f := put(t, v, 41, content)
			c.change(t, dir, &f)
			got, err := v.Open(context.Background(), f)
			if !errors.Is(err, c.want) || got != nil {
				t.Errorf("got %d bytes, %v; want %v", len(got), err, c.want)
			}
		})
	}
	t.Run("another key under the id", func(t *testing.T) {
		dir := t.TempDir()
		f := put(t, openVault(t, dir, key.ID, key), 41, content)
		v := openVault(t, dir, key.ID, randomKey(t, key.ID))
		if got, err := v.Open(context.Background(), f); !errors.Is(err, ErrWrongKey) || got != nil {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})
	for name, doc := range map[string]registry.DocumentID{"of the same document": 41, "of another document": 42} {
		t.Run("bytes of a file "+name, func(t *testing.T) {
			dir := t.TempDir()
			v := openVault(t, dir, key.ID, key)
			a, b := put(t, v, 41, content), put(t, v, doc, content)
			if err := os.Rename(blobPath(dir, b), blobPath(dir, a)); err != nil {
				t.Fatal(err)
			}
			if got, err := v.Open(context.Background(), a); !errors.Is(err, ErrSwapped) || got != nil {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
}

func TestVaultKeys(t *testing.T) {
	dir := t.TempDir()
	one, two := randomKey(t, "documents.1"), randomKey(t, "documents.2")
	old := put(t, openVault(t, dir, one.ID, one), 1, []byte("old"))
	v := openVault(t, dir, two.ID, one, two)
	newer := put(t, v, 1, []byte("new"))
	if newer.KeyID != two.ID {
		t.Errorf("written under %s", newer.KeyID)
	}
	for _, f := range []registry.File{old, newer} {
		if _, err := v.Open(context.Background(), f); err != nil {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		current string
		keys    []Key
	}{
		"no key":    {"documents.1", nil},
		"short key": {"documents.1", []Key{{"documents.1", make([]byte, 16)}}},
		"other key": {"documents.1", []Key{two}},
		"nameless":  {"", []Key{{"", make([]byte, 32)}}},
	} {
		if _, err := NewVault(&Folder{}, c.current, c.keys); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestFolderStart(t *testing.T) {
	dir := t.TempDir()
	v := openVault(t, dir, "documents.1", randomKey(t, "documents.1"))
	f := put(t, v, 1, []byte("content"))
	now := time.Now()
	half := func(name string, age time.Duration) string {
		p := filepath.Join(dir, f.BlobKey[:2], halfPrefix+name)
		if err := os.WriteFile(p, []byte("ha"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	crashed, running := half("old", time.Hour), half("new", time.Second)
	again, err := OpenFolder(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := os.Stat(crashed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the half-written file of a crash is left: %v", err)
	}
	if _, err := os.Stat(running); err != nil {
		t.Errorf("the file of a running upload is gone: %v", err)
	}
	if _, err := v.Open(context.Background(), f); err != nil {
		t.Error(err)
	}
}

func TestFolderKeys(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	f, err := OpenFolder(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	key := strings.Repeat("0a", 16)
	if err := f.Add(ctx, key, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := f.Add(ctx, key, []byte("two")); err == nil {
		t.Error("a stored file was replaced")
	}
	if b, err := f.Get(ctx, key, 10); err != nil || string(b) != "one" {
		t.Errorf("Get: %q, %v", b, err)
	}
	if _, err := f.Get(ctx, key, 2); !errors.Is(err, ErrAltered) {
		t.Errorf("Get of too much: %v", err)
	}
	for _, bad := range []string{"", "..", "../../etc/passwd", strings.Repeat("A", 32), strings.Repeat("/", 32)} {
		if err := f.Add(ctx, bad, nil); err == nil {
			t.Errorf("key %q was taken", bad)
		}
		if _, err := f.Get(ctx, bad, 1); err == nil {
			t.Errorf("key %q was read", bad)
		}
		if err := f.Remove(ctx, bad); err == nil {
			t.Errorf("key %q was removed", bad)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "0b")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(ctx, strings.Repeat("0b", 16), 1<<20); err == nil {
		t.Error("a link out of the folder was followed")
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := f.Add(gone, strings.Repeat("0c", 16), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after the request ended: %v", err)
	}
	for range 2 {
		if err := f.Remove(ctx, key); err != nil {
			t.Error(err)
		}
	}
}

// Files whose row never committed are found; young ones may be about to.
func TestVaultSweep(t *testing.T) {
	dir := t.TempDir()
	v := openVault(t, dir, "documents.1", randomKey(t, "documents.1"))
	kept, lost, young := put(t, v, 1, []byte("a")), put(t, v, 1, []byte("b")), put(t, v, 1, []byte("c"))
	old := time.Now().Add(-48 * time.Hour)
	for _, f := range []registry.File{kept, lost} {
		if err := os.Chtimes(blobPath(dir, f), old, old); err != nil {
			t.Fatal(err)
		}
	}
	n, err := v.Sweep(context.Background(), time.Now().Add(-24*time.Hour), func(key string) (bool, error) { return key == kept.BlobKey, nil })
	if n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	for f, want := range map[registry.File]error{kept: nil, young: nil, lost: ErrMissing} {
		if _, err := v.Open(context.Background(), f); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if err := v.Remove(context.Background(), kept.BlobKey); err != nil {
		t.Error(err)
	}
	if _, err := v.Open(context.Background(), kept); !errors.Is(err, ErrMissing) {
		t.Errorf("after removing: %v", err)
	}
}

func FuzzUnseal(f *testing.F) {
	key := randomKey(f, "documents.1")
	v, err := NewVault(&Folder{}, key.ID, []Key{key})
	if err != nil {
		f.Fatal(err)
	}
	blob := strings.Repeat("0a", 16)
	sealed, err := v.seal(5, blob, []byte("content"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:60])
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := v.unseal(5, blob, key.ID, b)
		if err == nil && (string(got) != "content" || !bytes.Equal(b, sealed)) {
			t.Fatalf("%q opened to %q", b, got)
		}
	})
}
