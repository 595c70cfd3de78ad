package handlers

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// actorNames are the names of those who did something: of operators, and of the
// holders by the certificate they did it with.
type actorNames struct {
	operators map[registry.OperatorID]string
	holders   map[registry.Serial]string
}

// actorsOf are the names of the operators, and of the holders in some entries.
func actorsOf(tx *store.Tx, operators map[registry.OperatorID]string, entries []journal.Entry) (actorNames, error) {
	var serials []registry.Serial
	for _, e := range entries {
		if e.Actor.Kind == journal.ActorClient {
			serials = append(serials, registry.Serial(e.Actor.ID))
		}
	}
	holders, err := tx.HolderNames(serials)
	return actorNames{operators, holders}, err
}

// of is the name of an actor; empty: they have none.
func (n actorNames) of(a journal.Actor) string {
	switch a.Kind {
	case journal.ActorOperator:
		if id, err := strconv.ParseInt(a.ID, 10, 64); err == nil {
			return n.operators[registry.OperatorID(id)]
		}
	case journal.ActorClient:
		return n.holders[registry.Serial(a.ID)]
	}
	return ""
}

// auditActor says who it was: an operator by name, a client by kind and name,
// others by their kind.
func (s *Server) auditActor(c echo.Context, a journal.Actor, names actorNames) string {
	name := names.of(a)
	if name != "" && a.Kind == journal.ActorOperator {
		return name
	}
	if name == "" {
		name = a.ID
	}
	return strings.TrimSpace(s.text(c, "audit.actor."+string(a.Kind)) + " " + name)
}

// actorName is how a file's history calls who did something.
func (s *Server) actorName(c echo.Context, a journal.Actor, names actorNames) string {
	if name := names.of(a); name != "" {
		return name
	}
	if a.Kind == journal.ActorApplicant || a.Kind == journal.ActorClient {
		return s.text(c, "application.applicant")
	}
	return ""
}
