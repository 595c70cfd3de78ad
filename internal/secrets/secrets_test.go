package secrets_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tamga-ca/tamga/internal/secrets"
)

var opts = secrets.Options{JournalName: "journal.example"}

func initDir(t *testing.T) (*secrets.Dir, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets")
	d, err := secrets.Init(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d, path
}

func TestInitMakesEveryKeyOnce(t *testing.T) {
	d, path := initDir(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("directory: %v %v", info.Mode(), err)
	}
	before := map[secrets.Name][]byte{}
	for _, name := range secrets.Names {
		k, err := d.Current(name)
		if err != nil {
			t.Fatal(err)
		}
		if k.ID != string(name)+".1" || k.Name != name || len(k.Bytes()) == 0 {
			t.Errorf("%s: id %s name %s", name, k.ID, k.Name)
		}
		fi, err := os.Stat(filepath.Join(path, k.ID+".key"))
		if err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v %v", name, fi.Mode(), err)
		}
		before[name] = k.Bytes()
	}
	again, err := secrets.Init(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range secrets.Names {
		k, err := again.Current(name)
		if err != nil || !bytes.Equal(k.Bytes(), before[name]) {
			t.Errorf("%s: changed by a second Init (%v)", name, err)
		}
	}
	left, _ := filepath.Glob(filepath.Join(path, ".new-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRotationKeepsOldIDsReadable(t *testing.T) {
	d, _ := initDir(t)
	old, err := d.Current(secrets.Documents)
	if err != nil {
		t.Fatal(err)
	}
	for i := 2; i <= 11; i++ {
		k, err := d.Rotate(secrets.Documents, opts)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("documents.%d", i); k.ID != want {
			t.Fatalf("id %s, want %s", k.ID, want)
		}
	}
	cur, err := d.Current(secrets.Documents)
	if err != nil || cur.ID != "documents.11" {
		t.Fatalf("current %v %v", cur, err)
	}
	same, err := d.Load(old.ID)
	if err != nil || !bytes.Equal(same.Bytes(), old.Bytes()) {
		t.Fatalf("old key: %v", err)
	}
	all, err := d.All(secrets.Documents)
	if err != nil || len(all) != 11 || all[0].ID != "documents.11" || all[10].ID != "documents.1" {
		t.Fatalf("all: %v %v", all, err)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		break_ func(t *testing.T, path string)
		want   string
	}{
		"directory readable by the group":   {func(t *testing.T, p string) { chmod(t, p, 0o750) }, "chmod 0700"},
		"directory enterable by others":     {func(t *testing.T, p string) { chmod(t, p, 0o701) }, "chmod 0700"},
		"file readable by the group":        {func(t *testing.T, p string) { chmod(t, p+"/ecloud.1.key", 0o640) }, "chmod 0600"},
		"file executable":                   {func(t *testing.T, p string) { chmod(t, p+"/ecloud.1.key", 0o700) }, "chmod 0600"},
		"another's file readable by others": {func(t *testing.T, p string) { must(t, os.WriteFile(p+"/ca-password", nil, 0o644)) }, "chmod 0600"},
		"directory below enterable":         {func(t *testing.T, p string) { must(t, os.Mkdir(p+"/offline", 0o755)) }, "chmod 0700"},
		"file is a link": {func(t *testing.T, p string) {
			must(t, os.Rename(p+"/ecloud.1.key", p+"/elsewhere"))
			must(t, os.Symlink(p+"/elsewhere", p+"/ecloud.1.key"))
		}, "not a plain file"},
		"no directory":     {func(t *testing.T, p string) { must(t, os.RemoveAll(p)) }, "tamga init"},
		"directory a file": {func(t *testing.T, p string) { must(t, os.RemoveAll(p)); must(t, os.WriteFile(p, nil, 0o600)) }, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			_, path := initDir(t)
			c.break_(t, path)
			_, err := secrets.Open(path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestLoadRefusesWhatIsNotAKey(t *testing.T) {
	d, path := initDir(t)
	for _, id := range []string{"", "ecloud", "ecloud.0", "ecloud.01", "../ecloud.1", "other.1", "ecloud.1.key", "ecloud.9999999"} {
		if _, err := d.Load(id); err == nil {
			t.Errorf("%q was loaded", id)
		}
	}
	if _, err := d.Load("ecloud.2"); !errors.Is(err, secrets.ErrNotFound) {
		t.Errorf("missing key: %v", err)
	}
	must(t, os.WriteFile(path+"/ecloud.1.key", []byte("short"), 0o600))
	if _, err := d.Load("ecloud.1"); err == nil {
		t.Error("a key that was cut short was loaded")
	}
	must(t, os.WriteFile(path+"/ocsp.1.key", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0o600))
	if _, err := d.Load("ocsp.1"); err == nil {
		t.Error("a broken private key was loaded")
	}
	must(t, os.WriteFile(path+"/journal.1.key", []byte("PRIVATE+KEY+x"), 0o600))
	if _, err := d.Load("journal.1"); err == nil {
		t.Error("a broken signer key was loaded")
	}
}

func TestKeyIsNeverPrinted(t *testing.T) {
	d, _ := initDir(t)
	k, err := d.Current(secrets.Journal)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "key", k, "keys", []secrets.Key{k})
	for _, out := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s %x %q", k, k, k, k, k, k), fmt.Sprintf("%v", []secrets.Key{k}), log.String()} {
		if strings.Contains(out, k.Text()) || strings.Contains(out, fmt.Sprintf("%x", k.Bytes())) || !strings.Contains(out, "journal.1") {
			t.Errorf("printed %q", out)
		}
	}
}

func TestInitRefusesANamelessJournal(t *testing.T) {
	for _, name := range []string{"", "with space", "with+plus"} {
		if _, err := secrets.Init(filepath.Join(t.TempDir(), "s"), secrets.Options{JournalName: name}); err == nil {
			t.Errorf("a journal named %q was made", name)
		}
	}
}

func chmod(t *testing.T, p string, m os.FileMode) { t.Helper(); must(t, os.Chmod(p, m)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
