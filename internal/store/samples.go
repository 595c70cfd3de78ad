package store

import (
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
)

// IssuedSerials are the certificates issued in the period [start, end), as far
// as a checkpoint of size entries covers them; before is the size of the
// checkpoint that decided the period before, and what came after it late belongs
// here. journal.DrawFrom says the same of an export.
func (tx *Tx) IssuedSerials(start, end time.Time, before, size int64) ([]string, error) {
	var out []string
	err := tx.query(&out, `SELECT DISTINCT s.subject_id FROM journal_entries e
		JOIN journal_leaves l ON l.entry_id = e.id
		JOIN journal_subjects s ON s.entry_id = e.id AND s.kind = ?
		WHERE e.kind = ? AND e.at < ? AND l.idx < ? AND (e.at >= ? OR l.idx >= ?)`,
		journal.CertificateSubject, journal.IssuedKind, end, size, start, before)
	return out, err
}

// FirstIssue is when the first certificate was issued, as the journal has it;
// zero where none was.
func (tx *Tx) FirstIssue() (time.Time, error) {
	var rows []struct{ At time.Time }
	err := tx.query(&rows, `SELECT at FROM journal_entries WHERE kind = ? ORDER BY at, id LIMIT 1`, journal.IssuedKind)
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return rows[0].At.UTC(), nil
}

type sampleRow struct {
	ID             int64
	Quarter        string
	StartsAt       time.Time
	EndsAt         time.Time
	CheckpointSize int64
	Root           []byte
	Population     int
	DrawnBy        int64
	DrawnAt        time.Time
	// Of a list only.
	Drawn, Checked, Found int
}

const sampleColumns = `SELECT id, quarter, starts_at, ends_at, checkpoint_size, root, population, drawn_by, drawn_at FROM audit_samples`

func (r sampleRow) sample() (*registry.Sample, error) {
	q, err := registry.ParseQuarter(r.Quarter)
	if err != nil {
		return nil, err
	}
	s := &registry.Sample{
		ID: registry.SampleID(r.ID), Quarter: q, Start: r.StartsAt.UTC(), End: r.EndsAt.UTC(), CheckpointSize: r.CheckpointSize,
		Population: r.Population, DrawnBy: registry.OperatorID(r.DrawnBy), DrawnAt: r.DrawnAt.UTC(),
	}
	copy(s.Root[:], r.Root)
	return s, nil
}

// Sample returns a quarter's, or NotFound.
func (tx *Tx) Sample(q registry.Quarter) (*registry.Sample, error) {
	var r sampleRow
	if err := tx.one(&r, sampleColumns+` WHERE quarter = ?`, q.String()); err != nil {
		return nil, err
	}
	return r.sample()
}

// SampleCount is a sample with how far the work on it is.
type SampleCount struct {
	*registry.Sample
	Drawn, Checked, Found int // certificates: in all, looked through, with a finding
}

// Samples returns all, the latest quarter first.
func (tx *Tx) Samples() ([]SampleCount, error) {
	var rows []sampleRow
	if err := tx.query(&rows, `SELECT a.id, a.quarter, a.starts_at, a.ends_at, a.checkpoint_size, a.root, a.population, a.drawn_by, a.drawn_at,
		(SELECT COUNT(*) FROM audit_sample_items i WHERE i.sample_id = a.id) AS drawn,
		(SELECT COUNT(*) FROM audit_findings f WHERE f.sample_id = a.id AND f.corrects IS NULL) AS checked,
		(SELECT COUNT(*) FROM audit_findings f WHERE f.sample_id = a.id AND f.outcome = 'finding'
			AND NOT EXISTS (SELECT 1 FROM audit_findings n WHERE n.corrects = f.id)) AS found
		FROM audit_samples a ORDER BY a.quarter DESC`); err != nil {
		return nil, err
	}
	out := make([]SampleCount, len(rows))
	for i, r := range rows {
		s, err := r.sample()
		if err != nil {
			return nil, err
		}
		out[i] = SampleCount{s, r.Drawn, r.Checked, r.Found}
	}
	return out, nil
}

