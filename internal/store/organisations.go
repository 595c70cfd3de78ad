package store

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

type organisationRow struct {
	ID         int64
	INN        string `gorm:"column:inn"`
	Requisites string
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Version    int64
}

const organisationColumns = `SELECT id, inn, requisites, created_at, updated_at, version FROM organisations`

func (r organisationRow) organisation() (*registry.Organisation, error) {
	o := &registry.Organisation{ID: registry.OrganisationID(r.ID), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version}
	if err := decode(r.Requisites, &o.OrganisationRequisites); err != nil {
		return nil, err
	}
	return o, nil
}

// Organisation returns one by its id, or NotFound.
func (tx *Tx) Organisation(id registry.OrganisationID) (*registry.Organisation, error) {
	var r organisationRow
	if err := tx.one(&r, organisationColumns+` WHERE id = ?`, id); err != nil {
		return nil, err
	}
	return r.organisation()
}

// OrganisationByINN returns one by its tax number, or NotFound.
func (tx *Tx) OrganisationByINN(inn registry.INN) (*registry.Organisation, error) {
	var r organisationRow
	if err := tx.one(&r, organisationColumns+` WHERE inn = ?`, inn); err != nil {
		return nil, err
	}
	return r.organisation()
}

// Organisations returns those with the ids, in no order.
func (tx *Tx) Organisations(ids []registry.OrganisationID) (map[registry.OrganisationID]*registry.Organisation, error) {
	out := map[registry.OrganisationID]*registry.Organisation{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []organisationRow
	if err := tx.query(&rows, organisationColumns+` WHERE id IN ?`, ids); err != nil {
		return nil, err
	}
	for _, r := range rows {
		o, err := r.organisation()
		if err != nil {
			return nil, err
		}
		out[o.ID] = o
	}
	return out, nil
}

// SaveOrganisation adds an organisation or brings its requisites up to date,
// by INN, and keeps its search terms. It returns its id. What is the same
// already is not written.
func (tx *Tx) SaveOrganisation(o registry.OrganisationRequisites, now time.Time) (registry.OrganisationID, error) {
	text, err := encode(o)
	if err != nil {
		return 0, err
	}
	var same int64
	if found, err := tx.scan(&same, `SELECT id FROM organisations WHERE inn = ? AND requisites = ?`, o.INN, text); err != nil || found {
		return registry.OrganisationID(same), err
	}
	id, err := tx.insert(`INSERT INTO organisations (inn, kind, name_ru, name_ky, requisites, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (inn) DO UPDATE SET kind = excluded.kind, name_ru = excluded.name_ru, name_ky = excluded.name_ky,
			requisites = excluded.requisites, updated_at = excluded.updated_at, version = organisations.version + 1`,
		o.INN, o.Kind, o.NameRu, o.NameKy, text, now, now)
	if err != nil {
		return 0, fmt.Errorf("saving organisation: %w", err)
	}
	return registry.OrganisationID(id), tx.setTerms("organisation", id, o.NameRu, o.NameKy, o.NameLatin, o.FormRu, o.FormKy, string(o.INN))
}

// SavePersons adds people or brings their requisites up to date, by personal
// number. Of one who stands there twice the last counts.
func (tx *Tx) SavePersons(now time.Time, people ...registry.PersonRequisites) error {
	var rows [][]any
	at := map[registry.PersonalNumber]int{}
	for _, p := range people {
		text, err := encode(p)
		if err != nil {
			return err
		}
		row := []any{p.PersonalNumber, text, now, now}
		if i, twice := at[p.PersonalNumber]; twice {
			rows[i] = row
			continue
		}
		at[p.PersonalNumber] = len(rows)
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	// In one order everywhere, so that two who save the same people wait for
	// each other, not both.
	slices.SortFunc(rows, func(a, b []any) int {
		return cmp.Compare(a[0].(registry.PersonalNumber), b[0].(registry.PersonalNumber))
	})
	_, err := tx.exec(`INSERT INTO persons (personal_number, requisites, created_at, updated_at) VALUES `+placeholders(len(rows), 4)+`
		ON CONFLICT (personal_number) DO UPDATE SET requisites = excluded.requisites, updated_at = excluded.updated_at`, flat(rows)...)
	return err
}

// Person returns the requisites on file under a personal number, or NotFound.
func (tx *Tx) Person(n registry.PersonalNumber) (*registry.PersonRequisites, error) {
	var text string
	if err := tx.one(&text, `SELECT requisites FROM persons WHERE personal_number = ?`, n); err != nil {
		return nil, err
	}
	p := new(registry.PersonRequisites)
	return p, decode(text, p)
}
