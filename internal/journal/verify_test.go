package journal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func verify(t testing.TB, export []byte, opts VerifyOptions) Report {
	t.Helper()
	r, err := Verify(bytes.NewReader(export), opts)
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return r
}

func TestVerifyWholeJournal(t *testing.T) {
	m := newMemory(t)
	first := m.grow(t, 5)
	m.grow(t, 6)
	m.put(t, 2)
	m.sequence(t)
	m.put(t, 1)
	for _, reveals := range []bool{false, true} {
		export := m.export(t, reveals)
		if shown := bytes.Contains(export, []byte("Айгүл")); shown != reveals {
			t.Errorf("reveals %t: personal data shown %t", reveals, shown)
		}
		r := verify(t, export, VerifyOptions{Keys: []string{m.key}, Kept: []string{first.Note}})
		if !r.OK() || !r.Kept || r.KeptTo != 5 || r.SealedTo != 11 || r.Leaves != 13 || r.Waiting != 1 || r.Tail() != 3 || r.Checkpoints != 2 {
			t.Errorf("report %+v", r)
		}
		if s := r.String(); !strings.HasPrefix(s, "OK: entries 0 to 4") || !strings.Contains(s, "unprotected: 3") {
			t.Errorf("report says %q", s)
		}
	}
	mailed := "\r\n" + strings.ReplaceAll(first.Note, "\n", "\r\n") + "\r\n"
	if r := verify(t, m.export(t, false), VerifyOptions{Keys: []string{m.key + "\r\n"}, Kept: []string{mailed}}); !r.OK() || r.KeptTo != 5 {
		t.Errorf("a checkpoint that came by mail: %s", r)
	}
	for name, opts := range map[string]VerifyOptions{
		"nothing kept":    {},
		"key only":        {Keys: []string{m.key}},
		"checkpoint only": {Kept: []string{first.Note}},
	} {
		if r := verify(t, m.export(t, false), opts); !r.OK() || r.Kept || !strings.HasPrefix(r.String(), "consistent only with itself") {
			t.Errorf("%s: %s", name, r)
		}
	}
	if r := verify(t, newMemoryExport(t), VerifyOptions{}); !r.OK() || r.Leaves != 0 {
		t.Errorf("empty journal: %s", r)
	}
}

func newMemoryExport(t testing.TB) []byte { return newMemory(t).export(t, false) }

