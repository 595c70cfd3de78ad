package rutokentest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Agent is a tamga-token agent that listens.
type Agent struct {
	URL string // without a slash at the end
}

// Refusal is an error that the agent answered.
type Refusal struct {
	Status int
	Code   string
	Detail string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// Call makes a call of docs/agent.md as a page of that origin would. A refusal is
// a *Refusal.
func (a *Agent) Call(ctx context.Context, origin, call string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+"/v1/"+call, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", origin)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		refusal := &Refusal{Status: res.StatusCode}
		if err := json.NewDecoder(res.Body).Decode(refusal); err != nil {
			return fmt.Errorf("status %d: %w", res.StatusCode, err)
		}
		return refusal
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}
