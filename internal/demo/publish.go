package demo

import (
	"context"
)

// publish writes the news that clients land on.
func (d *demo) publish(ctx context.Context) error { return nil }
