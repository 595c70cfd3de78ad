package evidence

import (
	"fmt"
	"strings"
	"time"
)

// Finding is one thing that is wrong: a plain sentence about a file of the
// pack, or about the whole where File is empty.
type Finding struct {
	File string
	What string
}

func (f Finding) String() string {
	if f.File == "" {
		return f.What
	}
	return f.File + ": " + f.What
}

// maxFindings bounds Result.Findings; Result.Count counts all.
const maxFindings = 100

// Result is what a verification came to.
type Result struct {
	Number  string
	MadeAt  time.Time
	MadeBy  string
	Purpose string
	Root    string // SHA-256 of the root certificate, hex

	// Findings, the first 100 of Count; empty if nothing is wrong.
	Findings []Finding
	Count    int

	// What was checked and holds.
	Files, Certificates, Entries, Signatures, Answers, Lists, Scans int
	// Size is the number of journal entries that the pack's checkpoint covers,
	// SealedAt when it was signed.
	Size     int64
	SealedAt time.Time
	// Unsealed are entries that no checkpoint covered yet.
	Unsealed int

	// OwnKey: the auditor brought the key. Kept: also a checkpoint, and the
	// pack's journal is the one of that checkpoint; KeptTo is how many entries
	// the greatest such checkpoint covers.
	OwnKey, Kept bool
	KeptTo       int64
}

// OK says whether nothing is wrong; see OwnKey and Kept for what that is worth.
func (r *Result) OK() bool { return r.Count == 0 }

func (r *Result) find(file, format string, args ...any) {
	r.Count++
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, Finding{file, fmt.Sprintf(format, args...)})
	}
}

// String is the result for people, in English.
func (r *Result) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	switch {
	case !r.OK():
		line("BAD: %d finding(s)", r.Count)
		for _, f := range r.Findings {
			line("  %s", f)
		}
		if more := r.Count - len(r.Findings); more > 0 {
			line("  and %d more", more)
		}
	case r.Kept:
		line("OK: the pack holds, and its journal is the one of your kept checkpoint of %d entries", r.KeptTo)
	case r.OwnKey:
		line("the pack holds by your key; bring a checkpoint that you kept to prove that history was not rewritten by who has that key")
	default:
		line("consistent only with itself: bring the verifier key and a checkpoint that you kept")
	}
	if r.Number != "" {
		line("evidence pack %s, made %s by %s for: %s", r.Number, r.MadeAt.UTC().Format(time.RFC3339), r.MadeBy, strings.Join(strings.Fields(r.Purpose), " "))
	}
	line("files whose content is as signed: %d", r.Files)
	line("certificates that lead to the root: %d (root SHA-256 %s: compare it with the published one)", r.Certificates, r.Root)
	line("journal entries that stand in the signed tree of %d entries, sealed %s: %d", r.Size, r.SealedAt.UTC().Format(time.RFC3339), r.Entries)
	if r.Unsealed > 0 {
		line("journal entries that no checkpoint covered yet, unprotected: %d", r.Unsealed)
	}
	line("signatures that hold: %d, OCSP answers: %d, CRLs: %d, scans: %d", r.Signatures, r.Answers, r.Lists, r.Scans)
	return b.String()
}
