package store

import (
	"strconv"
	"strings"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// EndingState is what the holder of a certificate that ends has done about it.
type EndingState string

const (
	// EndingNothing: neither ordered nor renewed.
	EndingNothing EndingState = "nothing"
	// EndingOrdered: an application is handed in and open.
	EndingOrdered EndingState = "ordered"
	// EndingRenewed: another certificate of the same person follows.
	EndingRenewed EndingState = "renewed"
)

// EndingStates lists them.
var EndingStates = [...]EndingState{EndingNothing, EndingOrdered, EndingRenewed}

const endingStateSQL = `CASE WHEN EXISTS (SELECT 1 FROM certificates n WHERE n.organisation_id = c.organisation_id AND n.personal_number = c.personal_number
			AND n.status <> 'revoked' AND n.not_after > c.not_after) THEN 'renewed'
		WHEN ` + orderedSQL + ` THEN 'ordered' ELSE 'nothing' END`

const endingSQL = ` FROM certificates c WHERE c.profile = 'holder' AND c.status <> 'revoked' AND c.not_after >= ? AND c.not_after < ?`

// EndingCount is how many certificates end on one day, each at most MaxCount:
// beyond it only the first that end are counted.
type EndingCount struct {
	All    int
	States map[EndingState]int
}

// EndingCounts counts the holders' certificates, not revoked, that end between
// each two instants that follow each other. Every count ends in an index.
func (tx *Tx) EndingCounts(between []time.Time) ([]EndingCount, error) {
	out := make([]EndingCount, max(0, len(between)-1))
	var parts []string
	var args []any
	for i := range out {
		out[i].States = map[EndingState]int{}
		place := strconv.Itoa(i)
		parts = append(parts, `SELECT `+place+` AS place, state, COUNT(*) AS n FROM (SELECT `+endingStateSQL+` AS state`+endingSQL+
			` ORDER BY c.not_after, c.id LIMIT `+strconv.Itoa(MaxCount)+`) AS day`+place+` GROUP BY state`)
		args = append(args, between[i], between[i+1])
	}
	var rows []struct {
		Place int
		State string
		N     int
	}
	if err := tx.query(&rows, strings.Join(parts, " UNION ALL "), args...); err != nil {
		return nil, err
	}
	for _, r := range rows {
		out[r.Place].All += r.N
		out[r.Place].States[EndingState(r.State)] = r.N
	}
	return out, nil
}

// EndingFilter chooses certificates by when they end.
type EndingFilter struct {
	From, To time.Time   // the end is not before From, and before To
	State    EndingState // empty: any
	After    EndingPlace
	Limit    int
}

// EndingPlace is a row's place in the order of the ends.
type EndingPlace struct {
	NotAfter time.Time
	ID       registry.CertificateID
}

// Ending is a certificate that ends, and what its holder did about it.
type Ending struct {
	ID           registry.CertificateID
	Serial       registry.Serial
	Organisation registry.OrganisationRequisites
	HolderName   string
	Role         registry.SignatoryRole
	Storage      registry.Storage
	NotAfter     time.Time
	State        EndingState
	// Number of the application that was handed in, if it is open.
	Number string
	// Reminded is the fewest days of the pack that the holder was reminded of;
	// 0: not yet.
	Reminded int
}

// Place of the row.
func (e Ending) Place() EndingPlace { return EndingPlace{e.NotAfter, e.ID} }

// Endings returns holders' certificates, not revoked, by when they end.
func (tx *Tx) Endings(f EndingFilter) ([]Ending, error) {
	query, args := `SELECT c.id, c.serial, c.holder_name, c.role, c.storage, c.not_after, o.requisites AS organisation, `+endingStateSQL+` AS state,
		COALESCE((SELECT x.number FROM signatories s JOIN applications x ON x.id = s.application_id WHERE s.personal_number = c.personal_number
			AND x.organisation_id = c.organisation_id AND x.is_open AND x.status <> 'draft' AND x.operation <> 'FIRST_ISSUE' ORDER BY x.id DESC LIMIT 1), '') AS number,
		COALESCE((SELECT MIN(r.days) FROM reminders r WHERE r.certificate_id = c.id), 0) AS reminded`+
		strings.Replace(endingSQL, " WHERE ", " JOIN organisations o ON o.id = c.organisation_id WHERE ", 1), []any{f.From, f.To}
	if f.State != "" {
		query, args = query+` AND `+endingStateSQL+` = ?`, append(args, f.State)
	}
	if !f.After.NotAfter.IsZero() {
		query, args = query+` AND (c.not_after, c.id) > (?, ?)`, append(args, f.After.NotAfter, f.After.ID)
	}
	var rows []struct {
		ID           int64
		Serial       string
		HolderName   string
		Role         string
		Storage      string
		NotAfter     time.Time
		Organisation string
		State        string
		Number       string
		Reminded     int
	}
	if err := tx.query(&rows, query+` ORDER BY c.not_after, c.id LIMIT ?`, append(args, f.Limit)...); err != nil {
		return nil, err
	}
	out := make([]Ending, len(rows))
	for i, r := range rows {
		out[i] = Ending{
			ID: registry.CertificateID(r.ID), Serial: registry.Serial(r.Serial), HolderName: r.HolderName, Role: registry.SignatoryRole(r.Role),
			Storage: registry.Storage(r.Storage), NotAfter: r.NotAfter.UTC(), State: EndingState(r.State), Number: r.Number, Reminded: r.Reminded,
		}
		if err := decode(r.Organisation, &out[i].Organisation); err != nil {
			return nil, err
		}
	}
	return out, nil
}
