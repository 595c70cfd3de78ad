package workflow

import (
	"strconv"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// Actor is who performs a transition.
type Actor struct {
	kind journal.ActorKind
	id   string
	// Operator is set for operators only.
	Operator *registry.Operator
	// Certificate is set for logged-in holders only.
	Certificate *registry.Certificate
	// ApplicationID is set for applicants with a secret link only.
	ApplicationID registry.ApplicationID

	// organisation is the one a holder acts for.
	organisation registry.OrganisationID
}

// ByOperator is an operator at work.
func ByOperator(o *registry.Operator) Actor {
	return Actor{kind: journal.ActorOperator, id: strconv.FormatInt(int64(o.ID), 10), Operator: o}
}

// ByHolder is a client who logged in with a certificate.
//
// They act for the organisation of the certificate; see For.
func ByHolder(c *registry.Certificate) Actor {
	return Actor{kind: journal.ActorClient, id: string(c.Serial), Certificate: c, organisation: c.OrganisationID}
}

// For is a holder who chose an organisation at login (LG-12; ChooseCompany
// says whether they may).
func (a Actor) For(id registry.OrganisationID) Actor {
	a.organisation = id
	return a
}

// ByApplicant is somebody with the secret link of an application.
func ByApplicant(id registry.ApplicationID) Actor {
	return Actor{kind: journal.ActorApplicant, id: strconv.FormatInt(int64(id), 10), ApplicationID: id}
}

// BySystem is the program's own background work.
func BySystem() Actor { return Actor{kind: journal.ActorSystem} }

// ByConsole is a command at the server's console, given by an account of the
// machine.
func ByConsole(account string) Actor { return Actor{kind: journal.ActorConsole, id: account} }

// Anonymous is somebody who did not log in.
func Anonymous() Actor { return Actor{kind: journal.ActorAnonymous} }

func (a Actor) isConsole() bool { return a.kind == journal.ActorConsole }

// as is the actor in the tables of moves.
func (a Actor) as() registry.Actor {
	switch {
	case a.Operator != nil:
		return registry.Actor(a.Operator.Role)
	case a.kind == journal.ActorApplicant, a.kind == journal.ActorClient:
		return registry.ByApplicant
	case a.kind == journal.ActorSystem, a.kind == journal.ActorConsole:
		return registry.BySystem
	}
	return ""
}

// current refuses an operator who was disabled, or whose role was changed,
// since the request began.
func (a Actor) current(tx *store.Tx) error {
	if a.Operator == nil {
		return nil
	}
	o, err := tx.Operator(a.Operator.ID)
	if err != nil {
		return err
	}
	if o.Disabled || o.Role != a.Operator.Role {
		return registry.Refuse(registry.Forbidden, "error.forbidden")
	}
	return nil
}

// owns refuses an applicant, or a holder, whose application this is not: to
// them it does not exist.
func (a Actor) owns(app *registry.Application) error {
	switch {
	case a.kind == journal.ActorApplicant && a.ApplicationID != app.ID,
		a.Certificate != nil && (app.OrganisationID == 0 || a.organisation != app.OrganisationID):
		return registry.Refuse(registry.NotFound, "error.not_found")
	}
	return nil
}

// is refuses an operator whose role is not one of roles, and everyone else.
func (a Actor) is(roles ...registry.Role) error {
	if a.Operator != nil {
		for _, r := range roles {
			if a.Operator.Role == r {
				return nil
			}
		}
	}
	return registry.Refuse(registry.Forbidden, "error.forbidden")
}

// May says whether the table of moves lets the actor do something to an
// application; the transition itself asks again.
func (a Actor) May(app *registry.Application, act registry.Action) bool {
	_, err := app.Move(act, a.as())
	return err == nil
}
