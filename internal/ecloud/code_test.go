package ecloud_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tamga-ca/tamga/internal/ecloud"
)

const alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

var kinds = []ecloud.CodeKind{ecloud.PaperCode, ecloud.MailCode, ecloud.UnlockCode}

func TestNewCode(t *testing.T) {
	count := map[rune]int{}
	for _, k := range kinds {
		seen := map[string]bool{}
		for range 300 {
			c := ecloud.NewCode(k)
			if seen[c] {
				t.Fatalf("%s twice", c)
			}
			seen[c] = true
			plain, err := ecloud.ParseCode(k, c)
			if err != nil || plain != strings.ReplaceAll(c, "-", "") {
				t.Fatalf("%s: %s %v", c, plain, err)
			}
			for _, part := range strings.Split(c, "-") {
				if len(part) != 4 {
					t.Fatalf("%s is not in fours", c)
				}
			}
			for _, r := range plain {
				count[r]++
			}
		}
	}
	if len(count) != len(alphabet) {
		t.Errorf("%d different characters", len(count))
	}
}

func TestParseCodeForgivesTyping(t *testing.T) {
	c := ecloud.NewCode(ecloud.PaperCode)
	want := strings.ReplaceAll(c, "-", "")
	cyrillic := strings.NewReplacer("A", "А", "B", "В", "C", "с", "E", "Е", "H", "н", "K", "К", "M", "М", "P", "р", "T", "Т", "X", "х", "Y", "У").Replace(c)
	for _, typed := range []string{c, want, strings.ToLower(c), "  " + c + "\n", strings.ReplaceAll(c, "-", " – "), cyrillic} {
		if got, err := ecloud.ParseCode(ecloud.PaperCode, typed); err != nil || got != want {
			t.Errorf("%q: %q %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "-", c + "2", c[:len(c)-1], "О0IL1-2222-2222", strings.Repeat(c, 40), "\xff\xfe" + c} {
		if _, err := ecloud.ParseCode(ecloud.PaperCode, typed); !errors.Is(err, ecloud.ErrCodeTyped) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

// One wrong character, or two that changed places, is always a mistyped code
// and never a wrong one, so that no try is lost to it.
func TestCheckCharacterCatchesSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		c := []byte(strings.ReplaceAll(ecloud.NewCode(k), "-", ""))
		i := rapid.IntRange(0, len(c)-1).Draw(t, "i")
		if rapid.Bool().Draw(t, "swap") {
			j := rapid.IntRange(0, len(c)-1).Draw(t, "j")
			if c[i] == c[j] {
				return
			}
			c[i], c[j] = c[j], c[i]
		} else {
			r := alphabet[rapid.IntRange(0, len(alphabet)-1).Draw(t, "r")]
			if c[i] == r {
				return
			}
			c[i] = r
		}
		if _, err := ecloud.ParseCode(k, string(c)); !errors.Is(err, ecloud.ErrCodeTyped) {
			t.Fatalf("%s was taken", c)
		}
	})
}

func TestCodeHashesAreKeyedAndOfOneKind(t *testing.T) {
	v := vault(t, keys(t, "ecloud.2", "ecloud.1"), ecloud.Options{})
	old := vault(t, keys(t, "ecloud.1"), ecloud.Options{})
	c := ecloud.NewCode(ecloud.PaperCode)
	stored, err := old.HashCode(t.Context(), ecloud.PaperCode, c)
	if err != nil || stored.KeyID != "ecloud.1" || len(stored.Hash) != 32 {
		t.Fatalf("%+v %v", stored, err)
	}
	given, err := v.HashesOfCode(t.Context(), ecloud.PaperCode, strings.ToLower(c))
	if err != nil || len(given) != 2 || given[0].KeyID != "ecloud.2" || !bytes.Equal(given[1].Hash, stored.Hash) || bytes.Equal(given[0].Hash, stored.Hash) {
		t.Fatalf("%+v %v", given, err)
	}
	as, err := v.HashesOfCode(t.Context(), ecloud.UnlockCode, c)
	if err != nil || bytes.Equal(as[1].Hash, stored.Hash) {
		t.Errorf("a code of another kind has the same hash: %v", err)
	}
	if _, err := v.HashesOfCode(t.Context(), ecloud.PaperCode, "nonsense"); !errors.Is(err, ecloud.ErrCodeTyped) {
		t.Error(err)
	}
}

func FuzzParseCode(f *testing.F) {
	f.Add(ecloud.NewCode(ecloud.PaperCode))
	f.Add("А-В с")
	f.Fuzz(func(t *testing.T, typed string) {
		for _, k := range kinds {
			c, err := ecloud.ParseCode(k, typed)
			if err == nil {
				if again, err := ecloud.ParseCode(k, c); err != nil || again != c {
					t.Errorf("%q reads as %q, which reads as %q (%v)", typed, c, again, err)
				}
			}
		}
	})
}
