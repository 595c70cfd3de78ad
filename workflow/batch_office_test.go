package workflow_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"

	"github.com/tamga-ca/tamga/ca"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
	"github.com/tamga-ca/tamga/workflow"
)

// onFile is a certificate of the real CA for the n-th person of an organisation.
func (o *office) onFile(org, n int) *registry.Certificate {
	return o.certified(org, person(org*1000+n, "Директор"))
}

// certificateOf is an employee's certificate as a client.
func (o *office) certificateOf(who *colleague, org int) *registry.Certificate {
	return o.certified(org, who.Operator.Person)
}

func (o *office) certified(org int, p registry.PersonRequisites) *registry.Certificate {
	o.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		o.t.Fatal(err)
	}
	cert := o.certify(key, ca.Subject{
		Organisation: "Ак-Булак", INN: declaration(org).Organisation.INN, CommonName: p.NameRu.String(), Surname: p.NameRu.Surname, GivenName: p.NameRu.Given,
		PersonalNumber: p.PersonalNumber,
	}, registry.HolderProfile)
	row := rowOf(cert, registry.Certificate{
		Profile: registry.HolderProfile, OrganisationID: o.organisation(org), PersonalNumber: p.PersonalNumber, HolderName: p.NameRu.String(),
		Role: registry.Head, Storage: registry.ECloud,
	})
	o.write(func(tx *store.Tx) error {
		row.ID, err = tx.AddCertificate(row)
		return err
	})
	return &row
}

// ofOrganisation chooses everything of an organisation.
func ofOrganisation(n, confirm int) workflow.NewBatch {
	return workflow.NewBatch{
		Choice: registry.ChosenByOrganisation, Criteria: registry.BatchCriteria{INN: declaration(n).Organisation.INN}, Cause: "compromised",
		Remark: "Уюмдун сейфи уурдалган", Confirm: confirm,
	}
}

func (o *issuingOffice) propose(in workflow.NewBatch) *registry.Batch {
	o.t.Helper()
	b, err := o.flow.ProposeBatch(o.ctx, o.approver.Actor, in)
	if err != nil {
		o.t.Fatal(err)
	}
	return b
}

// signBatch is an approver's signature over a batch as it stands.
func (o *issuingOffice) signBatch(by *colleague, b *registry.Batch) error {
	in := workflow.BatchDecision{ID: b.ID, Version: b.Version, Text: "Баарын чакыртам", Origin: origin, Session: session}
	q, err := o.flow.AskBatchDecision(o.ctx, by.Actor, in)
	if err != nil {
		return err
	}
	return o.flow.SignBatch(o.ctx, by.Actor, in, q.Challenge, by.sign(o.t, q.Expected))
}

func (o *issuingOffice) runBatches() {
	o.t.Helper()
	for range 2 { // the second finds nothing to do
		if _, err := o.flow.RunBatches(o.ctx); err != nil {
			o.t.Fatal(err)
		}
	}
}

// batchNow is a batch as it stands, and its report.
func (o *issuingOffice) batchNow(number string) (b *registry.Batch, lines []store.BatchLine, n registry.BatchCounts) {
	o.t.Helper()
	o.read(func(tx *store.Tx) (err error) {
		if b, err = tx.BatchByNumber(number); err != nil {
			return err
		}
		if n, err = tx.BatchCounts(b.ID); err != nil {
			return err
		}
		lines, err = tx.BatchLines(b.ID, 0, 1000)
		return err
	})
	return b, lines, n
}
