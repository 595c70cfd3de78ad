package registry

import (
	"encoding/json"
	"testing"
	"time"
)

// What was signed of a batch is made again from its row years later: to the byte.
func TestBatchIsSignedAsItEverWas(t *testing.T) {
	at := time.Date(2026, 4, 2, 3, 12, 40, 5000, time.UTC)
	got, err := json.Marshal(Batch{
		ID: 7, Number: "B-26-0002", Choice: ChosenByIncident, Criteria: BatchCriteria{From: &at, To: &at}, Cause: "compromised", Code: 1, InvalidSince: &at,
		Remark: "Окуя", Status: BatchProposed, Total: 3, ListSHA256: "ab", ProposedBy: 4, ProposedAt: at, Version: 1,
	})
	const want = `{"ID":7,"Number":"B-26-0002","Choice":"ca_incident","Criteria":{"from":"2026-04-02T03:12:40.000005Z","to":"2026-04-02T03:12:40.000005Z"},` +
		`"Cause":"compromised","Code":1,"InvalidSince":"2026-04-02T03:12:40.000005Z","Remark":"Окуя","Status":"proposed","Total":3,"ListSHA256":"ab",` +
		`"ProposedBy":4,"ProposedAt":"2026-04-02T03:12:40.000005Z","DecidedBy":0,"DecidedAt":null,"Serial":"","FinishedAt":null,"Version":1}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}
