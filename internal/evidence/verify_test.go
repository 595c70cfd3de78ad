package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
)

var madeAt = time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)

// small is a pack without certificates, and the key that signed it.
func small(t testing.TB) (pack []byte, key string) {
	t.Helper()
	secret, key, err := journal.GenerateKey(rand.Reader, "ca.example.kg/journal")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := journal.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	e := journal.Entry{ID: 1, At: madeAt, Kind: "crl.published", Actor: journal.Actor{Kind: journal.ActorSystem}, Details: `{"number":1}`}
	form, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	leaf := journal.LeafHash(form)
	c, err := signer.Sign(1, leaf, madeAt)
	if err != nil {
		t.Fatal(err)
	}
	var b, lines bytes.Buffer
	w := NewWriter(&b, madeAt)
	if err := WriteEntries(&lines, []Entry{{Leaf: 0, Hash: &leaf, Proof: journal.Proof{}, Form: form}}); err != nil {
		t.Fatal(err)
	}
	add := func(name string, content []byte) {
		if err := w.Add(name, content); err != nil {
			t.Fatal(err)
		}
	}
	add(CheckpointFile, []byte(c.Note))
	add(ConsistencyFile, nil)
	add(ListsFile, lines.Bytes())
	add(RootFile, []byte("no certificate"))
	add(IssuerFile, []byte("no certificate"))
	sum, err := w.AddPack(&Pack{Format: Format, Number: "E-26-0001", MadeAt: madeAt, Journal: Journal{Keys: []string{key}, Size: 1, Placed: 1, Readable: 1}})
	if err != nil {
		t.Fatal(err)
	}
	add(PaperFile, []byte("("+Mark("E-26-0001", sum)+")"))
	add(ReadmeFile, []byte("readme"))
	if err := w.Close("E-26-0001", madeAt, func(sum [sha256.Size]byte) (string, error) {
		return signer.Certify(journal.Statement{What: Format, Hash: sum, At: madeAt})
	}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), key
}

func verify(b []byte, opts Options) (*Result, error) {
	return Verify(bytes.NewReader(b), int64(len(b)), opts)
}

