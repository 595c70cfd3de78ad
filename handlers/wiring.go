package handlers

import (
	"context"
	"strings"

	"github.com/tamga-ca/tamga/internal/authorities"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/templates"
	"github.com/tamga-ca/tamga/workflow"
)

// UseWorkflow fills in what Deps takes from the workflow, the store and the
// authority's pack.
func (d *Deps) UseWorkflow(f *workflow.Flow, st *store.Store) {
	pack := f.Pack()
	d.Workflow, d.Store = f, st
	d.Authority = map[registry.Language]templates.Authority{}
	for _, l := range registry.Languages {
		d.Authority[l] = authorityIn(pack, l)
	}
	d.Landing = "/" + string(pack.Login.PostLoginPage)
	d.LoginSteps, d.CompanyStep = pack.Login.Steps, pack.Login.CompanyStep
	d.LoginToken = true
	d.CheckSession = func(ctx context.Context, id Identity) error {
		if id.Kind == ApplicantSession {
			return f.CheckLink(ctx, id.ApplicationID, id.Link)
		}
		return f.CheckSession(ctx, id.OperatorID, id.Role, id.Serial, id.OrganisationID)
	}
	d.LoginCloud = func(ctx context.Context, in CloudLogin) (Identity, error) {
		e, err := f.LoginCloud(ctx, workflow.CloudLogin{
			INN: in.INN, Role: in.Role, Operator: in.Operator, PIN: string(in.PIN), Browser: in.Browser,
			Source: in.Source.String(), Origin: d.BaseURL, Session: in.Session,
		})
		if err != nil {
			return Identity{}, err
		}
		return identityOf(e), nil
	}
	d.Bar = func(ctx context.Context, l registry.Language, id Identity) (Bar, error) {
		return barOf(ctx, st, pack, d.Now(), l, id)
	}
}

// CatalogWords are the authority's words for its product, as the catalogs
// insert them.
func CatalogWords(p *authorities.Pack) map[string]templates.Words {
	cases := func(c authorities.Cases) templates.Cases {
		return templates.Cases{Nom: c.Nom, Gen: c.Gen, Dat: c.Dat, Acc: c.Acc, Loc: c.Loc, Abl: c.Abl}
	}
	out := map[string]templates.Words{}
	for _, l := range registry.Languages {
		out[string(l)] = templates.Words{Sig: cases(p.Words.Sig.In(l)), Mark: cases(p.Words.Mark.In(l)), System: cases(p.Words.System.In(l))}
	}
	return out
}

func authorityIn(p *authorities.Pack, l registry.Language) templates.Authority {
	a := templates.Authority{Name: p.Authority.Short.In(l), Email: p.Authority.Email, Notice: p.Authority.Notice.In(l)}
	for _, phone := range p.Authority.Phones {
		a.Phones = append(a.Phones, readablePhone(phone))
	}
	if len(p.Authority.Sites) > 0 {
		a.Site = p.Authority.Sites[0]
	}
	return a
}

// readablePhone groups an E.164 number of the republic: +996 312 960 360.
func readablePhone(e164 string) string {
	if len(e164) != len("+996312960360") {
		return e164
	}
	return strings.Join([]string{e164[:4], e164[4:7], e164[7:10], e164[10:]}, "\u00a0")
}

// identityOf is the session that a login begins.
func identityOf(e *workflow.Entrance) Identity {
	id := Identity{
		PersonalNumber: e.Certificate.PersonalNumber, CertificateID: e.Certificate.ID, Serial: e.Certificate.Serial, CertEnds: e.Certificate.NotAfter,
	}
	if e.Operator != nil {
		id.Kind, id.OperatorID, id.Role = OperatorSession, e.Operator.ID, e.Operator.Role
		id.Name = e.Operator.Person.Name(e.Operator.Language).Short()
		return id
	}
	id.Kind, id.OrganisationID, id.Signatory = HolderSession, e.Certificate.OrganisationID, e.Certificate.Role
	id.Companies = len(e.Companies)
	if len(e.Companies) > 0 {
		id.Name = e.Companies[0].FullName(registry.Kyrgyz)
	}
	return id
}
