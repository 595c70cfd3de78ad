package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// DataRequestInput is a person's request for their own data.
type DataRequestInput struct {
	PersonalNumber registry.PersonalNumber
	AskedBy        string
	Way            registry.DataRequestWay
	Identified     string
	Note           string
	// ReceivedAt is when it came; zero: now. The clock starts there, not when
	// it is entered.
	ReceivedAt time.Time
}

// RecordDataRequest enters a person's request for what is kept about them, by a
// clerk or an approver: nothing → received. A week runs from when it came
// (domain.md §6.9). One open request a person.
func (f *Flow) RecordDataRequest(ctx context.Context, who Actor, in DataRequestInput) (*registry.DataRequest, error) {
	if err := who.is(registry.Clerk, registry.Approver); err != nil {
		return nil, err
	}
	if errs := f.checkDataRequest(&in); len(errs) > 0 {
		return nil, errs
	}
	now := f.now()
	r := &registry.DataRequest{
		PersonalNumber: in.PersonalNumber, AskedBy: in.AskedBy, Way: in.Way, Identified: in.Identified, Note: in.Note, Status: registry.DataReceived,
		ReceivedAt: in.ReceivedAt, DueAt: in.ReceivedAt.Add(registry.DataRequestTerm), CreatedBy: who.Operator.ID, CreatedAt: now, Version: 1,
	}
	err := f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		var err error
		if r.Number, err = f.nextNumber(tx, "data-request", "D-"); err != nil {
			return err
		}
		if err := tx.AddDataRequest(r); err != nil {
			return err
		}
		return f.record(tx, who, "data_request.received", map[string]any{"number": r.Number, "way": r.Way, "received_at": r.ReceivedAt, "due_at": r.DueAt},
			map[string]string{"asked_by": r.AskedBy, "identified": r.Identified, "personal_number": string(r.PersonalNumber)}, dataRequestSubject(r))
	})
	if errors.Is(err, store.ErrUnique) {
		err = registry.Refuse(registry.Conflict, "error.data_request.open").On("personal_number")
	}
	if err != nil {
		return nil, fmt.Errorf("recording a request for personal data: %w", err)
	}
	return r, nil
}

func (f *Flow) checkDataRequest(in *DataRequestInput) (errs registry.Errors) {
	refuse := func(field, key string) {
		errs = append(errs, registry.Refuse(registry.Invalid, key).On(field))
	}
	now := f.now()
	add := func(field string, err error) {
		var refusal *registry.Error
		if errors.As(err, &refusal) {
			errs = append(errs, refusal.On(field))
		}
	}
	number, err := registry.ParsePersonalNumber(string(in.PersonalNumber), now)
	add("personal_number", err)
	in.PersonalNumber = number
	if !slices.Contains(registry.DataRequestWays[:], in.Way) {
		refuse("way", "error.required")
	}
	in.AskedBy, err = someText(in.AskedBy, "asked_by")
	add("asked_by", err)
	in.Identified, err = someText(in.Identified, "identified")
	add("identified", err)
	in.Note, err = someRemark(in.Note, "note")
	add("note", err)
	if in.ReceivedAt.IsZero() {
		in.ReceivedAt = now
	}
	in.ReceivedAt = in.ReceivedAt.UTC().Truncate(time.Microsecond)
	if in.ReceivedAt.After(now) {
		refuse("received_at", "error.data_request.future")
	}
	return errs
}

// HandOverData ends a request whose data were put together: received →
// handed_over, by a clerk or an approver, who says how the person got them.
func (f *Flow) HandOverData(ctx context.Context, who Actor, number string, version int64, how string) error {
	return f.concludeDataRequest(ctx, who, number, version, registry.DataHandOver, how)
}

// RefuseData ends a request without its data: received → refused, by an
// approver, with the reasons that the person gets in writing.
func (f *Flow) RefuseData(ctx context.Context, who Actor, number string, version int64, reasons string) error {
	return f.concludeDataRequest(ctx, who, number, version, registry.DataRefuse, reasons)
}

func (f *Flow) concludeDataRequest(ctx context.Context, who Actor, number string, version int64, act registry.DataRequestAction, remark string) error {
	err := f.changeDataRequest(ctx, who, number, version, act, func(tx *store.Tx, r *registry.DataRequest) error {
		var err error
		if r.Remark, err = someText(remark, "remark"); err != nil {
			return err
		}
		if act == registry.DataHandOver && r.ExportedAt == nil {
			return registry.Refuse(registry.Conflict, "error.data_request.not_exported")
		}
		now := f.now()
		r.ConcludedAt, r.ConcludedBy = &now, who.Operator.ID
		if err := tx.SaveDataRequest(r); err != nil {
			return err
		}
		details := map[string]any{"number": r.Number, "late": now.After(r.DueAt)}
		if r.Status == registry.DataHandedOver {
			details["sha256"] = r.ExportedSHA256
		}
		return f.record(tx, who, "data_request."+string(r.Status), details, map[string]string{"remark": r.Remark}, dataRequestSubject(r))
	})
	if err != nil {
		return fmt.Errorf("%s of data request %s: %w", act, number, err)
	}
	return nil
}

// changeDataRequest locks a request, judges the move and has it done.
func (f *Flow) changeDataRequest(ctx context.Context, who Actor, number string, version int64, act registry.DataRequestAction, do func(*store.Tx, *registry.DataRequest) error) error {
	if _, err := registry.MoveDataRequest(registry.DataReceived, act, who.as()); err != nil {
		return err
	}
	return f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		r, err := tx.LockDataRequest(number)
		if err != nil {
			return err
		}
		if r.Status, err = registry.MoveDataRequest(r.Status, act, who.as()); err != nil {
			return err
		}
		if version != 0 && r.Version != version {
			return registry.Refuse(registry.Conflict, "error.changed_meanwhile")
		}
		return do(tx, r)
	})
}

func dataRequestSubject(r *registry.DataRequest) journal.Subject {
	return journal.Subject{Kind: "data_request", ID: strconv.FormatInt(int64(r.ID), 10)}
}
