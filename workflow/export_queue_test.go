package workflow

import "context"

// LapseUnpaid and WakePaid are rounds of the background work.
func (f *Flow) LapseUnpaid(ctx context.Context) (bool, error) { return f.lapseUnpaid(ctx) }
func (f *Flow) WakePaid(ctx context.Context) (bool, error)    { return f.wakePaid(ctx) }