// Eleven entries under checkpoints of 4, 8 and 11 and two in the tail; ids are
// leaf + 1. The auditor kept the key and the checkpoints of 4 and 11.
func TestVerifyFindsTampering(t *testing.T) {
	swap := func(m *memory, a, b int64) { m.leaves[a], m.leaves[b] = m.leaves[b], m.leaves[a] }
	cases := map[string]struct {
		tamper func(*testing.T, *memory)
		want   []string
	}{
		"alter": {func(_ *testing.T, m *memory) { m.entries[6] = damage(m.entries[6], `{"to":"refused"}`) },
			[]string{"entry altered: leaf 5 (entry 6)"}},
		"alter the actor": {func(_ *testing.T, m *memory) { e := m.entries[6]; e.Actor.ID = "99"; m.entries[6] = e },
			[]string{"entry altered: leaf 5 (entry 6)"}},
		"alter beyond JSON": {func(_ *testing.T, m *memory) { m.entries[6] = damage(m.entries[6], "{\n") },
			[]string{"entry missing: leaf 5"}},
		"drop a row": {func(_ *testing.T, m *memory) { delete(m.entries, 3) },
			[]string{"entry missing: leaf 2"}},
		"drop a row and its leaf": {func(_ *testing.T, m *memory) { delete(m.entries, 3); delete(m.leaves, 2) },
			[]string{"entry missing: leaf 2"}},
		"reorder": {func(_ *testing.T, m *memory) { swap(m, 4, 6) },
			[]string{"entry altered: leaf 4 (entry 7)", "entry altered: leaf 6 (entry 5)"}},
		"alter two": {func(_ *testing.T, m *memory) {
			m.entries[9], m.entries[2] = damage(m.entries[9], `{}`), damage(m.entries[2], `{}`)
		}, []string{"entry altered: leaf 1 (entry 2)", "entry altered: leaf 8 (entry 9)"}},
		"alter in the tail": {func(_ *testing.T, m *memory) { m.entries[12] = damage(m.entries[12], `{}`) },
			[]string{"entry altered: leaf 11 (entry 12), not covered by a checkpoint"}},
		"alter entry and leaf hash": {func(_ *testing.T, m *memory) {
			m.entries[6] = damage(m.entries[6], `{}`)
			form, _ := m.entries[6].Encode()
			m.hashes[Position{0, 5}] = LeafHash(form)
		}, []string{"history rewritten: somewhere in leaves 4 to 7; the tree was changed too, so the entry cannot be named"}},
		"alter a stored hash": {func(_ *testing.T, m *memory) { m.hashes[Position{0, 9}] = Hash{1} },
			[]string{"stored tree damaged: in leaves 9 to 10; the entries themselves are intact"}},
		"lose a stored hash": {func(_ *testing.T, m *memory) { delete(m.hashes, Position{0, 9}) },
			[]string{"stored tree damaged: in leaves 9 to 10; the entries themselves are intact"}},
		"truncate": {func(_ *testing.T, m *memory) {
			for i := int64(8); i < 13; i++ {
				delete(m.entries, i+1)
				delete(m.leaves, i)
				delete(m.hashes, Position{0, i})
			}
			m.checkpoints = m.checkpoints[:2]
		}, []string{"journal truncated: leaves 8 to 10 are missing"}},
		"truncate, checkpoints left": {func(_ *testing.T, m *memory) {
			for i := int64(6); i < 13; i++ {
				delete(m.entries, i+1)
				delete(m.leaves, i)
				delete(m.hashes, Position{0, i})
			}
		}, []string{"journal truncated: leaves 6 to 10 are missing"}},
		"rewrite the tree": {func(t *testing.T, m *memory) {
			m.entries[6] = damage(m.entries[6], `{}`)
			m.rewrite(t)
		}, []string{"history rewritten: somewhere in leaves 4 to 7; the tree was changed too, so the entry cannot be named"}},
		"rewrite the tree without an entry": {func(t *testing.T, m *memory) {
			delete(m.entries, 2)
			m.rewrite(t)
		}, []string{"history rewritten: somewhere in leaves 0 to 3; the tree was changed too, so the entry cannot be named"}},
		"rewrite and drop the checkpoints": {func(t *testing.T, m *memory) {
			m.entries[6] = damage(m.entries[6], `{}`)
			m.rewrite(t)
			m.checkpoints = nil
		}, []string{"history rewritten: somewhere in leaves 4 to 10; the tree was changed too, so the entry cannot be named"}},
		"rewrite and sign with another key": {func(t *testing.T, m *memory) {
			m.entries[10] = damage(m.entries[10], `{}`)
			m.rewrite(t)
			m.checkpoints = nil
			m.rekey(t)
			if _, err := Seal(m, m.signer, m.known, start); err != nil {
				t.Fatal(err)
			}
		}, []string{
			"history rewritten: somewhere in leaves 4 to 10; the tree was changed too, so the entry cannot be named",
			"checkpoint not signed by the key: the one after 13 entries",
		}},
		"rewrite and sign with the stolen key": {func(t *testing.T, m *memory) {
			m.entries[10] = damage(m.entries[10], `{}`)
			m.rewrite(t)
			m.checkpoints = nil
			if _, err := Seal(m, m.signer, m.known, start); err != nil {
				t.Fatal(err)
			}
		}, []string{"history rewritten: somewhere in leaves 4 to 10; the tree was changed too, so the entry cannot be named"}},
		"move a checkpoint": {func(_ *testing.T, m *memory) { m.checkpoints[1].Size = 9 },
			[]string{"checkpoint misplaced: it covers 8 entries and stands after 9"}},
		"alter a checkpoint": {func(_ *testing.T, m *memory) {
			m.checkpoints[1].Note = strings.Replace(m.checkpoints[1].Note, "\n8\n", "\n9\n", 1)
		}, []string{"checkpoint not signed by the key: the one after 8 entries"}},
		"alter a revealed value": {func(_ *testing.T, m *memory) { m.reveals[4][1].Value = "Башка" },
			[]string{"revealed value wrong: leaf 3 (entry 4)"}},
		"delete reveals": {func(_ *testing.T, m *memory) { delete(m.reveals, 4) }, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newMemory(t)
			kept := []string{m.grow(t, 4).Note}
			m.grow(t, 4)
			kept = append(kept, m.grow(t, 3).Note)
			m.put(t, 2)
			m.sequence(t)
			key := m.key
			c.tamper(t, m)
			r := verify(t, m.export(t, true), VerifyOptions{Keys: []string{key}, Kept: kept})
			var got []string
			for _, f := range r.Findings {
				got = append(got, f.String())
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
				t.Errorf("found %q\nwant  %q", got, c.want)
			}
			if r.OK() != (len(c.want) == 0) || !r.Kept {
				t.Errorf("report: %s", r)
			}
		})
	}
}

// Whoever holds database and key and whose auditors kept nothing is not caught,
// and the report does not claim otherwise.
func TestVerifyClaimsNothingWithoutKeptCheckpoint(t *testing.T) {
	m := newMemory(t)
	m.grow(t, 9)
	m.entries[3] = damage(m.entries[3], `{}`)
	m.rewrite(t)
	m.checkpoints = nil
	if _, err := Seal(m, m.signer, m.known, start); err != nil {
		t.Fatal(err)
	}
	r := verify(t, m.export(t, false), VerifyOptions{})
	if !r.OK() || r.Kept || !strings.HasPrefix(r.String(), "consistent only with itself") {
		t.Errorf("report: %s", r)
	}
}

