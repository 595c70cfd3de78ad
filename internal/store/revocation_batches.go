package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type batchRow struct {
	ID           int64
	Number       string
	ChosenBy     string
	Criteria     string
	Cause        string
	RFC5280      int `gorm:"column:rfc5280"`
	InvalidSince *time.Time
	Remark       string
	Status       string
	Total        int
	ListSHA256   string `gorm:"column:list_sha256"`
	ProposedBy   int64
	ProposedAt   time.Time
	DecidedBy    *int64
	DecidedAt    *time.Time
	Serial       string
	FinishedAt   *time.Time
	Version      int64
}

const batchColumns = `SELECT id, number, chosen_by, criteria, cause, rfc5280, invalid_since, remark, status, total, list_sha256, proposed_by, proposed_at,
	decided_by, decided_at, serial, finished_at, version FROM revocation_batches`

func (r batchRow) batch() (*registry.Batch, error) {
	b := &registry.Batch{
		ID: registry.BatchID(r.ID), Number: r.Number, Choice: registry.BatchChoice(r.ChosenBy), Cause: r.Cause, Code: r.RFC5280,
		InvalidSince: utc(r.InvalidSince), Remark: r.Remark, Status: registry.BatchStatus(r.Status), Total: r.Total, ListSHA256: r.ListSHA256,
		ProposedBy: registry.OperatorID(r.ProposedBy), ProposedAt: r.ProposedAt.UTC(), DecidedBy: orZero[registry.OperatorID](r.DecidedBy),
		DecidedAt: utc(r.DecidedAt), Serial: registry.Serial(r.Serial), FinishedAt: utc(r.FinishedAt), Version: r.Version,
	}
	return b, decode(r.Criteria, &b.Criteria)
}

func (tx *Tx) batch(where string, args ...any) (*registry.Batch, error) {
	var r batchRow
	if err := tx.one(&r, batchColumns+where, args...); err != nil {
		return nil, err
	}
	return r.batch()
}

// BatchByNumber returns one by the number people see, or NotFound.
func (tx *Tx) BatchByNumber(number string) (*registry.Batch, error) {
	return tx.batch(` WHERE number = ?`, number)
}

// LockBatch reads one inside Write and keeps others from changing it until the
// transaction ends.
func (tx *Tx) LockBatch(id registry.BatchID) (*registry.Batch, error) {
	return tx.batch(` WHERE id = ?`+tx.forUpdate(), id)
}

// Batches returns the latest, at most limit.
func (tx *Tx) Batches(limit int) ([]*registry.Batch, error) {
	return tx.batches(` ORDER BY id DESC LIMIT ?`, limit)
}

// RunningBatches returns those that are being carried out, the oldest first.
func (tx *Tx) RunningBatches() ([]*registry.Batch, error) {
	return tx.batches(` WHERE status = 'running' ORDER BY id`)
}

