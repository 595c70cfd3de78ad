package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tamga-ca/tamga/internal/journal"
	"github.com/tamga-ca/tamga/internal/registry"
	"github.com/tamga-ca/tamga/internal/store"
)

// ErrSampleDiffers says that a sample cannot be drawn again as it was: the
// journal or the sample was changed.
var ErrSampleDiffers = errors.New("the sample drawn again is another")

// DrawSample draws a quarter's sample, by an auditor. Nobody chooses it: the
// root of the first checkpoint signed after the quarter's end does, over the
// certificates that this checkpoint covers (docs/self-audit.md). Drawn again it
// is the same; drawn is false then, and an error that wraps ErrSampleDiffers
// otherwise.
func (f *Flow) DrawSample(ctx context.Context, who Actor, q registry.Quarter) (drawn bool, err error) {
	if err := who.is(registry.Auditor); err != nil {
		return false, err
	}
	err = f.store.Write(ctx, func(tx *store.Tx) error {
		if err := who.current(tx); err != nil {
			return err
		}
		s, serials, err := f.draw(tx, q)
		if err != nil {
			return err
		}
		s.DrawnBy, s.DrawnAt = who.Operator.ID, f.now()
		if drawn, err = tx.AddSample(s, serials); err != nil {
			return err
		}
		if !drawn {
			return f.sameAsDrawn(tx, s, serials)
		}
		return f.record(tx, who, "sample.drawn", map[string]any{
			"quarter": q.String(), "checkpoint": s.CheckpointSize, "root": journal.Hash(s.Root).String(), "population": s.Population, "drawn": len(serials),
		}, nil, sampleSubject(q))
	})
	if errors.Is(err, ErrSampleDiffers) {
		f.log.Error("ALARM: a sample of the self-audit, drawn again, is another: the journal or the sample was changed", "quarter", q, "err", err)
	}
	if err != nil {
		return false, fmt.Errorf("drawing the sample of %s: %w", q, err)
	}
	return drawn, nil
}

// draw makes the sample of a quarter that is over.
func (f *Flow) draw(tx *store.Tx, q registry.Quarter) (*registry.Sample, []string, error) {
	zone := f.pack.Zone()
	s := &registry.Sample{Quarter: q, Start: q.Start(zone).UTC(), End: q.End(zone).UTC()}
	if f.now().Before(s.End) {
		return nil, nil, registry.Refuse(registry.Conflict, "error.sample.not_over", "quarter", q.String(), "date", q.Last().Display())
	}
	first, err := tx.FirstIssue()
	if err != nil {
		return nil, nil, err
	}
	if first.IsZero() || !first.Before(s.End) {
		return nil, nil, registry.Refuse(registry.NotFound, "error.sample.nothing", "quarter", q.String())
	}
	seed, err := f.decider(tx, s.End)
	if err != nil {
		return nil, nil, err
	}
	if seed == nil {
		return nil, nil, registry.Refuse(registry.Conflict, "error.sample.no_checkpoint", "quarter", q.String())
	}
	// seed is at or after the beginning too: there is one.
	earlier, err := f.decider(tx, s.Start)
	if err != nil {
		return nil, nil, err
	}
	issued, err := tx.IssuedSerials(s.Start, s.End, earlier.Size, seed.Size)
	if err != nil {
		return nil, nil, err
	}
	s.CheckpointSize, s.Root, s.Population = seed.Size, seed.Root, len(issued)
	return s, journal.Draw(seed.Root, issued), nil
}

// decider is the first checkpoint at or after an instant as it was signed, or
// nil: what stands beside its note in the database is not believed.
func (f *Flow) decider(tx *store.Tx, since time.Time) (*journal.Checkpoint, error) {
	c, err := tx.FirstCheckpointSince(since)
	if err != nil || c == nil {
		return nil, err
	}
	if f.seal == nil {
		return nil, registry.Refuse(registry.Unavailable, "error.sample.no_key")
	}
	signed, err := f.seal.Known.Open(c.Note)
	if err != nil {
		return nil, err
	}
	if signed.Size != c.Size || signed.Root != c.Root || !signed.At.Equal(c.At) {
		return nil, fmt.Errorf("%w: the checkpoint over %d entries is stored otherwise than it was signed", ErrSampleDiffers, c.Size)
	}
	return &signed, nil
}

func (f *Flow) sameAsDrawn(tx *store.Tx, again *registry.Sample, serials []string) error {
	have, err := tx.Sample(again.Quarter)
	if err != nil {
		return err
	}
	items, err := tx.SampleItems(have.ID, 1, len(serials)+1)
	if err != nil {
		return err
	}
	same := have.Root == again.Root && have.CheckpointSize == again.CheckpointSize && have.Population == again.Population &&
		slices.EqualFunc(items, serials, func(i registry.SampleItem, serial string) bool { return string(i.Serial) == serial })
	if !same {
		return fmt.Errorf("%w than the one of %s", ErrSampleDiffers, have.DrawnAt.Format(time.RFC3339))
	}
	return nil
}

func sampleSubject(q registry.Quarter) journal.Subject {
	return journal.Subject{Kind: "sample", ID: q.String()}
}
