package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
)

type decisionRow struct {
	Label   string // message key
	Old     string
	New     string
	Changed bool
}

// decisionRows sets what is declared beside what is on file: all that a
// certificate is issued on, and the people it is handed to.
func (s *Server) decisionRows(c echo.Context, tx *store.Tx, org *registry.Organisation, d *registry.Declaration) ([]decisionRow, error) {
	l := lang(c)
	rows := []decisionRow{
		rowOf("organisation.name", org.FullName(l), d.Organisation.FullName(l)),
		rowOf("organisation.inn", string(org.INN), string(d.Organisation.INN)),
		rowOf("organisation.settlement", org.Settlement.In(l), d.Organisation.Settlement.In(l)),
		rowOf("organisation.street", org.Street, d.Organisation.Street),
		rowOf("decision.phone", org.Phone, d.Organisation.Phone),
		rowOf("decision.email", org.Email, d.Organisation.Email),
	}
	if m := d.Managing; m != nil {
		rows = append(rows, rowOf("application.managing", "", m.Name(l)), rowOf("organisation.inn", "", string(m.INN)))
	}
	people := d.Signatories()
	if d.Trusted != nil {
		people = append(people, registry.Signatory{Person: *d.Trusted})
	}
	for _, sig := range people {
		old, err := onFile(tx, sig.Person.PersonalNumber)
		if err != nil {
			return nil, err
		}
		rows = append(rows, s.personRows(c, sig.Role, old, &sig.Person)...)
	}
	return rows, nil
}

// personRows are those of a signatory, or of the trusted person, who has no
// role. Only who decides compares the personal number, which stands in the
// certificate, whole.
func (s *Server) personRows(c echo.Context, role registry.SignatoryRole, old, now *registry.PersonRequisites) []decisionRow {
	l := lang(c)
	number := func(n registry.PersonalNumber) string {
		if identity(c).Role == registry.Approver {
			return string(n)
		}
		return templates.Masked(n)
	}
	passport := func(p *registry.PersonRequisites) string { return p.Document.Series + p.Document.Number }
	consent := func(p *registry.PersonRequisites) string {
		switch {
		case p.Consent:
			return s.text(c, "word.yes")
		case p == old:
			return ""
		}
		return s.text(c, "word.no")
	}
	name := "person.trusted"
	if role != "" {
		name = "signatory." + string(role)
	}
	rows := []decisionRow{rowOf(name, old.Name(l).String(), now.Name(l).String())}
	if role != "" {
		rows = append(rows,
			rowOf("person.position", old.Position(l), now.Position(l)),
			rowOf("person.personal_number", number(old.PersonalNumber), number(now.PersonalNumber)),
			rowOf("person.citizenship", old.Citizenship, now.Citizenship))
	}
	return append(rows, rowOf("person.passport", passport(old), passport(now)), rowOf("person.consent", consent(old), consent(now)))
}

func rowOf(label, old, now string) decisionRow {
	return decisionRow{Label: label, Old: old, New: now, Changed: old != "" && old != now}
}

// onFile is what is kept of a person; nothing of one who is new.
func onFile(tx *store.Tx, n registry.PersonalNumber) (*registry.PersonRequisites, error) {
	if n == "" {
		return new(registry.PersonRequisites), nil
	}
	p, err := tx.Person(n)
	if registry.KindOf(err) == registry.NotFound {
		return new(registry.PersonRequisites), nil
	}
	return p, err
}