func TestSmallPack(t *testing.T) {
	b, key := small(t)
	r, err := verify(b, Options{Keys: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	// It has no certificates of a CA, and says so; all the rest holds.
	if r.Count != 2 || r.Files != 8 || r.Entries != 1 || !strings.Contains(r.String(), RootFile+": it is no certificate") {
		t.Errorf("%s", r)
	}
	_, other := small(t)
	if r, err := verify(b, Options{Keys: []string{other}}); err != nil || !strings.Contains(r.String(), SignatureFile) || !strings.Contains(r.String(), CheckpointFile) {
		t.Errorf("by another key: %v %s", err, r)
	}
	if _, err := verify(b, Options{Kept: []string{"x"}}); err == nil {
		t.Error("a checkpoint without a key proves something")
	}
}

// rebuilt packs the files of a pack again, changed.
func rebuilt(t testing.TB, b []byte, change func(name string, content []byte) (string, []byte)) []byte {
	t.Helper()
	a, err := openArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range a.order {
		content, err := a.read(name, maxPart)
		if err != nil {
			t.Fatal(err)
		}
		name, content = change(name, content)
		if name == "" {
			continue
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestFilesThatWereChangedDroppedOrAdded(t *testing.T) {
	b, key := small(t)
	a, err := openArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := verify(b, Options{Keys: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range a.order {
		for what, change := range map[string]func(string, []byte) (string, []byte){
			"changed": func(n string, c []byte) (string, []byte) {
				if n == name {
					return n, append([]byte("x"), c...)
				}
				return n, c
			},
			"dropped": func(n string, c []byte) (string, []byte) {
				if n == name {
					return "", nil
				}
				return n, c
			},
		} {
			if r, err := verify(rebuilt(t, b, change), Options{Keys: []string{key}}); err == nil && r.Count <= whole.Count && r.Number != "" {
				t.Errorf("%s %s: %s", name, what, r)
			}
		}
	}
	added := rebuilt(t, b, func(n string, c []byte) (string, []byte) { return n, c })
	if r, err := verify(added, Options{Keys: []string{key}}); err != nil || r.Count != whole.Count {
		t.Errorf("packed again: %v %s", err, r)
	}
	strange := rebuilt(t, b, func(n string, c []byte) (string, []byte) {
		if n == ReadmeFile {
			n = "scans/1.pdf"
		}
		return n, c
	})
	if r, err := verify(strange, Options{Keys: []string{key}}); err != nil || !strings.Contains(r.String(), "scans/1.pdf: the manifest does not know it") {
		t.Errorf("a file too many: %v %s", err, r)
	}
}

// hostile is a ZIP with given headers.
func hostile(t testing.TB, headers ...zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, h := range headers {
		if _, err := z.CreateRaw(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsNoPack(t *testing.T) {
	var many []zip.FileHeader
	for i := range maxFiles + 1 {
		many = append(many, zip.FileHeader{Name: fmt.Sprint("f/", i)})
	}
	counts := hostile(t, zip.FileHeader{Name: "a"})
	binary.LittleEndian.PutUint16(counts[len(counts)-12:], 0xffff) // files in the directory
	for name, b := range map[string][]byte{
		"nothing":          nil,
		"no ZIP":           []byte("PK is not enough"),
		"up and away":      hostile(t, zip.FileHeader{Name: "../../etc/passwd"}),
		"absolute":         hostile(t, zip.FileHeader{Name: "/etc/passwd"}),
		"backwards":        hostile(t, zip.FileHeader{Name: `..\windows`}),
		"a directory":      hostile(t, zip.FileHeader{Name: "scans/"}),
		"hidden":           hostile(t, zip.FileHeader{Name: "scans/.bashrc"}),
		"dots":             hostile(t, zip.FileHeader{Name: "scans/../pack.json"}),
		"twice":            hostile(t, zip.FileHeader{Name: PackFile}, zip.FileHeader{Name: PackFile}),
		"too large":        hostile(t, zip.FileHeader{Name: PackFile, UncompressedSize64: maxTotal + 1}),
		"large together":   hostile(t, zip.FileHeader{Name: PackFile, UncompressedSize64: maxTotal}, zip.FileHeader{Name: PaperFile, UncompressedSize64: 1}),
		"another method":   hostile(t, zip.FileHeader{Name: PackFile, Method: 12}),
		"encrypted":        hostile(t, zip.FileHeader{Name: PackFile, Flags: 1}),
		"too many files":   hostile(t, many...),
		"counts otherwise": counts,
	} {
		if _, err := verify(b, Options{}); !errors.Is(err, ErrPack) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that unpacks to far more than it declares is not unpacked.
func TestZipBomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(PackFile)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 2 * maxPart >> 20 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 1<<20 {
		t.Fatalf("no bomb: %d bytes", b.Len())
	}
	r, err := verify(b.Bytes(), Options{})
	if err != nil || r.OK() || !strings.Contains(r.String(), "larger than such a file can be") {
		t.Errorf("%v %s", err, r)
	}
}

func FuzzPack(f *testing.F) {
	b, key := small(f)
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add(hostile(f, zip.FileHeader{Name: PackFile, UncompressedSize64: 5}))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := verify(in, Options{Keys: []string{key}})
		if err == nil && r.OK() {
			t.Errorf("a pack without a CA passes: %s", r)
		}
	})
}

// FuzzPackJSON puts bytes into a pack where its data stand, under a manifest
// that fits them: what a hostile signer could write.
func FuzzPackJSON(f *testing.F) {
	f.Add([]byte(`{"format":"tamga-evidence/1","certificates":[{"serial":"1","file":"a","journal":"journal/lists.jsonl","changes":[{"id":1,"list":3,"answer":"a"}],"reports":[{"id":1}],"signatures":[{"kind":"order","envelope":"a","cms":"a","content":"b"}],"scans":[{"id":1,"file":"a"}]}]}`), []byte(`{"leaf":0,"hash":"","proof":[],"entry":{},"reveals":[{"name":"x","salt":"","value":""}]}`))
	f.Add([]byte(`{}`), []byte(`{"leaf":-5,"entry":null}`))
	f.Fuzz(func(t *testing.T, pack, lines []byte) {
		var b bytes.Buffer
		w := NewWriter(&b, madeAt)
		for name, content := range map[string][]byte{PackFile: pack, ListsFile: lines, ConsistencyFile: lines, "a": lines, CheckpointFile: nil} {
			if err := w.Add(name, content); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close("E", madeAt, func([sha256.Size]byte) (string, error) { return "", nil }); err != nil {
			t.Fatal(err)
		}
		if r, err := verify(b.Bytes(), Options{}); err == nil && r.OK() {
			t.Errorf("passes: %s", r)
		}
	})
}
