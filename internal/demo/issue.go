package demo

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/tamga-ca/tamga/internal/ecloud"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// pinOf is the PIN-code that a holder of the demo has chosen: the same every
// time, and none that is refused as too easy.
func pinOf(p registry.PersonRequisites, inn registry.INN) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", p.PersonalNumber, inn, n))
		pin := fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[:])%1000000)
		if ecloud.CheckPIN(pin, p.PersonalNumber, inn) == nil {
			return pin
		}
	}
}

// issue activates every holder's key and has the certificates made, in the
// status wanted. Those that can be used are logged in with once, which hands
// them over.
func (s *story) issue(status string) *story {
	return s.then(func(ctx context.Context) error {
		var es []*registry.Enrolment
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			es, err = tx.Enrolments(s.id)
			return err
		})
		if err != nil {
			return err
		}
		for i, e := range es {
			if err := s.issueOne(ctx, e, i, status); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *story) issueOne(ctx context.Context, e *registry.Enrolment, i int, status string) error {
	person := s.decl.Signatories()[i]
	slip, err := s.flow.StartActivation(ctx, s.clerk.actor, e.ID, "")
	if err != nil {
		return err
	}
	if err := s.flow.ConfirmAddress(ctx, s.clerk2.actor, slip.Activation); err != nil {
		return err
	}
	if _, err := s.flow.SendLetters(ctx, 100); err != nil {
		return err
	}
	code, err := s.codeFor(ctx, slip.Email)
	if err != nil {
		return err
	}
	pin, browser := pinOf(person.Person, s.decl.Organisation.INN), workflow.NewBrowserToken()
	if _, err := s.flow.Activate(ctx, workflow.ActivationInput{Paper: slip.Code, Mail: code, PIN: pin, Browser: browser, Source: "127.0.0.1"}); err != nil {
		return err
	}
	from, to := s.interval(status)
	if err := s.flow.Backdated(from, to).WorkOnce(ctx); err != nil {
		return err
	}
	choice := person.Role
	if choice == registry.HeadAsAccountant {
		choice = registry.Head
	}
	s.report.People = append(s.report.People, Person{
		Name: person.Person.NameKy.String(), Role: string(person.Role), Login: "ecloud", Identifier: string(s.decl.Organisation.INN), Choice: string(choice),
		PINCode: pin, Organisation: s.decl.Organisation.FullName(registry.Kyrgyz), Certificate: status,
	})
	if status == ending {
		who := &s.report.People[len(s.report.People)-1]
		who.Certificate, who.Ends = valid, &to
	}
	if status == notYet {
		return nil
	}
	login := workflow.CloudLogin{
		INN: s.decl.Organisation.INN, Role: choice, PIN: pin, Browser: browser, Source: "127.0.0.1", Origin: s.report.BaseURL, Session: "demo",
	}
	_, err = s.flow.LoginCloud(ctx, login)
	return err
}

// expiresIn is how long the demo's expired certificate still lives: the CA
// refuses to make one that is over.
const expiresIn = 45 * time.Second

// interval is the validity of a certificate that has a status today. It begins
// when it is made, at the demo's clock; the last begins a year ago or in a
// month.
func (s *story) interval(status string) (from, to time.Time) {
	from = s.time().Truncate(time.Second)
	switch status {
	case notYet:
		from = s.now.AddDate(0, 1, 0)
	case expired:
		to = time.Now().UTC().Add(expiresIn).Truncate(time.Second)
		return to.AddDate(-1, 0, 0), to
	case ending:
		to = time.Now().UTC().Add(s.endsIn).Truncate(time.Second)
		return to.AddDate(-1, 0, 0), to
	}
	return from, from.AddDate(1, 0, 0)
}

// certificates fills in the report's list.
func (d *demo) certificates(ctx context.Context) error {
	return d.store.Read(ctx, func(tx *store.Tx) error {
		for i := range d.report.Applications {
			app, err := tx.ApplicationByNumber(d.report.Applications[i].Number)
			if err != nil {
				return err
			}
			d.report.Applications[i].Status = app.Status
			es, err := tx.Enrolments(app.ID)
			if err != nil {
				return err
			}
			for _, e := range es {
				c, err := tx.CertificateOfEnrolment(e.ID)
				if registry.KindOf(err) == registry.NotFound {
					continue
				}
				if err != nil {
					return err
				}
				d.list(c)
			}
		}
		operators, err := tx.Operators()
		if err != nil {
			return err
		}
		for _, o := range operators {
			certs, err := tx.CertificatesOfPerson(o.Person.PersonalNumber)
			if err != nil {
				return err
			}
			for _, c := range certs {
				d.list(c)
			}
		}
		return nil
	})
}

// list puts a certificate into the report.
func (d *demo) list(c *registry.Certificate) {
	d.report.Certificates = append(d.report.Certificates, Certificate{
		Serial: string(c.Serial), Status: d.statusOf(c), Holder: c.HolderName,
		PEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.DER}),
	})
}

func (d *demo) statusOf(c *registry.Certificate) string {
	switch {
	case c.Status == registry.CertSuspended:
		return suspended
	case c.Status == registry.CertRevoked:
		return revoked
	case c.ValidityAt(d.now) == registry.NotYetUsable:
		return notYet
	case c.NotAfter.Before(d.now.Add(min(time.Hour, d.endsIn))):
		return expired
	}
	return valid
}
