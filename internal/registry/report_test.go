package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tamga-ca/tamga/internal/registry"
)

// Every status × action × actor: what the table does not name is refused.
func TestUB27_EveryMoveOfAReport(t *testing.T) {
	actors := []registry.Actor{registry.ByClerk, registry.ByApprover, registry.Actor(registry.Auditor), registry.Actor(registry.Administrator), registry.ByApplicant, registry.ByHolder, registry.BySystem, ""}
	may := map[registry.ReportAction]map[registry.Actor]registry.ReportStatus{
		registry.ReportSuspend: {registry.ByClerk: registry.ReportReceived, registry.ByApprover: registry.ReportReceived},
		registry.ReportRevoke:  {registry.ByApprover: registry.ReportRevoked, registry.ByHolder: registry.ReportRevoked},
		registry.ReportReject:  {registry.ByApprover: registry.ReportRejected},
		registry.ReportLift:    {registry.ByApprover: registry.ReportLifted},
		registry.ReportEnd:     {registry.BySystem: registry.ReportOver},
	}
	for _, from := range registry.ReportStatuses {
		for act, by := range may {
			for _, who := range actors {
				got, err := registry.MoveReport(from, act, who)
				to, allowed := by[who]
				switch {
				case !allowed:
					if registry.KindOf(err) != registry.Forbidden || got != from {
						t.Errorf("%s %s by %q: %s, %v", from, act, who, got, err)
					}
				case from != registry.ReportReceived:
					if registry.KindOf(err) != registry.Conflict || got != from {
						t.Errorf("%s %s by %q: %s, %v", from, act, who, got, err)
					}
				case err != nil || got != to:
					t.Errorf("%s %s by %q: %s, %v; want %s", from, act, who, got, err, to)
				}
			}
		}
	}
}

func TestA13_TheClockOfAReport(t *testing.T) {
	at := time.Date(2026, 3, 19, 13, 20, 0, 0, time.UTC)
	r := registry.Report{ReportedAt: at, DueAt: at.Add(24 * time.Hour)}
	for _, c := range []struct {
		after        time.Duration
		share, level int
	}{
		{-time.Hour, 0, 0}, {0, 0, 0}, {12*time.Hour - time.Second, 49, 0}, {12 * time.Hour, 50, 50}, {18*time.Hour - time.Second, 74, 50},
		{18 * time.Hour, 75, 75}, {24*time.Hour - time.Second, 99, 75}, {24 * time.Hour, 100, 100}, {48 * time.Hour, 200, 100},
	} {
		now := at.Add(c.after)
		if s, l := r.ClockShare(now), r.EscalationAt(now); s != c.share || l != c.level {
			t.Errorf("after %v: %d %%, told of %d; want %d, %d", c.after, s, l, c.share, c.level)
		}
	}
}

func TestUB26_HowAReporterIsIdentified(t *testing.T) {
	for _, c := range []struct {
		way    registry.ReportWay
		ticked []registry.Identification
		good   bool
	}{
		{registry.ByPhone, nil, false},
		{registry.ByPhone, []registry.Identification{registry.KnowsPassport}, false},
		{registry.ByPhone, []registry.Identification{registry.KnowsPassport, registry.ShowsDocument}, false},
		{registry.ByPhone, []registry.Identification{registry.KnowsPassport, registry.CallsFromFile}, true},
		{registry.InPerson, []registry.Identification{registry.KnowsPassport}, false},
		{registry.InPerson, []registry.Identification{registry.ShowsDocument}, true},
		{registry.ByAuthority, nil, false},
		{registry.ByAuthority, []registry.Identification{registry.KnownToCA}, true},
	} {
		got, err := registry.CheckIdentified(c.way, c.ticked)
		if (err == nil) != c.good {
			t.Errorf("%s by %v: %v", c.way, c.ticked, err)
		}
		if err == nil && !slices.Equal(got, c.ticked) {
			t.Errorf("%s: kept %v of %v", c.way, got, c.ticked)
		}
	}
}