func TestVerifyManyFindingsAreBounded(t *testing.T) {
	m := newMemory(t)
	c := m.grow(t, 300)
	for id := range m.entries {
		m.entries[id] = damage(m.entries[id], `{}`)
	}
	r := verify(t, m.export(t, false), VerifyOptions{Keys: []string{m.key}, Kept: []string{c.Note}})
	if r.Count != 300 || len(r.Findings) != maxFindings || r.Findings[0].Leaf != 0 || !strings.Contains(r.String(), "and 200 more") {
		t.Errorf("count %d, findings %d", r.Count, len(r.Findings))
	}
}

func TestVerifyRefusesWhatIsNoExport(t *testing.T) {
	m := newMemory(t)
	c := m.grow(t, 3)
	whole := string(m.export(t, true))
	lines := strings.SplitAfter(whole, "\n")
	leaf := lines[1]
	cases := map[string]string{
		"empty":               "",
		"garbage":             "\x00\x01\xff\n\n",
		"newer format":        strings.Replace(whole, `"journal":1`, `"journal":2`, 1),
		"no end":              strings.Join(lines[:len(lines)-2], ""),
		"cut in a line":       whole[:len(whole)/2],
		"a line missing":      strings.Replace(whole, leaf, "", 1),
		"a line twice":        strings.Replace(whole, leaf, leaf+leaf, 1),
		"more after the end":  whole + "x",
		"checkpoint dropped":  dropLines(lines, checkPrefix),
		"unknown line":        strings.Replace(whole, leaf, "{\"what\":1}\n"+leaf, 1),
		"negative leaf":       strings.Replace(whole, `{"leaf":0`, `{"leaf":-1`, 1),
		"leading zero":        strings.Replace(whole, `{"leaf":0`, `{"leaf":00`, 1),
		"hash too short":      strings.Replace(whole, leaf, `{"leaf":0,"hash":"AAAA","entry":null}`+"\n", 1),
		"hash not base64":     strings.Replace(whole, leaf, `{"leaf":0,"hash":"`+strings.Repeat("!", 44)+`","entry":null}`+"\n", 1),
		"no entry":            strings.Replace(whole, leaf, `{"leaf":0,"hash":""}`+"\n", 1),
		"reveal without leaf": strings.Replace(whole, leaf, `{"reveal":{}}`+"\n"+leaf, 1),
		"leaf after the tail": strings.Replace(whole, leaf, `{"waiting":{}}`+"\n"+leaf, 1),
		"a line without end":  strings.Replace(whole, leaf, `{"leaf":0,"hash":"","entry":"`+strings.Repeat("x", maxLine+5)+"\"}\n", 1),
	}
	for name, text := range cases {
		if r, err := Verify(strings.NewReader(text), VerifyOptions{Keys: []string{m.key}}); !errors.Is(err, ErrExport) {
			t.Errorf("%s: error %v, report %s", name, err, r)
		}
	}
	for name, opts := range map[string]VerifyOptions{
		"bad key":             {Keys: []string{"x"}},
		"foreign checkpoint":  {Keys: []string{newMemory(t).key}, Kept: []string{c.Note}},
		"checkpoint of words": {Keys: []string{m.key}, Kept: []string{"words"}},
	} {
		if _, err := Verify(strings.NewReader(whole), opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func dropLines(lines []string, prefix []byte) string {
	var b strings.Builder
	for _, l := range lines {
		if !strings.HasPrefix(l, string(prefix)) {
			b.WriteString(l)
		}
	}
	return b.String()
}

func FuzzVerify(f *testing.F) {
	m := newMemory(f)
	c := m.grow(f, 3)
	m.grow(f, 2)
	m.put(f, 1)
	whole := m.export(f, true)
	f.Add(whole)
	for _, line := range bytes.SplitAfter(whole, []byte("\n")) {
		f.Add(line)
		f.Add(bytes.Replace(whole, line, nil, 1))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Verify(bytes.NewReader(b), VerifyOptions{Keys: []string{m.key}, Kept: []string{c.Note}})
		if err == nil && r.OK() && (r.KeptTo != 3 || !bytes.Contains(b, []byte(`{"leaf":2,`))) {
			t.Fatalf("proved without the kept entries: %s", r)
		}
		_ = r.String()
	})
}

func FuzzDecodeEntry(f *testing.F) {
	m := newMemory(f)
	m.put(f, 1)
	form, _ := m.entries[1].Encode()
	f.Add(form)
	f.Add([]byte(`{"v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := DecodeEntry(b)
		if err != nil {
			return
		}
		again, err := e.Encode()
		if err != nil || !bytes.Equal(again, b) || bytes.ContainsRune(b, '\n') {
			t.Fatalf("%q encodes to %q, %v", b, again, err)
		}
	})
}