func (tx *Tx) batches(where string, args ...any) ([]*registry.Batch, error) {
	var rows []batchRow
	if err := tx.query(&rows, batchColumns+where, args...); err != nil {
		return nil, err
	}
	out := make([]*registry.Batch, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.batch(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// chosen is the condition that a choice is, over certificates c. onlyHolders
// goes with it where a list is made.
func chosen(choice registry.BatchChoice, k registry.BatchCriteria) (where string, args []any) {
	switch choice {
	case registry.ChosenByOrganisation:
		return ` c.organisation_id = (SELECT id FROM organisations WHERE inn = ?)`, []any{k.INN}
	case registry.ChosenByTokenModel:
		return ` c.id IN (SELECT k.certificate_id FROM token_keys k JOIN tokens t ON t.id = k.token_id WHERE t.model = ?)`, []any{k.Model}
	case registry.ChosenByKey:
		return ` c.public_key_hash = ?`, []any{k.Key}
	case registry.ChosenByIncident:
		where, args = ` c.issued_at >= ? AND c.issued_at <= ?`, []any{k.From, k.To}
		if k.Storage != "" {
			where, args = where+` AND c.storage = ?`, append(args, k.Storage)
		}
		if k.Office != "" {
			where += ` AND c.enrolment_id IN (SELECT e.id FROM enrolments e JOIN applications a ON a.id = e.application_id WHERE e.id = c.enrolment_id AND a.office = ?)`
			args = append(args, k.Office)
		}
		return where, args
	}
	return ` FALSE`, nil
}

const onlyHolders = ` AND c.profile = 'holder'`

// TokenModels returns the models of the tokens on file.
func (tx *Tx) TokenModels() ([]string, error) {
	var out []string
	err := tx.query(&out, `SELECT DISTINCT model FROM tokens ORDER BY model`)
	return out, err
}

// BatchPreview is what a choice would do at an instant.
type BatchPreview struct {
	registry.BatchCounts
	Organisations int
	// Employees are certificates that the choice would find were it not for
	// holders' only: an employee's is revoked by a report.
	Employees int
}

// PreviewBatch counts what a choice would do at an instant.
func (tx *Tx) PreviewBatch(choice registry.BatchChoice, k registry.BatchCriteria, now time.Time) (p BatchPreview, err error) {
	where, args := chosen(choice, k)
	var r struct{ Waiting, Revoked, Ended, Organisations, Employees int }
	err = tx.one(&r, `SELECT COUNT(CASE WHEN c.profile = 'holder' AND c.status <> 'revoked' AND c.not_after >= ? THEN 1 END) AS waiting,
		COUNT(CASE WHEN c.profile = 'holder' AND c.status = 'revoked' THEN 1 END) AS revoked,
		COUNT(CASE WHEN c.profile = 'holder' AND c.status <> 'revoked' AND c.not_after < ? THEN 1 END) AS ended,
		COUNT(DISTINCT CASE WHEN c.profile = 'holder' AND c.status <> 'revoked' AND c.not_after >= ? THEN c.organisation_id END) AS organisations,
		COUNT(CASE WHEN c.profile = 'operator' AND c.status <> 'revoked' AND c.not_after >= ? THEN 1 END) AS employees
		FROM certificates c WHERE`+where, append([]any{now, now, now, now}, args...)...)
	p.BatchCounts = registry.BatchCounts{Waiting: r.Waiting, SkippedRevoked: r.Revoked, SkippedOver: r.Ended}
	p.Organisations, p.Employees = r.Organisations, r.Employees
	return p, err
}

// AddBatch stores a proposed batch with the certificates that its choice finds
// now: what is revoked already or over is named and skipped.
func (tx *Tx) AddBatch(b *registry.Batch, now time.Time) error {
	criteria, err := encode(b.Criteria)
	if err != nil {
		return err
	}
	where, args := chosen(b.Choice, b.Criteria)
	if b.Total, b.ListSHA256, err = tx.listHash(`SELECT c.serial FROM certificates c WHERE`+where+onlyHolders+` AND c.status <> 'revoked' AND c.not_after >= ? ORDER BY c.id`,
		append(args, now)...); err != nil {
		return err
	}
	if b.Total == 0 {
		return registry.Refuse(registry.Invalid, "error.batch.empty")
	}
	id, err := tx.insert(`INSERT INTO revocation_batches (number, chosen_by, criteria, cause, rfc5280, invalid_since, remark, status, total, list_sha256, proposed_by, proposed_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, 'proposed', ?, ?, ?, ?)`, b.Number, b.Choice, criteria, b.Cause, b.Code, b.InvalidSince, b.Remark, b.Total, b.ListSHA256, b.ProposedBy, b.ProposedAt)
	if err != nil {
		return err
	}
	b.ID, b.Status, b.Version = registry.BatchID(id), registry.BatchProposed, 1
	if _, err := tx.exec(`INSERT INTO revocation_batch_items (batch_id, position, certificate_id, status, why)
		SELECT b.id, ROW_NUMBER() OVER (ORDER BY c.id), c.id,
			CASE WHEN c.status = 'revoked' OR c.not_after < ? THEN 'skipped' ELSE 'waiting' END,
			CASE WHEN c.status = 'revoked' THEN 'revoked' WHEN c.not_after < ? THEN 'over' ELSE '' END
		FROM certificates c, revocation_batches b WHERE b.id = ? AND`+where+onlyHolders, append([]any{now, now, b.ID}, args...)...); err != nil {
		return err
	}
	return tx.CheckBatchList(b)
}

// CheckBatchList refuses a proposed batch whose certificates are not those that
// its hash was made of.
func (tx *Tx) CheckBatchList(b *registry.Batch) error {
	n, sum, err := tx.listHash(batchSerials+` AND i.status = 'waiting' ORDER BY i.position`, b.ID)
	if err == nil && (n != b.Total || sum != b.ListSHA256) {
		err = registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	return err
}

const batchSerials = `SELECT c.serial FROM revocation_batch_items i JOIN certificates c ON c.id = i.certificate_id WHERE i.batch_id = ?`

// BatchList returns the list that was decided on, of which ListSHA256 is: the
// serial numbers to revoke, one a line. What was skipped later is on it, what
// was skipped when it was made is not.
func (tx *Tx) BatchList(id registry.BatchID) ([]byte, error) {
	return tx.serialList(batchSerials+` AND (i.status = 'waiting' OR i.done_at IS NOT NULL) ORDER BY i.position`, id)
}

// listHash is how many serial numbers a query gives, and SHA-256 of their list.
func (tx *Tx) listHash(query string, args ...any) (n int, sum string, err error) {
	list, err := tx.serialList(query, args...)
	h := sha256.Sum256(list)
	return bytes.Count(list, []byte{'\n'}), hex.EncodeToString(h[:]), err
}

// serialList is the serial numbers that a query gives, one a line.
func (tx *Tx) serialList(query string, args ...any) ([]byte, error) {
	var serials []string
	if err := tx.query(&serials, query, args...); err != nil {
		return nil, err
	}
	var list bytes.Buffer
	for _, s := range serials {
		list.WriteString(s + "\n")
	}
	return list.Bytes(), nil
}

// BatchDecision is a signed decision on a batch; Signature is empty for one that
// is rejected.
type BatchDecision struct {
	By                  registry.OperatorID
	Envelope, Signature []byte
	Serial              registry.Serial
	At                  time.Time
}

// DecideBatch moves a proposed batch, if it is still at its version.
func (tx *Tx) DecideBatch(b *registry.Batch, to registry.BatchStatus, d BatchDecision) error {
	return changed(tx.exec(`UPDATE revocation_batches SET status = ?, decided_by = ?, decided_at = ?, envelope = ?, signature = ?, serial = ?, version = version + 1
		WHERE id = ? AND version = ? AND status = 'proposed'`, to, d.By, d.At, d.Envelope, d.Signature, d.Serial, b.ID, b.Version))
}

// BatchThatRevoked returns the batch with which a certificate was revoked, and
// the decision on it, or NotFound.
func (tx *Tx) BatchThatRevoked(id registry.CertificateID) (*registry.Batch, *BatchDecision, error) {
	b, err := tx.batch(` WHERE EXISTS (SELECT 1 FROM revocation_batch_items i WHERE i.batch_id = revocation_batches.id AND i.certificate_id = ? AND i.status = 'revoked')`, id)
	if err != nil {
		return nil, nil, err
	}
	var r struct{ Envelope, Signature []byte }
	err = tx.one(&r, `SELECT envelope, signature FROM revocation_batches WHERE id = ?`, b.ID)
	d := &BatchDecision{By: b.DecidedBy, Envelope: r.Envelope, Signature: r.Signature, Serial: b.Serial}
	if b.DecidedAt != nil {
		d.At = *b.DecidedAt
	}
	return b, d, err
}

// FinishBatch ends a running batch of which nothing waits.
func (tx *Tx) FinishBatch(id registry.BatchID, now time.Time) error {
	return changed(tx.exec(`UPDATE revocation_batches SET status = 'done', finished_at = ?, version = version + 1 WHERE id = ? AND status = 'running'
		AND NOT EXISTS (SELECT 1 FROM revocation_batch_items WHERE batch_id = ? AND status = 'waiting')`, now, id, id))
}

// WaitingItems returns what a batch has still to do after a position, at most
// limit.
func (tx *Tx) WaitingItems(id registry.BatchID, after, limit int) ([]registry.BatchItem, error) {
	var rows []struct {
		Position      int
		CertificateID int64
	}
	if err := tx.query(&rows, `SELECT position, certificate_id FROM revocation_batch_items WHERE batch_id = ? AND position > ? AND status = 'waiting'
		ORDER BY position LIMIT ?`, id, after, limit); err != nil {
		return nil, err
	}
	out := make([]registry.BatchItem, len(rows))
	for i, r := range rows {
		out[i] = registry.BatchItem{Position: r.Position, Certificate: registry.CertificateID(r.CertificateID), Status: "waiting"}
	}
	return out, nil
}

// BatchLine is a certificate of a batch as its report names it.
type BatchLine struct {
	registry.BatchItem
	Serial       registry.Serial
	Holder       string
	NotAfter     time.Time
	Organisation registry.OrganisationRequisites
	// CATold: the CA was told that it is revoked; CARefusal is why it will not
	// take it, if so.
	CATold    bool
	CARefusal string
}

const batchLineColumns = `c.id AS certificate_id, c.serial, c.holder_name, c.not_after, o.requisites, c.ca_told, c.ca_refusal
	FROM certificates c JOIN organisations o ON o.id = c.organisation_id`

// BatchLines returns a batch's certificates after a position, at most limit.
func (tx *Tx) BatchLines(id registry.BatchID, after, limit int) ([]BatchLine, error) {
	return tx.batchLines(`SELECT i.position, i.status, i.why, i.done_at, `+batchLineColumns+`
		JOIN revocation_batch_items i ON i.certificate_id = c.id WHERE i.batch_id = ? AND i.position > ? ORDER BY i.position LIMIT ?`, id, after, limit)
}

// PreviewLines returns the certificates that a choice would find at an instant,
// as BatchLines would, after the one with the id after, at most limit. Their
// position is the certificate's id.
func (tx *Tx) PreviewLines(choice registry.BatchChoice, k registry.BatchCriteria, now time.Time, after, limit int) ([]BatchLine, error) {
	where, args := chosen(choice, k)
	return tx.batchLines(`SELECT c.id AS position, CASE WHEN c.status = 'revoked' OR c.not_after < ? THEN 'skipped' ELSE 'waiting' END AS status,
		CASE WHEN c.status = 'revoked' THEN 'revoked' WHEN c.not_after < ? THEN 'over' ELSE '' END AS why, `+batchLineColumns+`
		WHERE`+where+onlyHolders+` AND c.id > ? ORDER BY c.id LIMIT ?`, append(append([]any{now, now}, args...), after, limit)...)
}

func (tx *Tx) batchLines(query string, args ...any) ([]BatchLine, error) {
	var rows []struct {
		Position           int
		CertificateID      int64
		Status, Why        string
		DoneAt             *time.Time
		Serial, HolderName string
		NotAfter           time.Time
		Requisites         string
		CATold             bool   `gorm:"column:ca_told"`
		CARefusal          string `gorm:"column:ca_refusal"`
	}
	if err := tx.query(&rows, query, args...); err != nil {
		return nil, err
	}
	out := make([]BatchLine, len(rows))
	for i, r := range rows {
		out[i] = BatchLine{
			BatchItem: registry.BatchItem{Position: r.Position, Certificate: registry.CertificateID(r.CertificateID), Status: r.Status, Why: r.Why, DoneAt: utc(r.DoneAt)},
			Serial:    registry.Serial(r.Serial), Holder: r.HolderName, NotAfter: r.NotAfter.UTC(), CATold: r.CATold, CARefusal: r.CARefusal,
		}
		if err := decode(r.Requisites, &out[i].Organisation); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// BatchHolds returns the certificate of a batch with a serial number, or
// NotFound.
func (tx *Tx) BatchHolds(id registry.BatchID, serial registry.Serial) (*registry.Certificate, error) {
	return tx.certificate(` WHERE serial = ? AND id IN (SELECT certificate_id FROM revocation_batch_items WHERE batch_id = ?)`, serial, id)
}

// BatchHoldsPerson says whether a batch holds a certificate of a person.
func (tx *Tx) BatchHoldsPerson(id registry.BatchID, person registry.PersonalNumber) (bool, error) {
	var n int
	err := tx.one(&n, `SELECT COUNT(*) FROM revocation_batch_items i JOIN certificates c ON c.id = i.certificate_id
		WHERE i.batch_id = ? AND i.status = 'waiting' AND c.personal_number = ?`, id, person)
	return n > 0, err
}

// OpenApplicationsBesideBatch returns the open applications of the
// organisations that a batch concerns, at most limit.
func (tx *Tx) OpenApplicationsBesideBatch(id registry.BatchID, limit int) ([]*registry.Application, error) {
	return tx.applications(` WHERE is_open AND operation <> 'FIRST_ISSUE' AND organisation_id IN (SELECT c.organisation_id
		FROM revocation_batch_items i JOIN certificates c ON c.id = i.certificate_id WHERE i.batch_id = ?) ORDER BY id LIMIT ?`, id, limit)
}

// EndItem ends a waiting item: revoked, or skipped and why.
func (tx *Tx) EndItem(id registry.BatchID, position int, status, why string, now time.Time) error {
	return changed(tx.exec(`UPDATE revocation_batch_items SET status = ?, why = ?, done_at = ? WHERE batch_id = ? AND position = ? AND status = 'waiting'`,
		status, why, now, id, position))
}

// BatchCounts returns how far a batch is.
func (tx *Tx) BatchCounts(id registry.BatchID) (n registry.BatchCounts, err error) {
	var rows []struct {
		Status, Why string
		N           int
	}
	if err := tx.query(&rows, `SELECT status, why, COUNT(*) AS n FROM revocation_batch_items WHERE batch_id = ? GROUP BY status, why`, id); err != nil {
		return n, err
	}
	for _, r := range rows {
		switch {
		case r.Status == "waiting":
			n.Waiting = r.N
		case r.Status == "revoked":
			n.Revoked = r.N
		case r.Why == "over":
			n.SkippedOver = r.N
		default:
			n.SkippedRevoked += r.N
		}
	}
	return n, nil
}
