package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// storeTogether ends the issuing of enrolments in one transaction: issuing →
// issued, each with the certificate that was compared with its intent. One
// that somebody else has moved on meanwhile says so in its err; an error is
// about all.
func (f *Flow) storeTogether(ctx context.Context, all []*making) error {
	var beaten []*making
	err := f.store.Write(ctx, func(tx *store.Tx) (err error) {
		beaten, err = f.storeAll(tx, all)
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range beaten {
		m.err = registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	if len(beaten) < len(all) {
		f.after("certificate stored")
	}
	return nil
}

func (f *Flow) storeAll(tx *store.Tx, all []*making) (beaten []*making, err error) {
	ids := make([]registry.EnrolmentID, len(all))
	for i, m := range all {
		ids[i] = m.ID
	}
	locked, err := tx.LockEnrolments(ids)
	if err != nil {
		return nil, err
	}
	var issued []*making
	var now []*registry.Enrolment
	var serials []registry.Serial
	var certificates []*registry.Certificate
	for _, m := range all {
		e := locked[m.ID]
		if e == nil || e.Serial != m.intent.Serial || registry.MoveEnrolment(e.Status, registry.Issued) != nil {
			beaten = append(beaten, m)
			continue
		}
		issued, now, serials = append(issued, m), append(now, e), append(serials, e.Serial)
		certificates = append(certificates, f.certificateOf(m, e))
	}
	if len(issued) == 0 {
		return beaten, nil
	}
	if err := tx.IntentsDone(serials, f.now()); err != nil {
		return nil, err
	}
	if err := tx.AddCertificates(certificates); err != nil {
		return nil, err
	}
	if err := tx.EndIssuing(now, f.now()); err != nil {
		return nil, err
	}
	if err := f.recordMoves(tx, registry.Issuing, now, func(i int) map[string]any {
		c := certificates[i]
		return map[string]any{"sha256": c.SHA256, "not_before": c.NotBefore, "not_after": c.NotAfter}
	}); err != nil {
		return nil, err
	}
	if err := f.announce(tx, issued, certificates); err != nil {
		return nil, err
	}
	return beaten, f.revokeBlocked(tx, certificates)
}

// certificateOf is the row of an enrolment's certificate.
func (f *Flow) certificateOf(m *making, e *registry.Enrolment) *registry.Certificate {
	sum := sha256.Sum256(m.cert.Raw)
	c := &registry.Certificate{
		Serial: m.intent.Serial, Profile: m.intent.Profile, EnrolmentID: e.ID, OperatorID: e.OperatorID,
		PersonalNumber: m.s.person.PersonalNumber, HolderName: m.s.person.Name(f.pack.Certificate.NameLanguage).String(),
		Role: m.s.role, Storage: m.s.storage(), NotBefore: m.intent.NotBefore, NotAfter: m.intent.NotAfter,
		DER: m.cert.Raw, SHA256: hex.EncodeToString(sum[:]), PublicKeyHash: m.intent.KeyHash, IssuedAt: f.now(),
	}
	if m.s.app != nil {
		c.OrganisationID = m.s.app.OrganisationID
	}
	return c
}

// announce binds the keys in the E-Cloud to their certificates and writes to
// each holder, once, that the certificate is issued.
func (f *Flow) announce(tx *store.Tx, issued []*making, certificates []*registry.Certificate) error {
	ids := make([]registry.EnrolmentID, len(issued))
	for i, m := range issued {
		ids[i] = m.ID
	}
	keys, err := tx.CloudKeysOf(ids)
	if err != nil {
		return err
	}
	var letters []store.Outgoing
	for i, m := range issued {
		s, c, to := m.s, certificates[i], m.s.email
		if key := keys[m.ID]; key != nil {
			if err := tx.SetCloudKeyCertificate(m.ID, c.ID); err != nil {
				return err
			}
			to = key.Email
		}
		if to == "" {
			continue
		}
		args := map[string]any{
			"name": s.person.Name(s.language).String(), "holder": c.HolderName, "serial": c.Serial, "storage": c.Storage,
			"not_before": c.NotBefore, "not_after": c.NotAfter, "status_url": f.base + "/status",
		}
		if s.app != nil {
			args["org"] = s.app.Declaration.Organisation.FullName(s.language)
			args["number"] = s.app.Number
		}
		letters = append(letters, outgoing(letterIssued, to, s.language, "issued/"+string(c.Serial), args))
	}
	return tx.AddOutboxes(letters, f.machine())
}