// AddSample adds a sample with its items; added is false where the quarter has
// one already.
func (tx *Tx) AddSample(s *registry.Sample, serials []string) (added bool, err error) {
	var ids []int64
	// SQLite refuses what is there already, before ON CONFLICT is heard.
	if err := tx.query(&ids, `INSERT INTO audit_samples (quarter, starts_at, ends_at, checkpoint_size, root, population, drawn_by, drawn_at)
		SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM audit_samples WHERE quarter = ?) ON CONFLICT (quarter) DO NOTHING RETURNING id`,
		s.Quarter.String(), s.Start, s.End, s.CheckpointSize, s.Root[:], s.Population, s.DrawnBy, s.DrawnAt, s.Quarter.String()); err != nil || len(ids) == 0 {
		return false, err
	}
	s.ID = registry.SampleID(ids[0])
	rows := make([][]any, len(serials))
	for i, serial := range serials {
		rows[i] = []any{s.ID, i + 1, serial}
	}
	return true, tx.insertMany(`INSERT INTO audit_sample_items (sample_id, position, serial) VALUES `, rows)
}

// SampleItems returns the drawn certificates from a position on, at most limit,
// each with what was found last.
func (tx *Tx) SampleItems(id registry.SampleID, from, limit int) ([]registry.SampleItem, error) {
	var rows []struct {
		Position int
		Serial   string
	}
	if err := tx.query(&rows, `SELECT position, serial FROM audit_sample_items WHERE sample_id = ? AND position >= ? ORDER BY position LIMIT ?`, id, from, limit); err != nil {
		return nil, err
	}
	out := make([]registry.SampleItem, len(rows))
	at := make(map[int]int, len(rows))
	positions := make([]int, len(rows))
	for i, r := range rows {
		out[i] = registry.SampleItem{Position: r.Position, Serial: registry.Serial(r.Serial)}
		at[r.Position], positions[i] = i, r.Position
	}
	if len(rows) == 0 {
		return out, nil
	}
	found, err := tx.findings(`WHERE sample_id = ? AND position IN ?`, id, positions)
	for _, f := range found {
		out[at[f.Position]].Last = f.finding()
	}
	return out, err
}

type findingRow struct {
	ID         int64
	Position   int
	Outcome    string
	Severity   string
	Note       string
	Corrects   *int64
	OperatorID int64
	CreatedAt  time.Time
}

func (r findingRow) finding() *registry.Finding {
	return &registry.Finding{
		ID: registry.FindingID(r.ID), Outcome: registry.FindingOutcome(r.Outcome), Severity: registry.Severity(r.Severity), Note: r.Note,
		Corrects: orZero[registry.FindingID](r.Corrects), OperatorID: registry.OperatorID(r.OperatorID), At: r.CreatedAt.UTC(),
	}
}

// findings are in the order in which they were written down.
func (tx *Tx) findings(where string, args ...any) (rows []findingRow, err error) {
	err = tx.query(&rows, `SELECT id, position, outcome, severity, note, corrects, operator_id, created_at FROM audit_findings `+where+` ORDER BY id`, args...)
	return rows, err
}

// Findings returns what was found in the file of a drawn certificate, the first
// first.
func (tx *Tx) Findings(id registry.SampleID, position int) ([]*registry.Finding, error) {
	rows, err := tx.findings(`WHERE sample_id = ? AND position = ?`, id, position)
	out := make([]*registry.Finding, len(rows))
	for i, r := range rows {
		out[i] = r.finding()
	}
	return out, err
}

// AddFinding adds one; ErrUnique where somebody else was first, or has
// corrected the same.
func (tx *Tx) AddFinding(id registry.SampleID, position int, f *registry.Finding) (registry.FindingID, error) {
	n, err := tx.insert(`INSERT INTO audit_findings (sample_id, position, outcome, severity, note, corrects, operator_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		id, position, f.Outcome, f.Severity, f.Note, nullable(f.Corrects), f.OperatorID, f.At)
	return registry.FindingID(n), err
}
