package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// FindingInput is what an auditor found in the file of a drawn certificate.
type FindingInput struct {
	Quarter  registry.Quarter
	Position int
	// Last is the finding that the auditor saw last, which this one corrects;
	// 0: none.
	Last     registry.FindingID
	Outcome  registry.FindingOutcome
	Severity registry.Severity
	Note     string
}

// RecordFinding writes down what was found in the file of a drawn certificate,
// by an auditor who had no hand in that file. Nothing is ever changed: a
// correction stands beside what it corrects.
func (f *Flow) RecordFinding(ctx context.Context, who Actor, in FindingInput) error {
	if err := who.is(registry.Auditor); err != nil {
		return err
	}
	if errs := in.check(); len(errs) > 0 {
		return errs
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		sample, err := tx.Sample(in.Quarter)
		if err != nil {
			return err
		}
		items, err := tx.SampleItems(sample.ID, in.Position, 1)
		if err != nil {
			return err
		}
		if len(items) == 0 || items[0].Position != in.Position {
			return registry.Refuse(registry.NotFound, "error.not_found")
		}
		if err := HadNoHand(tx, who.Operator, items[0].Serial); err != nil {
			return err
		}
		return f.addFinding(tx, who, sample, items[0], in)
	})
	if err != nil {
		return fmt.Errorf("recording a finding in the sample of %s: %w", in.Quarter, err)
	}
	return nil
}

func (f *Flow) addFinding(tx *store.Tx, who Actor, sample *registry.Sample, item registry.SampleItem, in FindingInput) error {
	var last registry.FindingID
	if item.Last != nil {
		last = item.Last.ID
	}
	if last != in.Last {
		return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
	}
	finding := &registry.Finding{Outcome: in.Outcome, Severity: in.Severity, Note: in.Note, Corrects: last, OperatorID: who.Operator.ID, At: f.now()}
	id, err := tx.AddFinding(sample.ID, in.Position, finding)
	if err != nil {
		return orBeaten(err)
	}
	kind, details := "finding.recorded", map[string]any{"finding": id, "outcome": in.Outcome, "severity": in.Severity, "position": in.Position}
	if last != 0 {
		kind, details["corrects"] = "finding.corrected", last
	}
	var personal map[string]string
	if in.Note != "" {
		personal = map[string]string{"note": in.Note}
	}
	return f.record(tx, who, kind, details, personal, sampleSubject(in.Quarter), Certificate(item.Serial))
}

// HadNoHand refuses an auditor who worked on the file of a certificate in an
// earlier role, or whose own certificate it is.
func HadNoHand(tx *store.Tx, o *registry.Operator, serial registry.Serial) error {
	cert, err := tx.CertificateBySerial(serial)
	if err != nil {
		return err
	}
	own := cert.PersonalNumber == o.Person.PersonalNumber
	app, err := tx.ApplicationOf(cert)
	if err != nil {
		return err
	}
	if app != nil && !own {
		hands, err := handsOf(tx, app.ID)
		if err != nil {
			return err
		}
		own = slices.Contains(hands, o.Person.PersonalNumber)
	}
	if own {
		return registry.Refuse(registry.Forbidden, "error.finding.own_file")
	}
	return nil
}

func handsOf(tx *store.Tx, id registry.ApplicationID) (out []registry.PersonalNumber, err error) {
	hands, err := tx.Hands(id)
	if err != nil {
		return nil, err
	}
	for _, h := range hands {
		out = append(out, h.PersonalNumber)
	}
	decisions, err := tx.Decisions(id)
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		o, err := tx.Operator(d.OperatorID)
		if err != nil {
			return nil, err
		}
		out = append(out, o.Person.PersonalNumber)
	}
	return out, nil
}

func (in *FindingInput) check() (errs registry.Errors) {
	refuse := func(field, key string) {
		errs = append(errs, registry.Refuse(registry.Invalid, key).On(field))
	}
	var long *registry.Error
	note, err := someRemark(in.Note, "note")
	if errors.As(err, &long) {
		return registry.Errors{long}
	}
	in.Note = note
	switch in.Outcome {
	case registry.NothingFound:
		if in.Severity != "" {
			refuse("severity", "error.finding.severity_of_nothing")
		}
	case registry.SomethingFound:
		if !slices.Contains(registry.Severities[:], in.Severity) {
			refuse("severity", "error.required")
		}
		if in.Note == "" {
			refuse("note", "error.required")
		}
	default:
		refuse("outcome", "error.required")
	}
	return errs
}
