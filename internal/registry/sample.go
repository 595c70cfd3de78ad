package registry

import "time"

// SampleID is the row identity of a sample.
type SampleID int64

// Sample is the part of the certificates issued in a quarter whose files
// auditors look through. A signed checkpoint of the journal decides which they
// are (docs/self-audit.md).
type Sample struct {
	ID             SampleID
	Quarter        Quarter
	Start, End     time.Time // of the quarter: from the one up to the other
	CheckpointSize int64     // entries that the checkpoint covers
	Root           [32]byte  // of the checkpoint: the seed
	Population     int       // certificates issued in the quarter
	DrawnBy        OperatorID
	DrawnAt        time.Time
}

// SampleItem is one drawn certificate.
type SampleItem struct {
	Position int // 1, 2, 3 … in the order of the draw
	Serial   Serial
	// Last is what was found last; nil: nobody has looked yet.
	Last *Finding
}

// FindingID is the row identity of a finding.
type FindingID int64

// Finding is what an auditor found in the file of a drawn certificate. It is
// never changed: a correction is another.
type Finding struct {
	ID         FindingID
	Outcome    FindingOutcome
	Severity   Severity // empty unless something was found
	Note       string
	Corrects   FindingID // 0: the first
	OperatorID OperatorID
	At         time.Time
}

// FindingOutcome says whether anything was found.
type FindingOutcome string

const (
	NothingFound   FindingOutcome = "none"
	SomethingFound FindingOutcome = "finding"
)

// Severity is how much a finding matters.
type Severity string

const (
	// Minor: the certificate is rightly issued; something is not as the rules
	// have it.
	Minor Severity = "minor"
	// Major: a paper or a check that the rules demand is missing.
	Major Severity = "major"
	// Critical: the certificate ought not to have been issued.
	Critical Severity = "critical"
)

// Severities lists them, the least first.
var Severities = [...]Severity{Minor, Major, Critical}
