package store

import (
	"strconv"
	"strings"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Marks are what a certificate is found by.
const (
	markName    = "name:"    // a word of the holder's name, folded
	markOffice  = "office:"  // where it was applied for
	markChannel = "channel:" // of the application
	markStorage = "storage:"
	markBy      = "by:"    // an operator who had a hand in it
	markWay     = "way:"   // of a report
	markCause   = "cause:" // of a report
	markCode    = "rfc:"   // RFC 5280 §5.3.1 CRLReason, of a report or a change
	markRevoked = "was:revoked"
)

func byOperator(id registry.OperatorID) string { return markBy + strconv.FormatInt(int64(id), 10) }

// issueMarks are those that a certificate has from its issue on.
const issueMarks = `SELECT 'storage:' || c.storage, c.issued_at, c.id FROM certificates c WHERE c.id IN ?
	UNION ALL SELECT 'office:' || a.office, c.issued_at, c.id FROM certificates c JOIN enrolments e ON e.id = c.enrolment_id JOIN applications a ON a.id = e.application_id WHERE c.id IN ?
	UNION ALL SELECT 'channel:' || a.channel, c.issued_at, c.id FROM certificates c JOIN enrolments e ON e.id = c.enrolment_id JOIN applications a ON a.id = e.application_id WHERE c.id IN ?
	UNION ALL SELECT 'by:' || h.operator_id, c.issued_at, c.id FROM certificates c JOIN enrolments e ON e.id = c.enrolment_id JOIN application_hands h ON h.application_id = e.application_id WHERE c.id IN ?
	UNION ALL SELECT 'by:' || d.operator_id, c.issued_at, c.id FROM certificates c JOIN enrolments e ON e.id = c.enrolment_id JOIN decisions d ON d.application_id = e.application_id WHERE c.id IN ?
	UNION ALL SELECT 'office:' || o.office, c.issued_at, c.id FROM certificates c JOIN operators o ON o.id = c.operator_id WHERE c.id IN ?`

// laterMarks are those that came with reports and changes of status.
const laterMarks = `SELECT 'way:' || r.way, c.issued_at, c.id FROM certificates c JOIN revocation_reports r ON r.certificate_id = c.id WHERE c.id IN ?
	UNION ALL SELECT 'cause:' || r.cause, c.issued_at, c.id FROM certificates c JOIN revocation_reports r ON r.certificate_id = c.id WHERE c.id IN ?
	UNION ALL SELECT 'rfc:' || r.rfc5280, c.issued_at, c.id FROM certificates c JOIN revocation_reports r ON r.certificate_id = c.id WHERE c.id IN ?
	UNION ALL SELECT 'by:' || r.created_by, c.issued_at, c.id FROM certificates c JOIN revocation_reports r ON r.certificate_id = c.id WHERE r.created_by IS NOT NULL AND c.id IN ?
	UNION ALL SELECT 'by:' || r.suspended_by, c.issued_at, c.id FROM certificates c JOIN revocation_reports r ON r.certificate_id = c.id WHERE r.suspended_by IS NOT NULL AND c.id IN ?
	UNION ALL SELECT 'by:' || d.operator_id, c.issued_at, c.id FROM certificates c JOIN revocation_reports r ON r.certificate_id = c.id
		JOIN revocation_decisions d ON d.report_id = r.id WHERE d.operator_id IS NOT NULL AND c.id IN ?
	UNION ALL SELECT 'was:revoked', c.issued_at, c.id FROM certificates c WHERE c.status = 'revoked' AND c.id IN ?
	UNION ALL SELECT 'rfc:' || c.status_reason, c.issued_at, c.id FROM certificates c WHERE c.status <> 'issued' AND c.id IN ?
	UNION ALL SELECT 'was:revoked', c.issued_at, c.id FROM certificates c JOIN status_changes s ON s.serial = c.serial WHERE s.status = 'revoked' AND c.id IN ?
	UNION ALL SELECT 'rfc:' || s.reason, c.issued_at, c.id FROM certificates c JOIN status_changes s ON s.serial = c.serial WHERE s.status <> 'issued' AND c.id IN ?`

// addMarks adds those of a query over the ids; marks that are there stay.
func (tx *Tx) addMarks(query string, ids any) error {
	args := make([]any, strings.Count(query, "IN ?"))
	for i := range args {
		args[i] = ids
	}
	_, err := tx.exec(`INSERT INTO certificate_marks (mark, issued_at, certificate_id) `+query+` ON CONFLICT DO NOTHING`, args...)
	return err
}

// markIssued adds the marks of certificates that were put on file.
func (tx *Tx) markIssued(all []*registry.Certificate) error {
	ids := make([]registry.CertificateID, len(all))
	var names [][]any
	for i, c := range all {
		ids[i] = c.ID
		seen := map[string]bool{}
		for _, word := range terms(c.HolderName) {
			if !seen[word] {
				names, seen[word] = append(names, []any{markName + word, c.IssuedAt, c.ID}), true
			}
		}
	}
	if err := tx.insertMany(`INSERT INTO certificate_marks (mark, issued_at, certificate_id) VALUES `, names); err != nil {
		return err
	}
	return tx.addMarks(issueMarks, ids)
}

// markCertificate adds marks to one.
func (tx *Tx) markCertificate(id registry.CertificateID, marks ...string) error {
	for _, m := range marks {
		if _, err := tx.exec(`INSERT INTO certificate_marks (mark, issued_at, certificate_id)
			SELECT CAST(? AS TEXT), issued_at, id FROM certificates WHERE id = ? ON CONFLICT DO NOTHING`, m, id); err != nil {
			return err
		}
	}
	return nil
}

// MarkOlder adds the marks of certificates from before there were marks, at
// most limit, the newest first, and returns how many it did; 0: all have
// theirs.
func (tx *Tx) MarkOlder(limit int) (int, error) {
	var through int64
	found, err := tx.scan(&through, `SELECT through FROM certificate_marks_left WHERE id = 1`+tx.forUpdate())
	if err != nil || !found {
		return 0, err
	}
	var rows []certificateRow
	if err := tx.query(&rows, certificateColumns+` WHERE id <= ? ORDER BY id DESC LIMIT ?`, through, limit); err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		_, err := tx.exec(`DELETE FROM certificate_marks_left`)
		return 0, err
	}
	all := make([]*registry.Certificate, len(rows))
	ids := make([]int64, len(rows))
	for i, r := range rows {
		all[i], ids[i] = r.certificate(), r.ID
	}
	if err := tx.markIssued(all); err != nil {
		return 0, err
	}
	if err := tx.addMarks(laterMarks, ids); err != nil {
		return 0, err
	}
	_, err = tx.exec(`UPDATE certificate_marks_left SET through = ? WHERE id = 1`, ids[len(ids)-1]-1)
	return len(rows), err
}
