package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/internal/token"
)

// Entrance is a login that succeeded: who it was, and for which organisations
// they may act.
type Entrance struct {
	Operator    *registry.Operator // nil for holders
	Certificate *registry.Certificate
	// Companies are the organisations to choose from (LG-11); the first is
	// the certificate's own. Empty for operators.
	Companies []*registry.Organisation
}

// AskLogin makes a login's question for one browser session.
func (f *Flow) AskLogin(ctx context.Context, origin, session string) (*Question, error) {
	q := new(Question)
	err := f.store.WriteOne(ctx, func(tx *store.Tx) (err error) {
		q.Challenge, q.Expected, err = f.ask(tx, token.Envelope{Type: token.Login, Origin: origin}, session)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking for a login: %w", err)
	}
	return q, nil
}

// Login judges the answer to a login's question, the same for every carrier:
// the question is spent, the signature verified, the account or the
// organisations found, and the login journalled. A refusal is counted by its
// source, not journalled one by one.
func (f *Flow) Login(ctx context.Context, challenge, session string, cms []byte, source string) (*Entrance, error) {
	in, err := f.login(ctx, challenge, session, cms)
	var refusal *registry.Error
	if errors.As(err, &refusal) {
		if cerr := f.CountFailure(ctx, source, refusal.Key); cerr != nil {
			return nil, cerr
		}
	}
	if err != nil {
		return nil, fmt.Errorf("logging in: %w", err)
	}
	return in, nil
}

func (f *Flow) login(ctx context.Context, challenge, session string, cms []byte) (*Entrance, error) {
	expected, err := f.take(ctx, token.Login, challenge, session)
	if err != nil {
		return nil, err
	}
	_, cert, err := f.verify(ctx, cms, expected)
	if err != nil {
		return nil, err
	}
	in := &Entrance{Certificate: cert}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if cert.Profile == registry.OperatorProfile {
			return f.admitOperator(tx, in)
		}
		return f.admitHolder(tx, in)
	})
	if err != nil {
		return nil, err
	}
	return in, nil
}

func (f *Flow) admitOperator(tx *store.Tx, in *Entrance) error {
	o, err := tx.Operator(in.Certificate.OperatorID)
	if err != nil {
		return err
	}
	if o.Disabled {
		return registry.Refuse(registry.Forbidden, "error.operator_disabled")
	}
	in.Operator = o
	return f.record(tx, ByOperator(o), "login.operator", map[string]any{"role": o.Role}, nil, Operator(o.ID), Certificate(in.Certificate.Serial))
}

func (f *Flow) admitHolder(tx *store.Tx, in *Entrance) error {
	ids, err := tx.CompaniesOf(in.Certificate.PersonalNumber, f.now())
	if err != nil {
		return err
	}
	byID, err := tx.Organisations(ids)
	if err != nil {
		return err
	}
	own := in.Certificate.OrganisationID
	if o := byID[own]; o != nil {
		in.Companies = append(in.Companies, o)
	}
	for _, id := range ids {
		if o := byID[id]; o != nil && id != own {
			in.Companies = append(in.Companies, o)
		}
	}
	return f.record(tx, ByHolder(in.Certificate), "login.holder", map[string]any{"storage": in.Certificate.Storage}, nil,
		Certificate(in.Certificate.Serial), Organisation(own))
}

// ChooseCompany binds a login to one of its organisations (LG-12).
func (f *Flow) ChooseCompany(ctx context.Context, serial registry.Serial, id registry.OrganisationID) (*registry.Organisation, error) {
	var org *registry.Organisation
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		cert, err := tx.CertificateBySerial(serial)
		if err != nil {
			return err
		}
		ids, err := tx.CompaniesOf(cert.PersonalNumber, f.now())
		if err != nil {
			return err
		}
		if !slices.Contains(ids, id) {
			return registry.Refuse(registry.Forbidden, "error.forbidden")
		}
		if org, err = tx.Organisation(id); err != nil {
			return err
		}
		return f.record(tx, ByHolder(cert), "login.company", nil, nil, Certificate(serial), Organisation(id))
	})
	if err != nil {
		return nil, fmt.Errorf("choosing a company: %w", err)
	}
	return org, nil
}

// CheckSession says why a session has to end: the operator was disabled or has
// another role, the certificate was revoked, suspended or is over, its holder
// may no longer act for the organisation (0: none was chosen).
func (f *Flow) CheckSession(ctx context.Context, op registry.OperatorID, role registry.Role, serial registry.Serial, org registry.OrganisationID) error {
	return f.store.Read(ctx, func(tx *store.Tx) error {
		if op != 0 {
			o, err := tx.Operator(op)
			if err != nil {
				return err
			}
			switch {
			case o.Disabled:
				return registry.Refuse(registry.Unauthenticated, "error.operator_disabled")
			case o.Role != role:
				return registry.Refuse(registry.Unauthenticated, "error.session.role")
			}
		}
		cert, err := tx.CertificateBySerial(serial)
		if err != nil {
			return err
		}
		if err := refuseUnusable(cert, f.now()); err != nil || org == 0 || org == cert.OrganisationID {
			return err
		}
		ids, err := tx.CompaniesOf(cert.PersonalNumber, f.now())
		if err == nil && !slices.Contains(ids, org) {
			return registry.Refuse(registry.Unauthenticated, "error.session.company")
		}
		return err
	})
}

// refuseUnusable gives each state of a certificate its own sentence (L16…L19).
func refuseUnusable(cert *registry.Certificate, now time.Time) error {
	switch cert.Status {
	case registry.CertRevoked:
		return registry.Refuse(registry.Unauthenticated, "error.certificate.revoked")
	case registry.CertSuspended:
		return registry.Refuse(registry.Unauthenticated, "error.certificate.suspended")
	}
	switch cert.ValidityAt(now) {
	case registry.Expired:
		return registry.Refuse(registry.Unauthenticated, "error.certificate.expired", "date", cert.NotAfter)
	case registry.NotYetUsable:
		return registry.Refuse(registry.Unauthenticated, "error.certificate.not_yet", "date", cert.NotBefore)
	}
	return nil
}

// LogOut journals that a session was ended by its owner (LG-15).
func (f *Flow) LogOut(ctx context.Context, who Actor) error {
	return f.store.Write(ctx, func(tx *store.Tx) error { return f.record(tx, who, "logout", nil, nil) })
}
