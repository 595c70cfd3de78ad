package workflow

import (
	"context"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Take puts a file into a clerk's hands: submitted → in review, or a file in
// work that nobody has. One that a colleague has is a Conflict that names the
// colleague.
func (f *Flow) Take(ctx context.Context, who Actor, id registry.ApplicationID) error {
	return f.changeApplication(ctx, who, id, 0, registry.ActTake, func(c *change) error {
		switch c.app.Assignee {
		case who.Operator.ID:
			return nil
		case 0:
			c.app.Assignee, c.app.AssignedAt = who.Operator.ID, &c.now
			return nil
		}
		other, err := c.tx.Operator(c.app.Assignee)
		if err != nil {
			return err
		}
		return registry.Refuse(registry.Conflict, "error.application.taken", "name", other.Person.NameRu.Short())
	})
}

// GiveBack returns a file to the queue: its status stays, nobody has it. By
// the clerk who has it.
func (f *Flow) GiveBack(ctx context.Context, who Actor, id registry.ApplicationID) error {
	return f.changeApplication(ctx, who, id, 0, registry.ActGiveBack, func(c *change) error {
		if c.app.Assignee != who.Operator.ID {
			return registry.Refuse(registry.Conflict, "error.application.not_yours")
		}
		c.app.Assignee, c.app.AssignedAt = 0, nil
		return nil
	})
}

// Assign puts a file into a named clerk's hands: submitted → in review, or
// from one clerk to another. By a clerk or an approver.
func (f *Flow) Assign(ctx context.Context, who Actor, id registry.ApplicationID, version int64, to registry.OperatorID) error {
	return f.changeApplication(ctx, who, id, version, registry.ActAssign, func(c *change) error {
		o, err := c.tx.Operator(to)
		if err != nil {
			return err
		}
		if o.Disabled || o.Role != registry.Clerk {
			return registry.Refuse(registry.Invalid, "error.application.no_such_clerk").On("assignee")
		}
		c.app.Assignee, c.app.AssignedAt = o.ID, &c.now
		c.details["assignee"] = o.ID
		return nil
	})
}
